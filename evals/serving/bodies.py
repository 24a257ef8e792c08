"""Reads the body of a request, up to a limit."""

from __future__ import annotations

from starlette.requests import Request

from evals.serving.api_error import too_large

MAX_BODY_BYTES = 32 * 2**20
"32 MiB: a prompt of millions of tokens fits, and no client fills the memory."


async def read_body(request: Request) -> bytes:
    """The whole body; a second call for a request gives it again.

    Raises:
        ApiError: it has more than MAX_BODY_BYTES, by its declared length or by what has arrived.
    """
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
