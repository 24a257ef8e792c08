"""Converts MGSM into rows: 250 problems of GSM8K in eleven languages, from tab-separated files without quotes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evals.datasets.gsm8k import plain_number
from evals.datasets.json_rows import universal_lines
from evals.datasets.plain_rows import NumberedRow
from evals.errors import BadSample


def rows(original: Path) -> Iterator[NumberedRow]:
    """MGSM (Shi et al. 2022, arXiv:2210.03057): `input`, `ideal`, `question`, `language`, `problem`.

    `problem` is the line number: the same problem has the same number in each language.

    Raises:
        BadSample: a line has no tab, or its answer is not a number.
    """
    language = original.stem.rpartition("_")[2]
    with open(original, "rb") as file:
        for line, raw in enumerate(universal_lines(file), start=1):
            question, tab, answer = raw.decode("utf-8").strip("\r\n").rpartition("\t")
            if not tab:
                raise BadSample("no tab between question and answer", where=f"{original}:{line}")
            row = {
                "input": [{"role": "user", "content": question}],
                "ideal": plain_number(answer, f"{original}:{line}"),
                "question": question,
                "language": language,
                "problem": line,
            }
            yield NumberedRow(line, row)
