"""Reads a paper that a teacher keeps in a table: a CSV file with question, options, key, section and marks."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.errors import DataError, did_you_mean, listed
from evals.exams.answer_keys import exact_number
from evals.exams.items import KINDS
from evals.interchange.exam_rows import LETTERS, Question, choice_row, key_letters, options_of, typed_row
from evals.interchange.written_numbers import number_row
from evals.record.special_files import refuse_special

SUFFIXES = (".csv", ".tsv")
NAMES = {
    "question": ("question", "stem", "text"),
    "options": ("options", "choices"),
    "key": ("key", "answer", "correct"),
    "section": ("section", "part"),
    "marks": ("marks", "points"),
    "id": ("id", "number", "no"),
    "kind": ("kind", "type"),
    "passage": ("passage",),
    "tolerance": ("tolerance",),
}
"What a column may be called; `question` and `key` must be there. Columns A, B, C ... may hold one option each."
KINDS_HERE = ("mcq", "mselect", "numeric", "short", "free", "essay")

Row = Mapping[str, str]


def read_csv(path: Path, section: str) -> Iterator[Question | DataError]:
    """The questions of a table, or what is wrong with a row. section: of rows that name none.

    Commas, semicolons or tabs stand between cells. Options stand in one cell, with `|` or line breaks between them, or
    in columns A, B, C. The key of a free answer is its rubric: lines or `|`, each `POINTS: what it must say`.

    Raises:
        DataError: the file cannot be read, is no UTF-8 or no CSV, or its columns are not known.
    """
    header, rows = _cells(path)
    names = _columns(header, f"{path}:1")
    taken: dict[str, str] = {}
    for line, cells in rows:
        where = f"{path}:{line}"
        try:
            if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
                what = f"{len(cells)} cells, but {len(header)} columns"
                raise DataError(what, where=where, fix='put a cell that holds the separator in "quotes"')
            row = {name: cells[at].strip() if at < len(cells) else "" for name, at in names.items()}
            yield _question(row, where, section, len(taken) + 1, taken)
        except DataError as error:
            yield error


def _cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The first row, and the others that are not empty, each with the line that it begins in."""
    refuse_special(path, pipes=True)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path), fix="check the path") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        fix = "save the table as CSV in UTF-8"
        raise DataError("not UTF-8", where=f"{path}:{line}", fix=fix) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"not CSV: {error}", where=f"{path}:{begins}", fix='close every "') from None
    if len(rows) < 2:
        raise DataError("the table has no questions", where=f"{path}:1", fix="name the columns, then add rows")
    return rows[0][1], rows[1:]


def _columns(header: Sequence[str], where: str) -> dict[str, int]:
    """Our name of each column, and its place."""
    found: dict[str, int] = {}
    words = [word for names in NAMES.values() for word in names]
    for at, cell in enumerate(header):
        word = cell.strip()
        name = next((name for name, known in NAMES.items() if word.lower() in known), None)
        if name is None and re.fullmatch(r"[A-Za-z]", word):
            name = word.upper()
        if name is None and word:
            near = did_you_mean(word.lower(), words)
            fix = f"use: {listed(list(NAMES), len(NAMES))}, and A, B, C for options"
            raise DataError(f"unknown column {word!r}", where=where, notes=[near], fix=fix)
        if name in found:
            raise DataError(f"two columns hold the {name}", where=where, fix="remove one")
        if name is not None:
            found[name] = at
    columns = sorted(name for name in found if len(name) == 1)
    if columns != list(LETTERS[: len(columns)]):
        what = f"the columns of options are {', '.join(columns)}"
        raise DataError(what, where=where, fix="name them A, B, C ... without a gap")
    for needed in ("question", "key"):
        if needed not in found:
            raise DataError(f"no column {needed!r}", where=where, notes=[f"found: {listed(list(header), 8)}"])
    return found


def _question(row: Row, where: str, section: str, number: int, taken: dict[str, str]) -> Question:
    if not row["question"]:
        raise DataError("the question is empty", where=where)
    name = row.get("id") or f"q{number}"
    if name in taken:
        raise DataError(f"the id {name!r} is also in {taken[name]}", where=where, fix="give it another id")
    taken[name] = where
    found = {"id": name, **_answered(row, where)}
    return Question(where, row.get("section") or section, found, row.get("passage", ""))


def _answered(row: Row, where: str) -> dict[str, Any]:
    stem, key, kind = row["question"], row["key"], row.get("kind", "").lower()
    if kind and kind not in KINDS_HERE:
        fix = f"write one of {', '.join(KINDS_HERE)}"
        near = did_you_mean(kind, KINDS_HERE) if kind not in KINDS else "this kind needs items.jsonl"
        raise DataError(f"the kind {kind!r} cannot be read from a table", where=where, notes=[near], fix=fix)
    marks = _number(row, "marks", where)
    if kind == "essay":
        return {"kind": "essay", "stem": stem, "points": _whole(marks, where)}
    if not key:
        raise DataError("the key is empty", where=where, fix="add the answer, or write `essay` under kind")
    if kind == "free":
        return _free(stem, key, marks, where)
    texts = _option_texts(row)
    found = _chosen(stem, texts, row, where) if texts else _typed(stem, row, where)
    return found if marks is None else {**found, "points": marks}


def _option_texts(row: Row) -> list[str]:
    if row.get("options"):
        if "|" in row["options"]:
            # An empty one between others keeps its place: without it the key would name the wrong option.
            return [text.strip() for text in row["options"].strip("| \t\n").split("|")]
        return [text.strip() for text in row["options"].split("\n") if text.strip()]
    columns = [row[name] for name in sorted(row) if len(name) == 1]
    while columns and not columns[-1]:
        columns.pop()
    return columns


def _chosen(stem: str, texts: list[str], row: Row, where: str) -> dict[str, Any]:
    kind = row.get("kind", "").lower()
    options = options_of(texts, where)
    # A table may give the right option's own words instead of its letter.
    letters = _letter_of_words(row["key"], options, where) or key_letters(row["key"], options, where)
    if kind not in ("", "mcq", "mselect") or (kind == "mcq" and len(letters) > 1):
        raise DataError(f"the kind is {kind!r}, with options and the key {row['key']!r}", where=where)
    found = choice_row(stem, options, letters)
    if kind == "mselect":
        found.update(kind="mselect", answer=letters, rule="all_or_nothing")
    return found


def _letter_of_words(key: str, options: Mapping[str, str], where: str) -> list[str]:
    """The option with these words; without one, the only option that differs in capitals alone. [] for letters."""
    same = [letter for letter, text in options.items() if text == key]
    if key in options and same and same != [key]:
        what = f"the key {key!r} is the letter of {options[key]!r}, and the text of option {same[0]}"
        raise DataError(what, where=where, fix=f"write {same[0]} for the text, or `({key})` for the letter")
    if key in options:
        return []
    alike = [letter for letter, text in options.items() if text.casefold() == key.casefold()]
    return same or (alike if len(alike) == 1 and len(key) > 1 else [])


def _typed(stem: str, row: Row, where: str) -> dict[str, Any]:
    kind, tolerance = row.get("kind", "").lower(), _number(row, "tolerance", where)
    found = number_row(stem, row["key"], where) if kind in ("", "numeric") else None
    found = found or typed_row(stem, row["key"])
    if kind == "short":
        found = {"kind": "short", "stem": stem, "answer": [part.strip() for part in row["key"].split("|")]}
    elif kind and kind != found["kind"]:
        fix = "add options" if kind in ("mcq", "mselect") else "write a number as the key"
        raise DataError(f"the kind is {kind!r}, and the key {row['key']!r} without options", where=where, fix=fix)
    if tolerance is not None:
        if found["kind"] != "numeric":
            raise DataError("a tolerance belongs to a number", where=where, fix="remove it")
        found["tolerance"] = {"abs": tolerance}
    return found


def _free(stem: str, key: str, marks: float | None, where: str) -> dict[str, Any]:
    """A free answer; each line of the key is a line of its rubric: `2: names both causes`, or one point without."""
    rubric = []
    for number, line in enumerate((part for part in re.split(r"\||\n", key) if part.strip()), start=1):
        points = re.match(r"\s*(\d+(?:\.\d+)?)\s*:\s*", line)
        if re.match(r"\s*[-\u2212]\s*\d+(?:\.\d+)?\s*:", line):
            fix = "say what earns points; nothing is taken off for a mistake"
            raise DataError(f"the line {line.strip()[:40]!r} of the rubric takes points off", where=where, fix=fix)
        say = line[points.end() :] if points else line
        rubric.append({"id": f"r{number}", "points": float(points[1]) if points else 1.0, "say": say.strip()})
    total = sum(float(str(line["points"])) for line in rubric)
    if marks is not None and abs(marks - total) > 1e-9:
        what = f"the marks are {marks:g}, but the lines of the key add up to {total:g}"
        raise DataError(what, where=where, fix="begin each line with its points: `2: names both causes`")
    return {"kind": "free", "stem": stem, "points": total, "rubric": rubric}


def _number(row: Row, name: str, where: str) -> float | None:
    text = row.get(name, "").replace(",", ".")
    if not text:
        return None
    number = exact_number(text)
    if number is None or number <= 0:
        raise DataError(f"{name} is {row[name]!r}, not a number above 0", where=where)
    return float(number)


def _whole(marks: float | None, where: str) -> int:
    if marks is None or marks != int(marks):
        raise DataError("an essay needs its marks, a whole number", where=where, fix="add the most that it can earn")
    return int(marks)
