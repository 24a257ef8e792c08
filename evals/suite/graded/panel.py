"""One verdict from several: of a grader that saw both orders, and of a panel of graders. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.completion_fns.graders import Aggregate
from evals.stats.intervals import mean_of
from evals.suite.graded.grading import INVALID_STR

INCONSISTENT = "__inconsistent__"
"The choice of a grader that prefers a position: in the other order it says something else. It counts as a tie."
SPLIT = "__split__"
"The choice of a panel that comes to none."

NO_CHOICES = (INVALID_STR, INCONSISTENT, SPLIT)


@dataclass(frozen=True)
class Verdict:
    """What one grader says of one completion."""

    grader: str
    choice: str
    "One of the rubric's, or one of NO_CHOICES."
    score: float | None
    "None for a rubric without scores, and for a verdict that cannot be read."
    n_retries: int = 0
    "How often it was asked again, because a verdict could not be read."
    orders: tuple[str, ...] = ()
    "The choices in the order as drawn and in the other one, both in terms of the first; empty where one was asked."
    otherwise: str | None = None
    "What the rule that was not used reads, where that is another choice."

    @property
    def is_read(self) -> bool:
        """Whether it could be read."""
        return self.choice != INVALID_STR

    def data(self) -> dict[str, Any]:
        """The data of its `verdict` event."""
        found = {"grader": self.grader, "choice": self.choice, "score": self.score, "n_retries": self.n_retries}
        return {**found, "orders": list(self.orders)} if self.orders else found


def both_orders(first: Verdict, second: Verdict) -> Verdict:
    """The verdict of a grader that was asked in both orders. second: in terms of the first order.

    The same choice twice is its verdict. Two choices are INCONSISTENT, with the mean of their scores: a tie. It is not
    read if one of them is not: half of an answer would keep the bias that the other half is there to show.
    """
    orders, n_retries = (first.choice, second.choice), first.n_retries + second.n_retries
    if not (first.is_read and second.is_read):
        return Verdict(first.grader, INVALID_STR, None, n_retries, orders)
    choice = first.choice if first.choice == second.choice else INCONSISTENT
    return Verdict(first.grader, choice, _mean_score([first, second]), n_retries, orders)


def panel_verdict(verdicts: Sequence[Verdict], aggregate: Aggregate) -> tuple[str, float | None]:
    """The choice and the score of a panel; one grader's own for a panel of one.

    Verdicts that cannot be read do not count, except for `unanimous`, which needs all. Choice: the most frequent one,
    for `unanimous` the only one, else SPLIT. Score: `majority`, that of the choice, of a draw the mean over the most
    frequent ones; `mean`, the mean of all; `unanimous`, the lowest, so that one grader against is enough.
    """
    if len(verdicts) == 1:
        return verdicts[0].choice, verdicts[0].score
    read = [verdict for verdict in verdicts if verdict.is_read]
    if not read or (aggregate == "unanimous" and len(read) < len(verdicts)):
        return INVALID_STR, None
    leading = _leading(read)
    choice = leading[0].choice if len({one.choice for one in leading}) == 1 else SPLIT
    if aggregate == "unanimous":
        is_one = len({one.choice for one in read}) == 1
        scores = [one.score for one in read if one.score is not None]
        return (choice if is_one else SPLIT), (min(scores) if scores else None)
    return choice, _mean_score(leading if aggregate == "majority" else read)


def _leading(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts for the most frequent choice; for a draw those for all that are as frequent, one of each."""
    counts = Counter(verdict.choice for verdict in verdicts)
    most = max(counts.values())
    leading = [verdict for verdict in verdicts if counts[verdict.choice] == most]
    return leading if len({one.choice for one in leading}) == 1 else list({one.choice: one for one in leading}.values())


def _mean_score(verdicts: Sequence[Verdict]) -> float | None:
    scores = [verdict.score for verdict in verdicts if verdict.score is not None]
    return mean_of(scores) if len(scores) == len(verdicts) else None


def other_order(choices: Sequence[str], swap: bool | Mapping[str, str], *, numbered: bool) -> dict[str, str] | None:
    """What each choice becomes when the order of what is compared is turned round; None where that is not known.

    numbered: the choices are places in a list, so the first becomes the last. Of two other choices each becomes the
    other. swap: a mapping says it for rubrics with more of them.
    """
    if isinstance(swap, Mapping):
        return {choice: swap.get(choice, choice) for choice in choices}
    if numbered or len(choices) == 2:
        return dict(zip(choices, reversed(choices), strict=True))
    return None
