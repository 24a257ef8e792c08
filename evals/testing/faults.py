"""Faults that a loopback server makes on purpose, decided by seed, prompt and attempt, never by timing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from evals.serving.faults import DEFAULT_FAULTS, FAULTS, FaultPlan
from evals.testing.http_server import HttpReply

__all__ = ["DEFAULT_FAULTS", "FAULTS", "Faults"]


@dataclass(frozen=True)
class Faults(FaultPlan):
    """Which attempts fail, and how; the arguments are those of `FaultPlan`."""

    def apply(self, name: str, reply: HttpReply) -> HttpReply:
        """What is sent instead of `reply` when fault `name` is drawn."""
        fault = FAULTS[name]
        if fault.body is None:
            return replace(reply, breakage=fault.breakage)
        if fault.status == 200:
            return replace(reply, body=fault.body)
        return HttpReply(
            fault.body,
            fault.status,
            self.headers(fault),
            delay_s=0.0 if fault.is_rate_limit else reply.delay_s,
            content_type=fault.content_type,
        )
