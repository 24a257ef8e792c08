"""The page on public models has the numbers that its script makes of the published table, where that is at hand."""

from __future__ import annotations

import os
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "public-scaling.md").read_text(encoding="utf-8")
TABLE = os.environ.get("EVALS_OBS_SCALING", "")


def test_the_page_says_how_many_forecasts_held_and_lists_each():
    rows = [line for line in PAGE.splitlines() if line.endswith(("| inside |", "| **missed** |"))]
    inside = sum(line.endswith("| inside |") for line in rows)
    assert f"{inside} of {len(rows)} outcomes lie inside" in PAGE
    assert f"| {inside} of {len(rows)}: " in PAGE
    assert len({line.split("|")[1] for line in rows}) == 14


def test_the_prose_has_the_medians_of_the_table():
    cells = next(line for line in PAGE.splitlines() if line.startswith("| **all** |")).split(" | ")
    text = " ".join(PAGE.split())
    assert f"is off by {cells[2]} points in the median" in text
    assert f'"No change" is off by {cells[6]}, the line through the two largest by {cells[7]}, a power law' in text
    assert f"by {cells[8].rstrip(' |')}. Its large errors" in text


def test_missed_forecasts_come_first():
    marks = re.findall(r"\| (inside|\*\*missed\*\*) \|$", PAGE, re.MULTILINE)
    assert marks == sorted(marks)


@pytest.mark.slow
@pytest.mark.skipif(
    not TABLE, reason="EVALS_OBS_SCALING does not name base_llm_benchmark_eval.csv of ryoungj/ObsScaling"
)
def test_the_tables_are_those_that_the_script_makes():
    assert runpy.run_path(str(ROOT / "benchmarks" / "public_scaling.py"))["page"](Path(TABLE)) in PAGE
