"""Reads the verdict that a grader states: whole words, stated verdicts first, quotes, boxes and case ignored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from evals.suite.graded.grading import INVALID_STR
from evals.suite.graded.verdict_fields import verdict_in_form
from evals.suite.graded.verdict_lines import Form, LineReader, Reading, plain

MAX_LINE = 2000
"How many characters of a line are read: the first ones, or where reasons come first the last ones."
MAX_LINES = 500
"How many lines are read, likewise."


def stated_choice(text: str, eval_type: str, choice_strings: Sequence[str]) -> str:
    """The choice that a grader's answer states; `__invalid__` if it states none, or several.

    An answer that is JSON, or has tags such as `<verdict>` or double brackets, is read by these (`verdict_fields`),
    unless a line behind them (before them, where the verdict comes first) declares a choice. Otherwise the first line
    that declares a choice decides; if `eval_type` starts with `cot_classify`, the last one. A line declares a choice if
    it is nothing else, or a label such as `Verdict:` and the choice. A sentence on the far side of it (after the
    verdict, where reasons come first) that states another choice makes the answer unreadable. Where no line declares
    one, the first sentence that states one decides, or the last one; lines with labels of another kind (`Accuracy: 4`)
    count only if all that stand together agree. See `LineReader` for one line.
    """
    reader = _reader(tuple(choice_strings))
    last = eval_type.startswith("cot_classify")
    found = verdict_in_form(text, reader.read_whole, lambda line: _choice_of(reader.read(plain(line), last)), last=last)
    if found is not None:
        # The form may be a part of the graded answer that the reasons quote.
        beside = list(_readings(reader, text[found.end :] if last else text[: found.start], last))
        if not any(reading.form is Form.DECLARED for reading in beside):
            return found.choice or INVALID_STR
        return _decided(iter(beside)) or INVALID_STR
    return _decided(_readings(reader, text, last)) or INVALID_STR


def _choice_of(reading: Reading | None) -> str | None:
    return None if reading is None else reading.choice


def _readings(reader: LineReader, text: str, last: bool) -> Iterator[Reading]:
    """What the lines say, beginning with the one that decides; items of a list that goes through the choices say
    nothing."""
    part = slice(-MAX_LINE, None) if last else slice(MAX_LINE)
    lines = [" ".join(plain(line[part]).split()) for line in text.splitlines() if line.strip()]
    lines = lines[: -MAX_LINES - 1 : -1] if last else lines[:MAX_LINES]
    items = {line: item for line in lines if (item := reader.item_of(line)) is not None}
    is_list = len(set(items.values())) > 1
    for line in lines:
        reading = None if is_list and line in items else reader.read(line, last)
        if reading is not None:
            yield reading


def _decided(readings: Iterator[Reading]) -> str | None:
    """The choice of the first reading that declares one, unless a sentence before it says otherwise; without one see
    `_undeclared`."""
    before: list[Reading] = []
    for reading in readings:
        if reading.form is Form.DECLARED:
            said = {one.choice for one in before if one.form is Form.SAID}
            return reading.choice if said <= {reading.choice} else None
        before.append(reading)
    return _undeclared(before)


def _undeclared(readings: Sequence[Reading]) -> str | None:
    """The choice of the first sentence that states one; of lines with other labels, if they agree."""
    if not readings or readings[0].form is Form.SAID:
        return readings[0].choice if readings else None
    together: set[str | None] = set()
    for reading in readings:
        if reading.form is not Form.FIELD:
            break
        together.add(reading.choice)
    return together.pop() if len(together) == 1 else None


@lru_cache(maxsize=64)
def _reader(choices: tuple[str, ...]) -> LineReader:
    return LineReader(choices)
