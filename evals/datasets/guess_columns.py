"""Guesses by their names which columns hold the question, the accepted answer and the row's own id."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

INPUTS = (
    "input",
    "question",
    "prompt",
    "query",
    "problem",
    "instruction",
    "task",
    "q",
    "text",
    "utterance",
    "sentence",
)
IDEALS = (
    "ideal", "answer", "answers", "expected", "expected_answer", "expected_output", "target", "gold", "reference",
    "label", "correct", "solution", "output", "response", "completion", "a",
)  # fmt: skip
IDS = (
    "id",
    "qid",
    "uid",
    "uuid",
    "sample_id",
    "question_id",
    "item_id",
    "row_id",
    "key",
    "nr",
    "no",
    "number",
    "index",
)

OPTIONS = (
    "options", "choices", "endings", "candidates", "choice1", "choice_1", "option1", "option_1", "choice_a", "option_a",
    "mc1_targets", "incorrect_answers", "distractors",
)  # fmt: skip
LONGEST_TITLE = 60
LONGEST_LABEL, MOST_LABELS = 40, 20
USUAL_LABELS = frozenset({"yes", "no", "true", "false", "maybe", "unknown", "positive", "negative", "neutral"})


@dataclass(frozen=True)
class Columns:
    """The columns of question, answer and id; None where none looks like it."""

    input: str | None
    ideal: str | None
    id: str | None

    def as_args(self) -> dict[str, str]:
        """The arguments of an eval for columns whose names are not those that evals read anyway."""
        named = {"input_key": (self.input, "input"), "ideal_key": (self.ideal, "ideal"), "id_key": (self.id, "id")}
        return {key: column for key, (column, usual) in named.items() if column is not None and column != usual}


def guess_columns(rows: Sequence[Mapping[str, Any]]) -> Columns:
    """The columns by their names; of two columns with other names the first is the question, the second the answer.

    rows: the first rows of the data. An id must differ from row to row.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    id_ = _first(IDS, names)
    if id_ is not None and not _differ(row.get(id_) for row in rows):
        id_ = None
    rest = [name for name in names if name != id_]
    asked, ideal = _first(INPUTS, rest), _first(IDEALS, rest)
    if len(rest) == 2:
        asked = asked or next(name for name in rest if name != ideal)
        ideal = ideal or next(name for name in rest if name != asked)
    return Columns(asked, ideal, id_)


def letters_of(ideals: Iterable[Any]) -> str:
    """The letters of options, `ABCDE` or more, where every accepted answer is one (`B`, `(B)`); else an empty text."""
    found = [re.fullmatch(r"\(?([A-J])\)?", ideal.strip()) if isinstance(ideal, str) else None for ideal in ideals]
    letters = {match[1] for match in found if match is not None}
    return "ABCDEFGHIJ"[: max(5, ord(max(letters)) - ord("A") + 1)] if letters and all(found) else ""


def are_mathematics(ideals: Iterable[Any]) -> bool:
    """Whether accepted answers are formulas in LaTeX, or worked solutions that end in a box, as those of MATH."""
    texts = list(ideals)
    if not texts or not all(isinstance(text, str) for text in texts):
        return False
    formulas = [text for text in texts if "\\boxed" not in text]
    has_latex = any(_LATEX.search(text) for text in texts)
    return has_latex and all(not _WORDS.search(_NO_WORDS.sub("", text)) for text in formulas)


_LATEX = re.compile(
    r"\\(?:boxed|[dt]?frac|sqrt|pi|infty|left|cdot|times|sin|cos|log|ln|circ|le|ge|in|cup|begin)(?![a-zA-Z])"
)
_NO_WORDS = re.compile(r"\\(?:text|mathrm|textbf|mbox)\s*\{[^{}]*\}|\\[a-zA-Z]+")
_WORDS = re.compile(r"[A-Za-z]{4,}")


def labels_of(ideals: Iterable[Any]) -> list[str]:
    """The labels, where accepted answers are a few that come again and again, or `Yes` and `No`; else an empty list."""
    found = list(ideals)
    if not all(isinstance(ideal, str) and 0 < len(ideal.strip()) <= LONGEST_LABEL for ideal in found):
        return []
    labels = list(dict.fromkeys(ideal.strip() for ideal in found))
    folded = {label.casefold() for label in labels}
    repeat = 2 <= len(folded) <= MOST_LABELS and len(found) >= 2 * len(labels)
    return labels if len(folded) == len(labels) and len(folded) > 1 and (repeat or folded <= USUAL_LABELS) else []


def options_column(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """The column that holds the options of multiple choice, or the first one of several (`A`, `B`); None for none."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lettered = _first(("a",), names) if _first(("b",), names) is not None else None
    return _first(OPTIONS, names) or lettered


def like_a_row(names: Iterable[str]) -> str | None:
    """A column's name that is no title but a cell: the first line of the table is a row. None where all are titles."""
    return next((name for name in names if len(name) > LONGEST_TITLE or name.endswith("?") or _is_number(name)), None)


def _is_number(ideal: Any) -> bool:
    if isinstance(ideal, bool) or not isinstance(ideal, int | float | str):
        return False
    try:
        return math.isfinite(float(ideal.rpartition("####")[2].replace(",", "") if isinstance(ideal, str) else ideal))
    except ValueError:
        return False


def _first(wanted: Sequence[str], names: Sequence[str]) -> str | None:
    """The column whose name is the first of `wanted`, whatever its case and its separators."""
    plain = {name.strip().lower().replace(" ", "_").replace("-", "_"): name for name in reversed(names)}
    return next((plain[name] for name in wanted if name in plain), None)


def _differ(values: Iterable[Any]) -> bool:
    found = list(map(str, values))
    return len(set(found)) == len(found)
