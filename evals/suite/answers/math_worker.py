"""A process that reads and compares mathematics with math-verify: a line of JSON in, a line of JSON out."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from evals.suite.answers.math_numbers import differ_as_numbers, same_in_base

OVERRULED = "overruled"
"The reply for two expressions that math-verify takes for the same, and whose values differ."

MEMORY_BYTES = 4 << 30
"Limit of address space: without one, a power of powers takes all memory of the machine."


def main(deadline_s: float) -> None:
    """Answer the requests on standard input until it ends; replies go to standard output.

    The first line out is `"ready"`. Then each request gets `{"value": ...}` or `{"error": "Type: message"}`. A request
    that uses more than `deadline_s` of CPU time ends the process, except on Windows.
    """
    replies, sys.stdout = sys.stdout, sys.stderr
    _limit_memory()
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    answered({"text": r"$\frac{1}{2}$", "ideal": "$0.5$"})  # loads what math-verify and sympy import at first use
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
    """The value for one request.

    `{"text": ...}`: the last expression in the text, as text; None without one. `{"text": ..., "ideal": ...}`: whether
    both are the same mathematics; OVERRULED where math-verify says so, and their numbers or bases differ.
    """
    from math_verify import verify

    text, ideal = request["text"], request.get("ideal")
    if ideal is None:
        parsed = _parse(text)
        return str(parsed[-1]) if parsed else None
    left, right = _parse(text), _parse(ideal)
    in_base = same_in_base(text, ideal)
    if in_base:
        return True
    if not verify(right, left, timeout_seconds=None, allow_set_relation_comp=True):
        return False
    differ = in_base is False or (left and right and differ_as_numbers(left[0], right[0], text, ideal))
    return OVERRULED if differ else True


def _parse(text: str) -> list[Any]:
    """What math-verify reads: [expression, its text], or an empty list. Its time limit is off: the process has one."""
    from math_verify import parse

    return list(parse(text, parsing_timeout=None))


def _alarm(seconds: float) -> None:
    """Tell the system to end this process after so many seconds of CPU time; 0 cancels that.

    CPU time and not time on the clock: other work on a busy machine must not change a score.
    """
    if sys.platform != "win32":
        import signal

        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
