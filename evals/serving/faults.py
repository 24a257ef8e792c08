"""Faults that a server commits on purpose: what each of them sends, and which attempts it befalls, by seed alone."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from evals.completion_fns.openai.objects import error_object
from evals.json_text import dumps


class Breakage(enum.Enum):
    """What goes wrong on the wire instead of a whole reply."""

    RESET = "reset"
    "The connection is reset (RST) before any byte of the reply."
    DISCONNECT = "disconnect"
    "The connection is closed in good order before any byte of the reply."
    STALL = "stall"
    "Nothing is ever sent; the connection stays open."
    TRUNCATED = "truncated"
    "Half of the body is sent, then the connection is closed."


@dataclass(frozen=True)
class Fault:
    """What is sent instead of a reply."""

    status: int = 200
    body: bytes | None = None
    "None leaves the reply's own, which `breakage` spoils."
    breakage: Breakage | None = None
    content_type: str = "application/json"
    is_rate_limit: bool = False
    "Sent at once, whatever the latency, with Retry-After."


def _error(status: int, message: str, kind: str, is_rate_limit: bool = False) -> Fault:
    return Fault(status, dumps(error_object(message, kind)).encode(), is_rate_limit=is_rate_limit)


FAULTS: dict[str, Fault] = {
    "429": _error(429, "Rate limit reached for requests", "requests", is_rate_limit=True),
    "500": _error(500, "The server had an error while processing your request", "server_error"),
    "502": Fault(502, b"<html><body>Bad Gateway</body></html>", content_type="text/html"),
    "503": _error(503, "The engine is currently overloaded", "overloaded_error"),
    "reset": Fault(breakage=Breakage.RESET),
    "disconnect": Fault(breakage=Breakage.DISCONNECT),
    "stall": Fault(breakage=Breakage.STALL),
    "truncated": Fault(breakage=Breakage.TRUNCATED),
    "invalid_json": Fault(body=b'{"id": "chatcmpl-broken", "choices": [{"index": 0, "mess'),
    "empty_choices": Fault(
        body=b'{"id": "empty", "object": "chat.completion", "model": "m", "choices": [], "output": []}'
    ),
}
"What each fault sends, by its name."

DEFAULT_FAULTS = ("429", "500", "503", "reset", "stall", "truncated", "invalid_json", "empty_choices")
"The mix that `error_rate` draws from unless told otherwise."


@dataclass(frozen=True)
class FaultPlan:
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
        if unknown or not self.names:
            raise ValueError(f"no such fault: {', '.join(unknown) or 'none'}; known: {', '.join(FAULTS)}")

    def draw(self, prompt: str, attempt: int) -> str | None:
        """The fault of this attempt (0 is the first) at `prompt`; None where it is answered."""
        if attempt < self.fail_first_n:
            return self.names[attempt % len(self.names)]
        if self.error_rate <= 0.0:
            return None
        text = f"{self.seed}\0{attempt}\0{prompt}".encode("utf-8", "replace")
        digest = hashlib.blake2b(text, digest_size=8).digest()
        chance = int.from_bytes(digest[:4], "big") / 2**32
        if chance >= self.error_rate:
            return None
        return self.names[int.from_bytes(digest[4:], "big") % len(self.names)]

    def headers(self, fault: Fault) -> tuple[tuple[str, str], ...]:
        """What a fault's reply says beside its body."""
        if not fault.is_rate_limit:
            return ()
        return (("Retry-After", f"{self.retry_after_s:g}"), ("retry-after-ms", f"{self.retry_after_s * 1000:g}"))


@dataclass(frozen=True)
class Rules:
    """How requests are let in.

    latency_s: seconds that every reply comes later. max_concurrency: more in flight are refused with 429.
    api_key: requests without it are refused with 401.
    """

    latency_s: float = 0.0
    max_concurrency: int | None = None
    api_key: str | None = None
    plan: FaultPlan = field(default_factory=FaultPlan)
