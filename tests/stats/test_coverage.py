"""Coverage by simulation: the defaults keep their promise, and the page shows what the script measures."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "coverage.py"
PAGE = ROOT / "docs" / "statistics.md"
CELL = re.compile(r"^\| (.*) \|$")


@pytest.fixture(scope="module")
def tables() -> Any:
    return runpy.run_path(str(SCRIPT))["TABLES"]


@pytest.fixture(scope="module")
def measured() -> Any:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--json"], capture_output=True, text=True, check=True, timeout=1200
    )
    return json.loads(done.stdout)


def shown() -> list[list[list[str]]]:
    """The rows of the page's tables, each a list of cells, the heads left out."""
    block = runpy.run_path(str(SCRIPT))["BLOCK"].search(PAGE.read_text(encoding="utf-8"))[0]
    parts = [part.splitlines() for part in block.split("### ")[1:]]
    return [[CELL.sub(r"\1", line).split(" | ") for line in lines[4:] if CELL.match(line)] for lines in parts]


def test_page_has_the_tables_and_rows_of_the_script(tables):
    page = PAGE.read_text(encoding="utf-8")
    assert all("\n".join(table.head()) in page for table in tables)
    assert [[row[0] for row in rows] for rows in shown()] == [[case.name for case in table.cases] for table in tables]
    assert all(re.fullmatch(r"\d+\.\d", cell) for rows in shown() for row in rows for cell in row[1:])


def test_defaults_on_the_page_are_within_what_they_promise(tables):
    for table, rows in zip(tables, shown(), strict=True):
        column = table.methods.index(table.default) + 1
        outside = [
            row for case, row in zip(table.cases, rows, strict=True) if not case.low <= float(row[column]) <= case.high
        ]
        assert not outside


def test_every_function_that_the_page_names_is_there():
    named = re.findall(r"`(\w+)\.(\w+)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 10
    assert all(
        hasattr(importlib.import_module(f"evals.stats.{module}"), name) for module, name in named if module != "evals"
    )


def test_example_on_the_page_prints_what_is_shown():
    code, shown = re.search(
        r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    ).groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert printed.getvalue() == shown


@pytest.mark.slow
def test_defaults_hold_the_truth_as_often_as_they_promise(tables, measured):
    for table, rows in zip(tables, measured, strict=True):
        column = table.methods.index(table.default)
        found = {case.name: row[column] for case, row in zip(table.cases, rows, strict=True)}
        assert not {
            case.name: found[case.name] for case in table.cases if not case.low <= found[case.name] <= case.high
        }


@pytest.mark.slow
def test_clopper_pearson_never_holds_the_truth_too_seldom(tables, measured):
    assert all(row[tables[0].methods.index("Clopper-Pearson")] >= 95 for row in measured[0])


@pytest.mark.slow
def test_page_shows_what_the_script_measures(measured):
    for on_page, rows in zip(shown(), measured, strict=True):
        for cells, values in zip(on_page, rows, strict=True):
            assert [float(cell) for cell in cells[1:]] == pytest.approx(values, abs=0.3), cells[0]
