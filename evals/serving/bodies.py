"""Reads the body of a request, up to a size."""

from __future__ import annotations

from starlette.requests import Request

from evals.serving.api_error import too_large

MAX_BODY_BYTES = 32 * 2**20


async def read_body(request: Request) -> bytes:
    """The whole body. Raises ApiError beyond MAX_BODY_BYTES, as soon as it is known."""
    kept = getattr(request.state, "body", None)
    if kept is not None:
        return bytes(kept)
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise too_large(MAX_BODY_BYTES)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise too_large(MAX_BODY_BYTES)
    request.state.body = bytes(body)
    return bytes(body)
