"""Questions from other files as rows of the exam format: options without their letters, passages as bundles."""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.errors import DataError
from evals.exams.answer_keys import exact_number

LETTERS = string.ascii_uppercase
SHOWN_REASONS = 8
"Rows of a file with many mistakes whose reasons a message gives."


@dataclass(frozen=True)
class Question:
    """One question that was read."""

    where: str
    "`file:line`."
    section: str
    row: Mapping[str, Any]
    "A row of items.jsonl, without its section."
    passage: str = ""


def options_of(texts: Sequence[object], where: str) -> dict[str, str]:
    """Letter to text, without the letters that the texts begin with: `(A)red`, `A. red`, `A red`.

    A letter with no mark but a space is taken off only where every option has its own letter.

    Raises:
        DataError: fewer than two options, more than letters, an empty one, or two that are the same.
    """
    if not 2 <= len(texts) <= len(LETTERS):
        raise DataError(f"{len(texts)} options; a question has 2 to {len(LETTERS)}", where=where)
    if wrong := [text for text in texts if not isinstance(text, str)]:
        raise DataError(f"the option {wrong[0]!r} is no text", where=where, fix="put it in quotes")
    options = dict(zip(LETTERS, without_letters([str(text) for text in texts]), strict=False))
    for letter, text in options.items():
        if not text:
            raise DataError(f"option {letter} is empty", where=where)
        same = [other for other, one in options.items() if one == text]
        if len(same) > 1:
            raise DataError(f"options {' and '.join(same)} are the same: {text[:60]!r}", where=where)
    return options


def without_letters(texts: Sequence[str]) -> list[str]:
    """The texts of options without the letters that they begin with, as `options_of` says."""
    lettered = [(letter, text.strip()) for letter, text in zip(LETTERS, texts, strict=False)]
    loose = all(re.match(rf"[(（]?{letter}\b", text) for letter, text in lettered)
    return [_without_letter(letter, text, loose) for letter, text in lettered]


def _without_letter(letter: str, text: str, loose: bool) -> str:
    mark = rf"[(（]\s*{letter}\s*[)）]|{letter}\s*(?:[)．、）:：]|\.(?!\d))"
    if loose:
        mark += rf"|{letter}\s+"
    return re.sub(rf"^(?:{mark})\s*", "", text)


def key_letters(given: object, options: Mapping[str, str], where: str) -> list[str]:
    """The letters of a key: `B`, `(b)`, `A,C`, `a c`, `ABD`, `["A", "C"]`; each an option, none twice.

    Small letters that stand together are a word, not a key.

    Raises:
        DataError: no letter, a letter that is no option, or one twice.
    """
    parts = given if isinstance(given, list) else [given]
    text = " ".join(str(part) for part in parts if part is not None)
    letters = re.findall(r"[A-Za-z]", text)
    known = ", ".join(options)
    is_word = re.search(r"[A-Za-z][a-z]|[a-z][A-Z]", text)
    if not letters or is_word or re.sub(r"[A-Za-z\s,;()（）.、|/&+]", "", text):
        raise DataError(f"the key {text!r} names no option", where=where, fix=f"write one or more of {known}")
    found = [letter.upper() for letter in letters]
    for letter in found:
        if letter not in options:
            raise DataError(f"the key {letter!r} is not among the options {known}", where=where)
    if len(set(found)) < len(found):
        raise DataError(f"the key {text!r} names an option twice", where=where)
    return sorted(found)


def choice_row(stem: str, options: Mapping[str, str], letters: Sequence[str]) -> dict[str, Any]:
    """The row of a question with options: `mcq` for one right letter, `mselect` for several."""
    row = {"stem": stem, "options": dict(options)}
    if len(letters) == 1:
        return {"kind": "mcq", **row, "answer": letters[0]}
    return {"kind": "mselect", **row, "answer": list(letters), "rule": "all_or_nothing"}


def typed_row(stem: str, key: str) -> dict[str, Any]:
    """The row of a question without options: `numeric` for a number, else `short`; `|` stands between accepted ones."""
    accepted = [part.strip() for part in key.split("|") if part.strip()]
    if all(exact_number(part) is not None for part in accepted):
        return {"kind": "numeric", "stem": stem, "answer": accepted[0] if len(accepted) == 1 else accepted}
    return {"kind": "short", "stem": stem, "answer": accepted}


def rows_of(questions: Iterable[Question]) -> Iterator[dict[str, Any]]:
    """Rows of items.jsonl: neighbours of a section with the same passage become a bundle, a lone one keeps it.

    A passage that comes again later has the cluster of its first bundle or question.
    """
    clusters: dict[tuple[str, str], str] = {}
    for (section, passage), group in itertools.groupby(questions, key=lambda one: (one.section, one.passage)):
        children = [dict(one.row) for one in group]
        if not passage:
            yield from ({**child, "section": section} for child in children)
            continue
        name = children[0]["id"] if len(children) == 1 else f"{children[0]['id']}-passage"
        first = clusters.setdefault((section, passage), name)
        again = {} if first == name else {"cluster": first}
        if len(children) == 1:
            [child] = children
            yield {**child, "section": section, "stem": f"{passage}\n\n{child['stem']}", **again}
        else:
            yield {"id": name, "section": section, "kind": "bundle", "stem": passage, **again, "items": children}


def _further(others: Sequence[DataError]) -> str:
    if not others:
        return ""
    rest = len(others) - SHOWN_REASONS
    unseen = f", the first {SHOWN_REASONS}" if rest > 0 else ""
    return f"{len(others)} further {'row' if len(others) == 1 else 'rows'} cannot be used{unseen}:"


def usable(read: Iterable[Question | DataError], *, skip: bool) -> tuple[list[Question], list[DataError]]:
    """The questions, and what is wrong with the rest.

    Raises:
        DataError: a row cannot be used and `skip` is false: the first one, with the places of the others.
    """
    good: list[Question] = []
    bad: list[DataError] = []
    for one in read:
        if isinstance(one, DataError):
            bad.append(one)
        else:
            good.append(one)
    if bad and not skip:
        first, others = bad[0], bad[1:]
        also = [_further(others), *(f"{error.where}: {error.what}" for error in others[:SHOWN_REASONS])]
        fix = first.fix or "correct the row"
        raise DataError(
            first.what, where=first.where, notes=[*first.notes, *also], fix=f"{fix}; --skip leaves such rows out"
        )
    return good, bad
