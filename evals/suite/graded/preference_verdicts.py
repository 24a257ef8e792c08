"""What graders' verdicts on two answers come to: one outcome, seen from the model under test. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evals.suite.graded.grading import INVALID_STR
from evals.suite.graded.panel import INCONSISTENT, Verdict
from evals.texts.answer_style import AnswerStyle

Side = Literal["model_a", "model_b"]
"`model_a` is the model under test, `model_b` the baseline."


@dataclass(frozen=True)
class Answer:
    """One answer to a prompt."""

    text: str
    style: AnswerStyle
    truncated: bool = False
    "It ended at the limit on tokens."


@dataclass(frozen=True)
class OrderVerdict:
    """What one grader said about the answers in one order."""

    grader: str
    shown_first: Side
    choice: str
    "One of the rubric's, or `__invalid__`."
    outcome: float | None
    "1 where the model under test is preferred, 0 where the baseline is, 0.5 for a tie; None where it cannot be read."
    n_retries: int = 0

    @classmethod
    def of(cls, verdict: Verdict, shown_first: Side) -> OrderVerdict:
        """The verdict of a rubric whose scores say how far the first answer is preferred."""
        score = verdict.score
        outcome = score if score is None or shown_first == "model_a" else 1 - score
        return cls(verdict.grader, shown_first, verdict.choice, outcome, verdict.n_retries)

    @property
    def first_preferred(self) -> float | None:
        """1 where the answer that was shown first is preferred, 0 where the other one is."""
        return self.outcome if self.outcome is None or self.shown_first == "model_a" else 1 - self.outcome

    def data(self) -> dict[str, Any]:
        """As a part of a `battle` event."""
        return {
            "grader": self.grader,
            "shown_first": self.shown_first,
            "choice": self.choice,
            "outcome": self.outcome,
            "n_retries": self.n_retries,
        }


def winner_of(outcome: float) -> str:
    """`model_a`, `model_b` or `tie`."""
    return "model_a" if outcome > 0.5 else "model_b" if outcome < 0.5 else "tie"


def grader_verdict(orders: Sequence[OrderVerdict]) -> Verdict:
    """What one grader says, whose choice is the winner: both orders must agree, else it is a tie, INCONSISTENT.

    It is not read if one of the orders is not.
    """
    name, n_retries = orders[0].grader, sum(order.n_retries for order in orders)
    outcomes = [order.outcome for order in orders if order.outcome is not None]
    if len(outcomes) < len(orders):
        return Verdict(name, INVALID_STR, None, n_retries)
    winners = tuple(map(winner_of, outcomes))
    shown = winners if len(orders) > 1 else ()
    if len(set(winners)) > 1:
        return Verdict(name, INCONSISTENT, 0.5, n_retries, shown)
    return Verdict(name, winners[0], sum(outcomes) / len(outcomes), n_retries, shown)
