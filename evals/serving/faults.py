"""Faults that a server makes on purpose: what each of them sends, and which attempts it hits, by seed alone."""

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
    "The connection is closed (FIN) before any byte of the reply."
    STALL = "stall"
    "Nothing is ever sent; the connection stays open."
    TRUNCATED = "truncated"
    "Half of the body is sent, then the connection is closed."


@dataclass(frozen=True)
class Fault:
    """What a server sends instead of its reply."""

    status: int = 200
    body: bytes | None = None
    "None keeps the body of the reply, and `breakage` says what goes wrong with it."
    breakage: Breakage | None = None
    content_type: str = "application/json"
    is_rate_limit: bool = False
    "Sent without latency, and with Retry-After."


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
"The faults by name."

DEFAULT_FAULTS = ("429", "500", "503", "reset", "stall", "truncated", "invalid_json", "empty_choices")
"The names that `error_rate` draws from by default."


@dataclass(frozen=True)
class FaultPlan:
    """Which attempts fail, and how: the same ones for the same seed, whatever the timing.

    error_rate: chance that an attempt fails, in [0, 1]. names: the faults to draw from, each equally likely.
    fail_first_n: the first n attempts at each prompt fail, by each fault in turn. retry_after_s: seconds in the
    Retry-After of a 429.

    Raises:
        ValueError: there is no fault of a name, or no name.
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
        """The name of the fault of an attempt at `prompt` (attempt 0 is the first); None where it is answered."""
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
        """The headers of a fault's reply: Retry-After in seconds and retry-after-ms, where it is a rate limit."""
        if not fault.is_rate_limit:
            return ()
        return (("Retry-After", f"{self.retry_after_s:g}"), ("retry-after-ms", f"{self.retry_after_s * 1000:g}"))


@dataclass(frozen=True)
class Rules:
    """What a server demands of requests, and what it does to them on purpose."""

    latency_s: float = 0.0
    "Seconds that every reply comes later."
    max_concurrency: int | None = None
    "Requests in flight; further ones are refused with 429. None for no limit."
    api_key: str | None = None
    "Requests without it are refused with 401. None for no key."
    plan: FaultPlan = field(default_factory=FaultPlan)
    "Which requests get a fault instead of their reply."
