"""Reads AGIEval's JSON lines: SAT, LSAT, Gaokao and the like, with passages and several right options."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.datasets.json_rows import decode_row_and_doubt, refuse_wrong_kind
from evals.errors import DataError
from evals.interchange.exam_rows import Question, choice_row, key_letters, options_of, typed_row
from evals.record.special_files import refuse_special

SUFFIXES = (".jsonl", ".ndjson")
KEYS = ("passage", "question", "options", "label", "answer", "other")


def read_agieval(path: Path, section: str) -> Iterator[Question | DataError]:
    """The questions of a file, or what is wrong with a line; ids are `SECTION-LINE`.

    A line has `passage` (or null), `question`, `options` (or null), and the key in `label`, a letter or a list of
    letters; without options the key is `answer`, and `label` where there is no `answer`.

    Raises:
        DataError: the file cannot be read, or is no JSON lines.
    """
    refuse_special(path, pipes=True)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path), fix="check the path") from None
    refuse_wrong_kind(data[:64], str(path))
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if raw.strip():
            try:
                yield _question(raw, path, number, section)
            except DataError as error:
                yield error


def _question(raw: bytes, path: Path, number: int, section: str) -> Question:
    where = f"{path}:{number}"
    row, doubt = decode_row_and_doubt(raw, str(path), number)
    if doubt is not None:
        raise DataError(doubt[0], where=where, fix=doubt[1])
    if not isinstance(row, dict):
        raise DataError("a row must be a JSON object", where=where, fix='write {"question": ...}')
    stem, passage = _text(row, "question", where), row.get("passage") or ""
    if not isinstance(passage, str):
        raise DataError(f"'passage' is {type(passage).__name__}, not a text", where=where)
    found = {"id": f"{section}-{number}", **_answered(row, stem, where)}
    return Question(where, section, found, passage.strip())


def _answered(row: dict[str, Any], stem: str, where: str) -> dict[str, Any]:
    given = row.get("options")
    if given:
        if not isinstance(given, list):
            raise DataError(f"'options' is {type(given).__name__}, not a list", where=where)
        options = options_of(given, where)
        if row.get("label") in (None, "", []):
            raise DataError("'label' is missing", where=where, fix=f"add the right letter, one of {', '.join(options)}")
        return choice_row(stem, options, key_letters(row["label"], options, where))
    key = row.get("answer") if row.get("answer") is not None else row.get("label")
    if key is None or not str(key).strip():
        raise DataError("it has neither options nor an answer", where=where, fix='add "options" and "label"')
    return typed_row(stem, str(key))


def _text(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        found = f"keys found: {', '.join(map(str, row))}"
        raise DataError(
            f"{key!r} is missing or empty", where=where, notes=[found], fix=f"AGIEval has {', '.join(KEYS)}"
        )
    return value.strip()
