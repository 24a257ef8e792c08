"""Coverage of printed intervals: the page has every kind of the grid, and the worst cells keep what they promise."""

from __future__ import annotations

import collections
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "statistics.md"
LEAST = 93.0


@pytest.fixture(scope="module")
def grid() -> Any:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import printed_coverage
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    return printed_coverage


def rows(grid: Any) -> list[list[str]]:
    """The cells of the table on the page, without its head."""
    block = grid.BLOCK.search(PAGE.read_text(encoding="utf-8"))[0]
    return [line.strip("| ").split(" | ") for line in block.splitlines() if line.startswith("| ")][2:]


def cells(grid: Any) -> dict[str, Any]:
    return {cell.key: cell for cell in grid.all_cells()}


def measured(grid: Any) -> list[list[str]]:
    """The rows of which a cell was measured that prints an interval."""
    return [row for row in rows(grid) if row[6] != "none"]


def test_the_page_has_a_row_for_each_kind_of_number(grid):
    counts = collections.Counter(cell.kind for cell in grid.all_cells())
    assert [(row[0], int(row[1])) for row in rows(grid)] == list(counts.items())
    assert all(0 < int(row[2]) <= int(row[1]) for row in rows(grid))


def test_no_kind_on_the_page_covers_less_than_is_promised(grid):
    for row in measured(grid):
        assert float(row[4]) >= LEAST, row
        assert row[5] == "exact" or float(row[5]) <= 0.5, row


def test_the_worst_cells_on_the_page_are_cells_of_the_grid(grid):
    assert all(f"{row[0]}: {row[6]}" in cells(grid) for row in measured(grid))


def test_right_or_wrong_without_clusters_is_never_too_few(grid):
    silent = {row[0]: row[3] for row in rows(grid)}
    assert [silent[kind] for kind in ("right or wrong", "difference, right or wrong")] == ["0", "0"]


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ("accuracy     0.950   stderr 0.050   95 % interval 0.732 to 0.997   n = 20", (0.732, 0.997)),
        ("difference   -1.000  -1.000 to -0.430    5", (-1.0, -0.43)),
        ("bleu         1,234.5   95 % interval 1,200.1 to 1,300.9", (1200.1, 1300.9)),
        ("grade        5.000   95 % interval too few to say   n = 3", None),
    ],
)
def test_an_interval_is_read_from_its_line(grid, line, ends):
    assert grid.ends_of(line) == ends


def test_a_line_without_an_interval_is_an_error(grid):
    with pytest.raises(ValueError, match="no interval"):
        grid.ends_of("accuracy     0.950")


def test_all_lost_and_all_tied_have_an_interval_with_a_width(grid):
    found = cells(grid)
    rng = np.random.default_rng(1)
    for name in ("1 and 0, n = 5", "1 and 1, n = 5", "0 and 0, n = 1000"):
        low, high = grid.ends_of(found[f"difference, right or wrong: {name}"].draw(rng))
        assert -1 <= low < high <= 1


@pytest.mark.slow
def test_the_worst_cells_hold_the_truth_as_often_as_they_promise(grid):
    """The cell that covers least of each kind, drawn anew and read from the printed text."""
    found = cells(grid)
    for row in measured(grid):
        cell = found[f"{row[0]}: {row[6]}"]
        if cell.is_slow:
            continue
        again = grid.measure(cell)
        assert again.covers + 3 * again.error >= LEAST, cell.key
        assert again.covers == pytest.approx(float(row[4]), abs=0.06 if row[5] == "exact" else 2.5), cell.key
