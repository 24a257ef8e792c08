"""What a comparison says in sentences, for the terminal and for Markdown alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evals.comparison.compare import Comparison
from evals.comparison.many_runs import ManyRuns
from evals.record.scores import SCORE_NAMES
from evals.report.decision_words import conclusion, power_sentence
from evals.report.words import counted, interval, level_text, number, points
from evals.report_keys import TOO_FEW, is_too_few
from evals.stats.estimate import Estimate, Interval
from evals.stats.paired import PairedDifference


def head(c: Comparison) -> str:
    """What was compared, and what is the same."""
    same = "".join(f"{', ' if i else '; '}same {what}" for i, what in enumerate(c.changes.same))
    evals = c.a.facts.eval_name
    if c.b.facts.eval_name != evals:
        evals = f"{evals} and {c.b.facts.eval_name}"
    clusters = f" in {counted(c.difference.n_clusters, 'cluster')}" if c.difference.n_clusters != c.n else ""
    return f"{evals}: {counted(c.n, 'sample')}{clusters} in both{same}"


def differs(c: Comparison) -> list[str]:
    """A line for what differs between the runs, and one for what is unknown."""
    parts = []
    if c.changes.changes:
        parts.append("differs: " + "; ".join(change.text for change in c.changes.changes))
    if c.changes.unknown:
        parts.append("unknown, as a record lacks it: " + ", ".join(c.changes.unknown))
    return parts


def method_text(d: PairedDifference) -> str:
    """The method behind interval and p-value, in parentheses."""
    return f"({d.method})"


def estimate_interval(found: Estimate) -> str:
    """The interval of one run's mean, or that there are too few samples or clusters for one."""
    if is_too_few(found.method, found.n, None if found.n_clusters == found.n else found.n_clusters):
        return TOO_FEW
    return interval(found.interval, missing=TOO_FEW)


def verdict(c: Comparison, names: Sequence[str]) -> str:
    """The conclusion that the numbers allow, as a sentence."""
    d = c.difference
    if math.isnan(d.p_value):
        return "Nothing can be said of the difference with so few samples or clusters."
    if d.p_value <= c.alpha and c.b.metric not in SCORE_NAMES:
        return f"The difference is proven (at the {level_text(c.alpha)} level)."
    if d.p_value <= c.alpha:
        better, worse = (names[1], names[0]) if (d.value > 0) == c.b.facts.higher_is_better else (names[0], names[1])
        return conclusion(d.interval, better, worse)
    return conclusion(d.interval, None, "")


def detectable_words(c: Comparison) -> str:
    """The smallest true difference that a comparison of this size finds, as a sentence."""
    if math.isnan(c.detectable) and not (c.is_binary and c.estimate_a.value > 0):
        return "" if c.n else "no samples"
    if math.isnan(c.detectable):
        return power_sentence(c.n, None)
    size = points(c.detectable, decimals=1) if _is_share_of_right_answers(c) else number(c.detectable)
    return power_sentence(c.n, f"{'drops' if c.is_binary else 'differences'} of {size}")


def _is_share_of_right_answers(c: Comparison) -> bool:
    """Also of runs with repeats, whose samples have shares of their own: a gate over them speaks of points too."""
    in_unit = all(0 <= estimate.value <= 1 for estimate in (c.estimate_a, c.estimate_b))
    return in_unit and not c.b.beyond_unit and (c.is_binary or c.b.metric == "correct")


def flip_words(c: Comparison) -> tuple[str, str]:
    """(word for samples whose score rose, word for samples whose score fell)."""
    return ("became right", "became wrong") if c.is_binary else ("rose", "fell")


def ranked(s: ManyRuns) -> list[int]:
    """The numbers of the runs, ordered from the best mean score to the worst."""
    sign = -1 if s.runs[0].facts.higher_is_better else 1
    return sorted(range(len(s.runs)), key=lambda i: sign * s.estimates[i].value)


def rank_text(s: ManyRuns, i: int) -> str:
    """`2`, or `1-3` for a run that may have any of these ranks."""
    rank = s.ranks[i]
    return str(rank.best) if rank.best == rank.worst else f"{rank.best}-{rank.worst}"


def directed(s: ManyRuns, i: int, j: int) -> tuple[float, Interval, float]:
    """(difference, interval, corrected p-value) of run i minus run j."""
    pair = s.pair(min(i, j), max(i, j))
    d = pair.difference
    if pair.j == i:
        return d.value, d.interval, pair.p_corrected
    flipped = Interval(-d.interval.high, -d.interval.low, d.interval.confidence)
    return -d.value, flipped, pair.p_corrected
