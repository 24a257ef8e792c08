"""Converts GSM8K into rows: the question as a chat, the number after `####` as the ideal answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from evals.datasets.json_rows import decode_row, universal_lines
from evals.datasets.plain_rows import NumberedRow
from evals.errors import BadSample

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def rows(original: Path) -> Iterator[NumberedRow]:
    """GSM8K (Cobbe et al. 2021, arXiv:2110.14168): `input`, `ideal`; `question` and `answer` of the original.

    Raises:
        BadSample: the text after `####` is not a number.
    """
    with open(original, "rb") as file:
        for line, raw in enumerate(universal_lines(file), start=1):
            row = decode_row(raw, str(original), line)
            ideal = plain_number(row["answer"].rpartition("####")[2], f"{original}:{line}")
            question = [{"role": "user", "content": row["question"]}]
            yield NumberedRow(line, {"input": question, "ideal": ideal, **row})


def plain_number(text: str, where: str) -> str:
    """The number in `text` without thousands separators. Raises BadSample if `text` is not a number.

    >>> plain_number(" -1,450,000 ", "here")
    '-1450000'
    """
    number = text.strip().replace(",", "")
    if not _NUMBER.fullmatch(number):
        raise BadSample(f"the answer {text.strip()!r} is not a number", where=where)
    return number
