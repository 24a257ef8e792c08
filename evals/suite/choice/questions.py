"""Rows of multiple-choice datasets as questions, with their checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evals.errors import BadSample

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Question:
    """A multiple-choice question. Options are counted from 0, in the order of the file."""

    question: str
    choices: tuple[str, ...]
    "The texts of the options; two or more."
    answer: int | None
    "Index of the right option; None where only `labels` say which are right."
    labels: tuple[int, ...] | None = None
    "For each option 1 if it is right and 0 if it is wrong, where several may be right (TruthfulQA mc2)."
    subject: str = ""
    category: str = ""
    context: str = ""
    "A passage that the question is about."

    @property
    def n(self) -> int:
        """The number of options."""
        return len(self.choices)

    @property
    def right(self) -> frozenset[int]:
        """The indices of the right options; an option with the text of the right one is right too."""
        if self.labels is not None:
            return frozenset(index for index, label in enumerate(self.labels) if label)
        assert self.answer is not None
        text = self.choices[self.answer].strip()
        return frozenset(index for index, choice in enumerate(self.choices) if choice.strip() == text)

    def fields(self) -> dict[str, str]:
        """Values for a template's placeholders, but for those of the options. A subject `a_b` becomes `a b`."""
        return {
            "question": self.question,
            "context": self.context,
            "subject": self.subject.replace("_", " "),
            "category": self.category,
        }


def read_question(row: Any) -> Question:
    """The question in a row.

    row: `question` (text), `choices` (list of texts), `answer` (index of the right one); and, if given, `labels` (list
    of 0 and 1, one an option), `subject`, `category` and `context` (texts).

    Raises:
        BadSample: a key is missing or has another type, or the answer is none of the options.
    """
    if not isinstance(row, dict):
        raise BadSample(f"a sample must be an object, got {type(row).__name__}", row)
    texts = {key: _text(row, key) for key in ("subject", "category", "context")}
    choices = _choices(row)
    labels = _labels(row, len(choices))
    return Question(_text(row, "question", needed=True), choices, _answer(row, len(choices), labels), labels, **texts)


def _text(row: dict[str, Any], key: str, *, needed: bool = False) -> str:
    value = row.get(key)
    if value is None and not needed:
        return ""
    if not isinstance(value, str):
        what = f"no {key!r}" if key not in row else f"{key!r} is {value!r}, which is no text"
        raise BadSample(what, row, fix=f"write {key!r} as a text in quotes")
    return value


def _choices(row: dict[str, Any]) -> tuple[str, ...]:
    choices = row.get("choices")
    if not isinstance(choices, list) or len(choices) < 2:
        raise BadSample("'choices' is no list of two options or more", row, fix='write "choices": ["...", "..."]')
    for choice in choices:
        if not isinstance(choice, str):
            raise BadSample(f"'choices' holds {choice!r}, which is no text", row, fix="put every option in quotes")
    return tuple(choices)


def _labels(row: dict[str, Any], n: int) -> tuple[int, ...] | None:
    labels = row.get("labels")
    if labels is None:
        return None
    if not isinstance(labels, list) or len(labels) != n or any(label not in (0, 1) for label in labels):
        raise BadSample(f"'labels' is no list of {n} numbers 0 or 1", row, fix="give one label an option")
    if len(set(labels)) < 2:
        raise BadSample("'labels' has no right option, or no wrong one", row, fix="give one label an option")
    return tuple(int(label) for label in labels)


def _answer(row: dict[str, Any], n: int, labels: Sequence[int] | None) -> int | None:
    answer = row.get("answer")
    if answer is None and labels is not None:
        return None
    if isinstance(answer, bool) or not isinstance(answer, int) or not 0 <= answer < n:
        what = "no 'answer'" if "answer" not in row else f"'answer' is {answer!r}, which is none of the {n} options"
        raise BadSample(what, row, fix=f"give the index of the right option, 0 to {n - 1}")
    return answer
