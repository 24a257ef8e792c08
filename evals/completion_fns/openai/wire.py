"""What all transports share: the reply that they give, what they can do, and a body as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

KEEPALIVE_S = 4.5
"Less than the 5 s after which uvicorn (vLLM and many others) closes an idle connection, perhaps during a request."

MAX_HEADER_BYTES = 64 * 1024
"Of one header of a reply: gateways send policies and cookies that are longer than the 8 KiB of aiohttp."


@dataclass(frozen=True)
class WireReply:
    """A whole HTTP reply, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """A client of one event loop: one attempt at a POST."""

    async def post(
        self, path: str, body: dict[str, Any], headers: Mapping[str, str] | None, timeout_s: float
    ) -> WireReply:
        """The reply, whatever its status. Raises CallFailed where no whole reply came back."""
        ...

    async def aclose(self) -> None:
        """End the connections."""


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
"Made once: `json.dumps` makes one for each call that has options."


_decode = json.JSONDecoder().decode


def decode_json(body: bytes) -> Any:
    """The value of a JSON text, in UTF-8 or another form of Unicode.

    Raises:
        ValueError: it is no JSON. RecursionError: it is nested too deeply.
    """
    try:
        return _decode(body.decode())
    except ValueError:
        return json.loads(body)  # finds out the encoding, and a mark before the text


def encode_json(body: Any) -> bytes:
    """`body` as JSON in UTF-8; with ASCII escapes where a text has a lone surrogate, which UTF-8 does not have.

    Raises:
        ValueError: a number is NaN or infinite. TypeError: a value has no JSON form.
    """
    try:
        return _encode(body).encode()
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
