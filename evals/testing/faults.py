"""Faults that a loopback server commits on purpose, decided by seed, prompt and attempt, never by timing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evals.testing.http_server import Breakage, HttpReply

DEFAULT_FAULTS = ("429", "500", "503", "reset", "stall", "truncated", "invalid_json", "empty_choices")
"The mix that `error_rate` draws from unless told otherwise."


@dataclass(frozen=True)
class Faults:
    """Which attempts fail, and how.

    error_rate: chance that an attempt fails. names: the mix to draw from, each equally likely. fail_first_n: the
    first n attempts at each prompt fail, with the names in turn. retry_after_s: the Retry-After of a 429.
    """

    error_rate: float = 0.0
    names: Sequence[str] = DEFAULT_FAULTS
    fail_first_n: int = 0
    seed: int = 0
    retry_after_s: float = 0.05

    def __post_init__(self) -> None:
        unknown = [name for name in self.names if name not in FAULTS]
        if unknown:
            raise ValueError(f"no such fault: {', '.join(unknown)}; known: {', '.join(FAULTS)}")

    def draw(self, prompt: str, attempt: int) -> str | None:
        """The fault of this attempt (0 is the first) at `prompt`; None where it is answered."""
        if attempt < self.fail_first_n:
            return self.names[attempt % len(self.names)]
        if self.error_rate <= 0.0:
            return None
        digest = hashlib.blake2b(f"{self.seed}\0{attempt}\0{prompt}".encode(), digest_size=8).digest()
        chance = int.from_bytes(digest[:4], "big") / 2**32
        if chance >= self.error_rate:
            return None
        return self.names[int.from_bytes(digest[4:], "big") % len(self.names)]

    def spoil(self, name: str, reply: HttpReply) -> HttpReply:
        """What is sent for fault `name` instead of `reply`."""
        return FAULTS[name](reply, self.retry_after_s)


def _error(status: int, message: str, kind: str) -> Callable[[HttpReply, float], HttpReply]:
    body = f'{{"error": {{"message": "{message}", "type": "{kind}", "param": null, "code": null}}}}'.encode()
    return lambda reply, _: HttpReply(body, status, delay_s=reply.delay_s)


def _rate_limit(reply: HttpReply, retry_after_s: float) -> HttpReply:
    return replace(
        _error(429, "Rate limit reached for requests", "requests")(reply, 0.0),
        headers=(("Retry-After", f"{retry_after_s:g}"), ("retry-after-ms", f"{retry_after_s * 1000:g}")),
    )


def _broken(breakage: Breakage) -> Callable[[HttpReply, float], HttpReply]:
    return lambda reply, _: replace(reply, breakage=breakage)


def _body(body: bytes) -> Callable[[HttpReply, float], HttpReply]:
    return lambda reply, _: replace(reply, body=body, status=200)


FAULTS: dict[str, Callable[[HttpReply, float], HttpReply]] = {
    "429": _rate_limit,
    "500": _error(500, "The server had an error while processing your request", "server_error"),
    "502": lambda reply, _: HttpReply(
        b"<html><body>Bad Gateway</body></html>", 502, delay_s=reply.delay_s, content_type="text/html"
    ),
    "503": _error(503, "The engine is currently overloaded", "overloaded_error"),
    "reset": _broken(Breakage.RESET),
    "disconnect": _broken(Breakage.DISCONNECT),
    "stall": _broken(Breakage.STALL),
    "truncated": _broken(Breakage.TRUNCATED),
    "invalid_json": _body(b'{"id": "chatcmpl-broken", "choices": [{"index": 0, "mess'),
    "empty_choices": _body(b'{"id": "empty", "object": "chat.completion", "model": "m", "choices": [], "output": []}'),
}
"What each fault sends, from the whole reply and the seconds of Retry-After."
