"""Converts HumanEval into rows: the start of a Python function as `input`; tests judge, so there is no `ideal`."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from evals.datasets.json_rows import decode_row, universal_lines
from evals.datasets.plain_rows import NumberedRow


def rows(original: Path) -> Iterator[NumberedRow]:
    """HumanEval (Chen et al. 2021, arXiv:2107.03374): `input`, the prompt; and the fields of the original."""
    with gzip.open(original, "rb") as file:
        for line, raw in enumerate(universal_lines(file), start=1):  # type: ignore[arg-type]
            row = decode_row(raw, str(original), line)
            yield NumberedRow(line, {"input": row["prompt"], **row})
