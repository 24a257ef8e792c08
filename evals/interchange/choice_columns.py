"""Tables of multiple choice in the forms that are common, as rows of `question`, `choices` and `answer`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.errors import DataError, UsageError, listed
from evals.interchange.exam_rows import LETTERS, without_letters
from evals.texts.number_text import counted

QUESTIONS = (
    "question", "stem", "question_stem", "ctx", "query", "input", "prompt", "problem", "sentence", "startphrase",
    "goal", "text",
)  # fmt: skip
OPTIONS = ("options", "choices", "endings", "candidates")
ANSWERS = (
    "answer_key", "answerkey", "answer", "label", "gold", "target", "ideal", "correct_answer", "correct_option",
    "correct_choice", "correct", "key", "answer_index", "answer_idx", "cop", "expected",
)  # fmt: skip
CONTEXTS = ("passage", "context", "article", "support")
KEPT = ("subject", "category")
FEW_QUESTIONS = 3

_OPTION_NAME = re.compile(r"(|option|choice|ending|answer|sol|op|opt)_?(?:([a-j])|(\d))")


@dataclass(frozen=True)
class ChoiceForm:
    """Where a table has its questions, options and answers, and how an answer names its option."""

    question: str
    options: tuple[str, ...]
    "One column with all of them, or a column for each."
    answer: str
    reading: str
    "letters, labels, texts, numbers from 0, numbers from 1"


@dataclass(frozen=True)
class _Row:
    where: str
    cells: Mapping[str, Any]
    choices: tuple[str, ...]
    labels: tuple[str, ...]
    "The names that the row gives its options; empty without any."
    answer: Any


def choice_rows(
    rows: Sequence[Mapping[str, Any]], where: str, question: str | None = None, answer: str | None = None
) -> tuple[ChoiceForm, list[dict[str, Any]]]:
    """The form of a table, and its rows for `evals.suite:Choice`.

    where: the file, for messages. question, answer: columns, where they are named.

    Raises:
        UsageError: a column is not found, or answers can be read in two ways that differ.
        DataError: the options of a row cannot be used.
    """
    flat = [_flat(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    columns = _option_columns(names)
    asked = question or _first(QUESTIONS, [name for name in names if name not in columns])
    rest = [name for name in names if name not in (*columns, asked)]
    filled = [name for name in rest if all(row.get(name) not in (None, "", []) for row in flat)]
    key = answer or _first(ANSWERS, filled) or _first(ANSWERS, rest)
    for what, column, flag in (("question", asked, "input_key"), ("right option", key, "ideal_key")):
        if column is None or column not in names:
            notes = [f"columns: {listed(names, 12)}"]
            raise UsageError(f"no column looks like the {what}", where=where, notes=notes, fix=f"--{flag} COLUMN")
    assert asked is not None
    assert key is not None
    _check_questions(flat, asked, where)
    read = [_row(row, columns, key, f"{where}: row {nr}") for nr, row in enumerate(flat, start=1)]
    reading, answers = _readings(read, key, where)
    form = ChoiceForm(asked, columns, key, reading)
    return form, [_converted(row, form, index) for row, index in zip(read, answers, strict=True)]


def _flat(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with the parts of a question that is an object, as in ARC's own files, as columns."""
    inner = row.get("question")
    if not isinstance(inner, Mapping):
        return row
    return {**{name: value for name, value in row.items() if name != "question"}, **inner}


def _option_columns(names: Sequence[str]) -> tuple[str, ...]:
    whole = _first(OPTIONS, names)
    if whole is not None:
        return (whole,)
    series: dict[tuple[str, bool], list[tuple[str, str]]] = {}
    for name in names:
        found = _OPTION_NAME.fullmatch(_plain(name))
        if found is not None:
            series.setdefault((found[1], found[2] is None), []).append((found[2] or found[3], name))
    best = max((sorted(one) for one in series.values()), key=len, default=[])
    marks = [mark for mark, _ in best]
    if len(best) < 2 or [ord(mark) for mark in marks] != list(range(ord(marks[0]), ord(marks[0]) + len(marks))):
        raise UsageError("no columns look like the options", notes=[f"columns: {listed(names, 12)}"], fix=_FIX)
    return tuple(name for _, name in best)


_FIX = 'write rows with "question", "choices" and "answer", an index (docs/choice.md), or name a --class'


def _check_questions(rows: Sequence[Mapping[str, Any]], asked: str, where: str) -> None:
    texts = {str(row.get(asked)) for row in rows}
    if len(rows) > 2 * FEW_QUESTIONS and len(texts) <= FEW_QUESTIONS:
        shown = listed(sorted(texts), FEW_QUESTIONS)
        raise UsageError(
            f"the column {asked!r} has only a few different texts in {counted(len(rows), 'row')}: {shown}",
            where=where,
            fix="write whole questions into a column, and name it with --input_key",
        )


def _row(cells: Mapping[str, Any], columns: Sequence[str], key: str, where: str) -> _Row:
    texts, labels = _options(cells, columns)
    while len(columns) > 1 and texts and not texts[-1].strip():
        texts, labels = texts[:-1], labels[:-1]
    choices, given = tuple(without_letters(texts)), cells.get(key)
    if not 2 <= len(choices) == len(texts) or not all(choices):
        shown = f"{len(texts)} options" + (", one of them empty" if len(texts) > 1 else "")
        raise DataError(f"{shown}; a question has 2 to {len(LETTERS)}, each with a text", where=where, fix=_FIX)
    return _Row(
        where, cells, choices, tuple(labels), given[0] if isinstance(given, list) and len(given) == 1 else given
    )


def _options(cells: Mapping[str, Any], columns: Sequence[str]) -> tuple[list[str], list[str]]:
    """The texts of a row's options, and their labels where it has some."""
    if len(columns) > 1:
        return ["" if cells.get(name) is None else str(cells[name]) for name in columns], []
    held = cells.get(columns[0])
    if isinstance(held, str) and held.lstrip().startswith("["):
        try:
            held = json.loads(held)
        except ValueError:
            held = None
    if isinstance(held, Mapping) and isinstance(held.get("text"), Sequence) and not isinstance(held["text"], str):
        return [str(text) for text in held["text"]], [str(label) for label in held.get("label") or ()]
    if isinstance(held, Mapping):
        return [str(text) for text in held.values()], [str(label) for label in held]
    if isinstance(held, Sequence) and not isinstance(held, str):
        if all(isinstance(one, Mapping) and "text" in one for one in held):
            return [str(one["text"]) for one in held], [str(one.get("label", "")) for one in held]
        return [str(one) for one in held], []
    return [], []


def _readings(rows: Sequence[_Row], key: str, where: str) -> tuple[str, list[int]]:
    """How the answers name their options, and the index of each.

    Labels of the options' own decide. Of the other readings that fit every row all must agree.
    """
    found: dict[str, list[int]] = {}
    for name, read in _READINGS.items():
        indices = [index for index in map(read, rows) if index is not None]
        if len(indices) == len(rows):
            found[name] = indices
            if name == "labels":
                break
    if not found:
        row = _unread(rows)
        raise DataError(
            f"{key!r} is {row.answer!r}, which names none of the {len(row.choices)} options",
            where=row.where, fix="one letter, number or text of an option; several right ones: evals import exam",
        )  # fmt: skip
    name, indices_of = next(iter(found.items()))
    for other, indices in found.items():
        if indices != indices_of:
            at = next(nr for nr, pair in enumerate(zip(indices, indices_of, strict=True)) if pair[0] != pair[1])
            raise UsageError(
                f"{key!r} may be read as {name} or as {other}, and these differ: row {at + 1} has {rows[at].answer!r}",
                where=where, fix="write the letter of the right option: A, B, ...",
            )  # fmt: skip
    return name, indices_of


def _unread(rows: Sequence[_Row]) -> _Row:
    """The first row that the reading which fits most rows does not fit."""
    best = max(_READINGS.values(), key=lambda read: sum(read(row) is not None for row in rows))
    return next(row for row in rows if best(row) is None)


def _by_label(row: _Row) -> int | None:
    given = str(row.answer).strip()
    return row.labels.index(given) if row.labels.count(given) == 1 and len(row.labels) == len(row.choices) else None


def _by_letter(row: _Row) -> int | None:
    bare = str(row.answer).strip().strip("().[] ").upper() if isinstance(row.answer, str) else ""
    index = ord(bare) - ord("A") if len(bare) == 1 and bare.isascii() and bare.isalpha() else -1
    return index if 0 <= index < len(row.choices) else None


def _by_text(row: _Row) -> int | None:
    given = str(row.answer).strip()
    return row.choices.index(given) if row.choices.count(given) == 1 else None


def _by_number(first: int) -> Callable[[_Row], int | None]:
    def read(row: _Row) -> int | None:
        if isinstance(row.answer, bool) or not re.fullmatch(r"\d{1,2}", str(row.answer).strip()):
            return None
        index = int(str(row.answer)) - first
        return index if 0 <= index < len(row.choices) else None

    return read


_READINGS: dict[str, Callable[[_Row], int | None]] = {
    "labels": _by_label, "letters": _by_letter, "texts": _by_text,
    "numbers from 0": _by_number(0), "numbers from 1": _by_number(1),
}  # fmt: skip


def _converted(row: _Row, form: ChoiceForm, index: int) -> dict[str, Any]:
    made: dict[str, Any] = {"question": str(row.cells.get(form.question) or ""), "choices": list(row.choices)}
    made["answer"] = index
    context = _first(CONTEXTS, [name for name in row.cells if name not in (form.question, form.answer)])
    if context is not None and isinstance(text := row.cells[context], str) and text.strip():
        made["context"] = text
    return {**made, **{name: row.cells[name] for name in KEPT if isinstance(row.cells.get(name), str)}}


def _first(wanted: Sequence[str], names: Sequence[str]) -> str | None:
    plain = {_plain(name): name for name in reversed(names)}
    return next((plain[name] for name in wanted if name in plain), None)


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")
