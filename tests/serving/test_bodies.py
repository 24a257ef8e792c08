"""Bodies of requests, up to a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.requests import Request

from evals.serving.api_error import ApiError
from evals.serving.bodies import MAX_BODY_BYTES, read_body


def request_of(chunks: Iterable[bytes], **headers: str) -> tuple[Request, list[int]]:
    """A request whose body arrives in these chunks, and the sizes of those that were taken."""
    taken: list[int] = []
    coming = iter(chunks)

    async def receive() -> dict[str, Any]:
        chunk = next(coming, None)
        taken.append(0 if chunk is None else len(chunk))
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": pairs}, receive), taken


def test_a_body_is_joined_and_given_again():
    request, _ = request_of([b"ab", b"", b"c"], content_length="3")

    async def twice() -> list[bytes]:
        return [await read_body(request), await read_body(request)]

    assert asyncio.run(twice()) == [b"abc", b"abc"]


def test_a_body_that_declares_to_be_too_large_is_not_read():
    request, taken = request_of([b"x"], content_length=str(MAX_BODY_BYTES + 1))
    with pytest.raises(ApiError) as caught:
        asyncio.run(read_body(request))
    assert (caught.value.status, taken) == (413, [])


def test_a_body_that_becomes_too_large_is_read_no_further():
    request, taken = request_of([b"x" * 2**20] * 100, content_length="no number")
    with pytest.raises(ApiError):
        asyncio.run(read_body(request))
    assert len(taken) == MAX_BODY_BYTES // 2**20 + 1
