"""A process that reads and compares mathematics by math-verify: one JSON request a line in, one reply a line out."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

MEMORY_BYTES = 4 << 30
"Of address space; powers of powers ask for all there is."


def main(deadline_s: float) -> None:
    """Answer requests until the input ends. One that computes for longer than the deadline ends the process (POSIX)."""
    replies, sys.stdout = sys.stdout, sys.stderr
    _limit_memory()
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    answered({"text": r"$\frac{1}{2}$", "ideal": "$0.5$"})  # loads all that is loaded when it is first used
    replies.write('"ready"\n')
    replies.flush()
    for line in sys.stdin:
        _alarm(deadline_s)
        try:
            reply: Any = {"value": answered(json.loads(line))}
        except (Exception, RecursionError) as error:
            reply = {"error": f"{type(error).__name__}: {error}"[:200]}
        _alarm(0.0)
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def answered(request: dict[str, Any]) -> Any:
    """The last expression of `text` as text, or None; with `ideal` too, whether both are the same mathematics."""
    from math_verify import verify

    if "ideal" not in request:
        parsed = _parse(request["text"])
        return str(parsed[-1]) if parsed else None
    return bool(verify(_parse(request["ideal"]), _parse(request["text"]), timeout_seconds=None))


def _parse(text: str) -> list[Any]:
    """math-verify's reading: [expression, its text], or nothing. Its own time limit is off: the process has one."""
    from math_verify import parse

    return list(parse(text, parsing_timeout=None))


def _alarm(seconds: float) -> None:
    """Let the system end this process once it has computed for so long; 0 takes that back.

    Time of computing, not of the clock: what a busy machine does beside it must not decide what is right.
    """
    if sys.platform != "win32":
        import signal

        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
