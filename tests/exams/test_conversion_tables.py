"""Every conversion and percentile table that comes with the package: there and back, rising, and bounded."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.exams.catalogue import catalogue
from evals.exams.files import PaperFolder
from evals.exams.paper import Lookup, Origin, Paper, Percentile, Table
from evals.exams.percentiles import percentile_ranges
from evals.exams.pipeline import look_up
from evals.exams.read_paper import load_paper
from evals.exams.tables import read_table
from evals.registry.roots import bundled_data_root

DATA = bundled_data_root()
PAPERS = [load_paper(path.parent) for path in sorted(DATA.glob("exam-*/exam.yaml"))]
ORIGIN = Origin("tests", "republished")


def of_catalogue() -> list[tuple[str, Table]]:
    folder = PaperFolder(DATA / "exam-catalogue")
    named = [("lsat_raw_to_scaled", "scaled"), *(("sat_raw_to_scaled", to) for to in ("reading", "writing", "math"))]
    files = [(f"tables/{file}.csv", to) for file, to in named]
    return [(f"{file} {to}", read_table(folder.table(file, file), file, "raw", to, ORIGIN)) for file, to in files]


def of_paper(paper: Paper) -> list[tuple[str, Table]]:
    return [(f"{paper.id} {step.set}", step.table) for step in paper.score if isinstance(step, Lookup)]


CONVERSIONS = dict([*of_catalogue(), *(one for paper in PAPERS for one in of_paper(paper))])
PERCENTILES = {
    f"{name} {one.population}": one
    for name, found in [
        *((paper.id, paper.percentiles) for paper in PAPERS),
        *((exam.id, exam.percentiles) for exam in catalogue()),
    ]
    for one in found
}
SCORES = st.lists(st.floats(-50, 1700), min_size=2, max_size=40)


def test_there_are_tables_to_try() -> None:
    assert len(PAPERS) >= 6
    assert len(CONVERSIONS) >= 8
    assert len(PERCENTILES) >= 40


@pytest.mark.parametrize("name", CONVERSIONS)
def test_scores_go_through_a_conversion_and_back(name: str) -> None:
    """The lowest score that reaches a value gives that value, and the score before it a smaller one."""
    table = CONVERSIONS[name]
    step = Lookup("out", "exam.yaml:1", "raw", table, "error")
    assert look_up(step, np.array(table.scores)).tolist() == list(table.values)
    for value in sorted(set(table.values)):
        at = bisect_left(table.values, value)
        assert look_up(step, np.array([table.scores[at]]))[0] == value
        assert at == 0 or look_up(step, np.array([table.scores[at - 1]]))[0] < value


@pytest.mark.parametrize("name", CONVERSIONS)
@pytest.mark.parametrize("between", ["floor", "interpolate"])
@settings(max_examples=20)
@given(scores=SCORES)
def test_conversions_rise_and_stay_within_their_ends(name: str, between: str, scores: list[float]) -> None:
    table = CONVERSIONS[name]
    step = Lookup("out", "exam.yaml:1", "raw", table, between)  # type: ignore[arg-type]
    found = look_up(step, np.array(sorted(scores))).tolist()
    assert found == sorted(found)
    assert table.values[0] <= found[0]
    assert found[-1] <= table.values[-1]


@pytest.mark.parametrize("name", PERCENTILES)
def test_a_tabulated_score_has_the_range_of_its_row(name: str) -> None:
    one = PERCENTILES[name]
    for table in one.tables if len(one.tables) == 1 else ():
        found = percentile_ranges(one, np.array(table.scores))
        assert (found.low.tolist(), found.high.tolist()) == (list(table.low), list(table.high))
        assert not found.off_table.any()


@pytest.mark.parametrize("name", PERCENTILES)
@settings(max_examples=20)
@given(scores=SCORES)
def test_percentiles_rise_stay_in_0_to_100_and_say_when_they_are_clamped(name: str, scores: list[float]) -> None:
    one: Percentile = PERCENTILES[name]
    ordered = np.array(sorted(scores))
    found = percentile_ranges(one, ordered)
    for ends in (found.low.tolist(), found.high.tolist()):
        assert ends == sorted(ends)
        assert all(0 <= end <= 100 for end in ends)
    assert bool(np.all(found.low <= found.high))
    lowest, highest = min(table.scores[0] for table in one.tables), max(table.scores[-1] for table in one.tables)
    rounded = np.round(ordered, 9)
    assert found.off_table.tolist() == [float(x > highest) - float(x < lowest) for x in rounded]
