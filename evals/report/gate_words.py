"""What a gate says about its verdicts, for the terminal, Markdown, JUnit and GitHub alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evals.comparison.baseline import Baseline
from evals.comparison.gate import EvalVerdict, GateLimits
from evals.report.decision_words import conclusion, power_sentence
from evals.report.words import UNDEFINED, counted, one_line, percent, points, signed

WORDS = {"regression": "REGRESSION", "ok": "ok", "undecided": "CANNOT TELL", "incomplete": "NOT COMPLETE"}
"How each verdict is shown."


def difference(verdict: EvalVerdict) -> str:
    """`-0.031 [-0.048, -0.014]`: run minus baseline, with its interval."""
    found = verdict.test.difference
    if not found.interval.defined:
        return f"{signed(found.value)} [interval: {UNDEFINED}]    " if found.n else UNDEFINED
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
        never = f" (below {verdict.test.min_n} no drop can be proven)" if verdict.n < verdict.test.min_n else ""
        return f"cannot tell with {counted(verdict.n, 'sample')}{never}{enough}"
    return ""


def explanation(verdict: EvalVerdict) -> str:
    """What the difference allows to say, in the words of `evals compare`; empty for ok and where nothing is known."""
    interval = verdict.test.difference.interval
    if verdict.verdict == "ok" or not interval.defined:
        return ""
    # Differences are run minus baseline, turned so that more is better.
    if interval.high < 0:
        return conclusion(interval, "the baseline", "this run")
    return conclusion(interval, "this run" if interval.low > 0 else None, "the baseline")


def neutral_warning(verdict: EvalVerdict) -> str:
    """What is said of an undecided verdict that passes: how many samples there are, and how many would decide."""
    needed = verdict.test.n_needed
    would = "too few to say how many would decide" if needed is None else f"about {max(needed, verdict.n + 1):,} would"
    return f"{one_line(verdict.eval_name)} is not decided by {counted(verdict.n, 'sample')}; {would}"


def update_warning(baseline: Baseline, replaced: Baseline | None) -> str:
    """What to know when a baseline takes the place of another one of the same samples; else nothing.

    The best of ten runs of one model lies about 1.5 standard errors above it, and healthy changes then look like drops.
    """
    if replaced is None or not baseline.n_updates:
        return ""
    how = "above" if baseline.score > replaced.score else "below" if baseline.score < replaced.score else "as high as"
    times = "once" if baseline.n_updates == 1 else f"{baseline.n_updates} times"
    return (
        f"note: this baseline of the same samples was replaced {times}, now by a score {how} the one before."
        " If a baseline is the best of several runs, the gate fails healthy changes more often."
    )


def promise(verdicts: Sequence[EvalVerdict], limits: GateLimits) -> list[str]:
    """The gate's error rates, a line each: false alarms, and the drops that it finds."""
    found = [verdict.test.detectable_drop for verdict in verdicts if not math.isnan(verdict.test.detectable_drop)]
    lines = [f"False-alarm rate: at most {percent(limits.alpha)} (for drops up to {points(limits.max_drop)})"]
    if found:
        where = "in any one eval" if len(verdicts) > 1 else ""
        largest = math.ceil(max(found) * 1000 - 1e-6) / 1000
        n = verdicts[0].n if len(verdicts) == 1 else None
        lines.append(power_sentence(n, f"drops of {points(largest)}", limits.power, where))
    return lines
