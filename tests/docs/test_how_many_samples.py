"""The tables of docs/how-many-samples.md: computed again here, by other means than the package's own."""

from __future__ import annotations

import math
import re
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from evals.stats.intervals import wilson
from evals.stats.noninferiority import smallest_n
from evals.stats.paired_method import detectable_from
from evals.stats.power import design_effect, difference_sd, samples_needed

PAGE = (Path(__file__).parents[2] / "docs" / "how-many-samples.md").read_text(encoding="utf-8")
CORRELATIONS = (0.0, 0.3, 0.5, 0.7)


def table_after(test: str) -> dict[float, list[str]]:
    """Number in the first cell -> the other cells, of the table under the comment that names this test."""
    part = PAGE.partition(f"::{test} -->")[2].strip().split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines()[2:]]
    return {float(row[0].replace(",", "")): row[1:] for row in rows}


def number(cell: str) -> float:
    return float(cell.replace(",", ""))


def test_the_intervals_of_one_score():
    """Wilson 1927, written out: the p with |p - score| = z sqrt(p (1 - p) / n)."""
    z = NormalDist().inv_cdf(0.975)
    table = table_after("test_the_intervals_of_one_score")
    assert len(table) == 8
    for n, cells in table.items():
        for score, cell in zip((0.5, 0.8, 0.95), cells, strict=True):
            share = round(score * n) / n
            middle = (share + z * z / (2 * n)) / (1 + z * z / n)
            half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
            assert cell == f"{100 * (middle - half):.1f} to {100 * (middle + half):.1f}"
            assert wilson(round(score * n), n) == pytest.approx((middle - half, middle + half), abs=1e-9)


def test_the_detectable_drops():
    table = table_after("test_the_detectable_drops")
    assert len(table) == 8
    for n, cells in table.items():
        drops = [detectable_from(0.8, int(n), correlation) for correlation in CORRELATIONS]
        assert [number(cell) for cell in cells] == [pytest.approx(100 * drop, abs=0.06) for drop in drops]


@pytest.mark.parametrize(("n", "correlation"), [(100, 0.0), (200, 0.5), (500, 0.3), (2000, 0.7)])
def test_a_drop_of_the_table_is_detected_four_times_in_five(n, correlation):
    """Simulated runs, and McNemar's test with continuity correction: |wins - losses| - 1 over sqrt(wins + losses)."""
    drop = number(table_after("test_the_detectable_drops")[n][CORRELATIONS.index(correlation)]) / 100
    before, after = 0.8, 0.8 - drop
    both = before * after + correlation * math.sqrt(before * (1 - before) * after * (1 - after))
    lost, won = before - both, after - both
    counts = np.random.default_rng(5).multinomial(n, [lost, won, 1 - lost - won], size=20_000)
    gap, changed = counts[:, 0] - counts[:, 1], counts[:, 0] + counts[:, 1]
    detected = (gap - 1) / np.sqrt(np.maximum(changed, 1)) >= 1.959964
    assert detected.mean() == pytest.approx(0.8, abs=0.025)


def test_the_samples_needed():
    """((z of 97.5 % + z of 80 %) sd / difference)^2, with the variance of the difference of two correlated answers."""
    factor = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
    table = table_after("test_the_samples_needed")
    assert len(table) == 6
    for points, cells in table.items():
        for correlation, cell in zip(CORRELATIONS, cells, strict=True):
            variance = 2 * 0.8 * 0.2 * (1 - correlation)
            expected = math.ceil(factor**2 * variance / (points / 100) ** 2 - 1e-9)
            assert number(cell) == expected
            assert samples_needed(points / 100, difference_sd(0.8, correlation)) == expected


def test_the_numbers_in_the_sentences(capsys):
    assert smallest_n(0.02) == 6
    assert 1 / design_effect(10, 0.2) == pytest.approx(0.36, abs=0.005)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(code, {})
    assert int(capsys.readouterr().out) == math.ceil((1.959964 + 0.841621) ** 2 * 2 * 0.9 * 0.1 * 0.5 / 0.03**2)
