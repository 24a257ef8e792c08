"""What a grader's verdicts on two answers come to: one outcome, seen from the model under test. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evals.completion import ChatPrompt
from evals.suite.graded.answer_prompts import choice_to_str
from evals.texts.answer_style import AnswerStyle

Side = Literal["model_a", "model_b"]
"`model_a` is the model under test, `model_b` the baseline."

WINNERS = {1.0: "model_a", 0.0: "model_b", 0.5: "tie"}


@dataclass(frozen=True)
class Answer:
    """One answer to a prompt."""

    text: str
    style: AnswerStyle
    truncated: bool = False
    "It ended at the limit on tokens."


@dataclass(frozen=True)
class OrderVerdict:
    """What the grader said about the answers in one order."""

    shown_first: Side
    choice: str
    outcome: float
    "1 where the model under test is preferred, 0 where the baseline is, 0.5 for a tie; graded choices lie between."
    n_asked: int = 1
    "More than 1 where the first answers of the grader held no verdict."

    @property
    def first_preferred(self) -> float:
        """1 where the answer that was shown first is preferred, 0 where the other one is."""
        return self.outcome if self.shown_first == "model_a" else 1 - self.outcome

    def data(self) -> dict[str, Any]:
        """As a part of a `battle` event."""
        return {
            "shown_first": self.shown_first,
            "choice": self.choice,
            "outcome": self.outcome,
            "n_asked": self.n_asked,
        }


def outcome_for_model(score: float, shown_first: Side) -> float:
    """The outcome of a choice whose score says how far the first answer is preferred."""
    return score if shown_first == "model_a" else 1 - score


def winner_of(outcome: float) -> str:
    """`model_a`, `model_b` or `tie`."""
    return WINNERS[1.0 if outcome > 0.5 else 0.0 if outcome < 0.5 else 0.5]


def is_consistent(verdicts: Sequence[OrderVerdict]) -> bool:
    """Whether both orders of the answers have the same winner."""
    return len({winner_of(verdict.outcome) for verdict in verdicts}) <= 1


def merged_outcome(verdicts: Sequence[OrderVerdict]) -> float:
    """The mean outcome of verdicts that agree; a tie where they do not, and where there are none."""
    if not verdicts or not is_consistent(verdicts):
        return 0.5
    return sum(verdict.outcome for verdict in verdicts) / len(verdicts)


def again_prompt(prompt: ChatPrompt, answer: str, choices: Sequence[str]) -> ChatPrompt:
    """The chat that asks a grader again, after an answer in which no verdict was read."""
    request = f"Your verdict could not be read. Reply with exactly one of {choice_to_str(choices)}, and nothing else."
    return [*prompt, {"role": "assistant", "content": answer or "(nothing)"}, {"role": "user", "content": request}]
