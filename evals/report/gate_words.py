"""What a gate says about its verdicts, for the terminal, Markdown, JUnit and GitHub alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evals.comparison.gate import EvalVerdict, GateLimits
from evals.report.words import UNDEFINED, percent, points, signed

WORDS = {"regression": "REGRESSION", "ok": "ok", "undecided": "CANNOT TELL", "incomplete": "NOT COMPLETE"}
"How each verdict is shown."


def difference(verdict: EvalVerdict) -> str:
    """`-0.031 [-0.048, -0.014]`: run minus baseline, with its interval."""
    found = verdict.test.difference
    if not found.interval.defined:
        return f"{signed(found.value)} [interval: {UNDEFINED}]    "
    return f"{signed(found.value)} [{signed(found.interval.low)}, {signed(found.interval.high)}]"


def reason(verdict: EvalVerdict, limits: GateLimits) -> str:
    """The reason for a verdict; empty for ok."""
    if verdict.verdict == "regression":
        return f"the drop is over {points(limits.max_drop)}, p = {verdict.p_holm:.2g}"
    if verdict.verdict == "incomplete":
        return "; ".join(verdict.unmet)
    if verdict.verdict == "undecided":
        needed = verdict.test.n_needed
        enough = f"; about {needed:,} would do" if needed is not None and needed > verdict.n else ""
        return f"cannot tell with {verdict.n:,} samples{enough}"
    return ""


def promise(verdicts: Sequence[EvalVerdict], limits: GateLimits) -> list[str]:
    """The gate's error rates, a line each: false alarms, and the drops that it finds."""
    found = [verdict.test.detectable_drop for verdict in verdicts if not math.isnan(verdict.test.detectable_drop)]
    drops = f"healthy changes (drops up to {points(limits.max_drop)})"
    lines = [f"at most {percent(limits.alpha)} of {drops} fail this gate"]
    if found:
        lines.append(f"{percent(limits.power)} of drops of {points(round(max(found), 3))} are caught")
    return lines
