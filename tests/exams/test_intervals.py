"""Bootstrap intervals of a score: what is drawn, what is not, and how often they hold the truth."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, norm, t

from evals.exams.intervals import draw_sums, extremes_of, score_intervals, sheet_intervals
from evals.exams.marking import Mark
from evals.exams.paper import Paper
from evals.exams.read_paper import load_paper
from evals.exams.sheet import Sheet, make_sheet
from evals.stats.arrays import Array

PAPERS = Path(__file__).parent / "papers"
N_ITEMS = 60


def write(folder: Path, clusters: int | None = None, n_items: int = N_ITEMS) -> Paper:
    """Two sections of n_items questions each: one counts as it is, one through a table; then a weighted sum."""
    folder.mkdir(exist_ok=True)
    rows = []
    for section in "AB":
        for number in range(n_items):
            cluster = "" if clusters is None else f', "cluster": "{section}-{number % clusters}"'
            rows.append(
                f'{{"id": "{section}{number}", "section": "{section}", "kind": "mcq", "stem": "s", '
                f'"options": {{"A": "a", "B": "b"}}, "answer": "A"{cluster}}}'
            )
    (folder / "items.jsonl").write_text("\n".join(rows))
    scale = "".join(f"{raw},{200 + 600 * raw / n_items}\n" for raw in range(n_items + 1))
    (folder / "scale.csv").write_text(f"# source: tests\n# status: invented\nraw,scaled\n{scale}")
    below = "".join(f"{score},{100 * score / 1000}\n" for score in range(1000))
    (folder / "below.csv").write_text(f"# source: tests\n# status: invented\nscore,low\n{below}")
    (folder / "exam.yaml").write_text(
        """id: two
version: 1
source: tests
sections:
  - {id: A, items: {file: items.jsonl, where: {section: A}}}
  - {id: B, items: {file: items.jsonl, where: {section: B}}}
score:
  - {set: a, op: raw, section: A, of: fraction}
  - {set: b_raw, op: raw, section: B}
  - {set: b, op: lookup, value: b_raw, table: scale.csv, between: interpolate}
  - {set: final, op: weighted, of: {a: 300, b: 0.5}}
percentile: {on: final, table: below.csv, population: everyone, between: interpolate}
"""
    )
    return load_paper(folder)


def sheet_of(paper: Paper, points: Array) -> Sheet:
    empty = make_sheet(paper, {})
    return Sheet(empty.items, points, 1 - points, empty.maxima)


def test_the_standard_error_of_the_interval_is_that_of_a_weighted_sum_of_means(tmp_path: Path) -> None:
    paper = write(tmp_path)
    points = (np.arange(2 * N_ITEMS) % 3 > 0).astype(np.float64)
    found = sheet_intervals(paper, sheet_of(paper, points), rng=np.random.default_rng(1), n_draws=20_000)
    # Widened for few units: the quantile of t with 118 degrees of freedom, times sqrt(120 / 118).
    # final = 300 mean(A) + 100 + 300 mean(B), each mean with variance p (1 - p) / n for n draws with replacement.
    spread = [part.var() / N_ITEMS for part in (points[:N_ITEMS], points[N_ITEMS:])]
    stderr = 300 * math.sqrt(sum(spread))
    # Scores are multiples of 5, and so are the ends.
    assert found.final.width == pytest.approx(2 * t.ppf(0.975, 118) * math.sqrt(120 / 118) * stderr, abs=5)
    assert found.percentiles[0].width == pytest.approx(found.final.width / 10, rel=0.03)
    assert (found.n_units, found.n_items) == (120, 120)


@pytest.mark.parametrize("n_kinds", [3, 400])
def test_drawing_kinds_of_questions_and_drawing_questions_give_the_same_spread(n_kinds: int) -> None:
    rows = np.linspace(0, 1, n_kinds)[np.arange(400) % n_kinds][:, None]
    sums = draw_sums(rows, np.zeros(400, dtype=np.int64), 20_000, np.random.default_rng(3))
    assert sums.mean() == pytest.approx(rows.sum(), rel=0.002)
    assert sums.std() == pytest.approx(math.sqrt(400) * rows.std(), rel=0.02)


def test_bundles_are_drawn_as_a_whole(tmp_path: Path) -> None:
    paper = write(tmp_path, clusters=12)
    points = np.tile((np.arange(N_ITEMS) % 12 > 3).astype(np.float64), 2)
    found = sheet_intervals(paper, sheet_of(paper, points), rng=np.random.default_rng(1), n_draws=20_000)
    # Every question of a bundle is alike, so there are 12 units a section with p = 2/3 and not 60.
    stderr = 300 * math.sqrt(2 * (2 / 3) * (1 / 3) / 12)
    assert found.final.width == pytest.approx(2 * t.ppf(0.975, 22) * math.sqrt(24 / 22) * stderr, rel=0.06)
    assert found.n_units == 24


def test_the_same_seed_gives_the_same_interval(tmp_path: Path) -> None:
    paper = write(tmp_path)
    sheet = sheet_of(paper, (np.arange(2 * N_ITEMS) % 3 > 0).astype(np.float64))
    ends = [sheet_intervals(paper, sheet, rng=np.random.default_rng(5), n_draws=500).final for _ in range(2)]
    assert ends[0] == ends[1]


def test_a_question_that_is_scored_by_itself_is_in_every_draw() -> None:
    paper = load_paper(PAPERS / "harbour")
    marks: dict[str, list[Mark | None]] = {item.id: [Mark.of_share(0.5)] for item in paper.items}
    found = score_intervals(paper, marks, rng=np.random.default_rng(1), n_draws=200)
    assert found.values["essay"].width == 0
    assert found.values["essay"].low == 3
    assert found.n_units == 9


def test_grades_stay_grades_and_every_value_has_an_interval() -> None:
    paper = load_paper(PAPERS / "harbour")
    right = {"A1", "A2", "A4", "B1", "C1"}
    marks: dict[str, list[Mark | None]] = {item.id: [Mark.of_share(float(item.id in right))] for item in paper.items}
    found = score_intervals(paper, marks, rng=np.random.default_rng(1))
    assert {found.final.low, found.final.high} <= {1, 2, 3, 4, 5}
    assert list(found.values) == [step.set for step in paper.score]
    assert {found.percentiles[0].low, found.percentiles[0].high} <= {0, 12, 35, 65, 87}


def test_the_clean_score_has_an_interval_of_its_own(tmp_path: Path) -> None:
    paper = write(tmp_path)
    marks: dict[str, list[Mark | None]] = {
        item.id: [Mark.of_share(float(number % 3 > 0))] for number, item in enumerate(paper.items)
    }
    half = [item.id for number, item in enumerate(paper.items) if number % 2]
    whole, clean = (
        score_intervals(paper, marks, rng=np.random.default_rng(1), contaminated=found) for found in (None, half)
    )
    assert clean.n_items == 60
    assert clean.final.width == pytest.approx(whole.final.width * math.sqrt(2), rel=0.1)


def one_section(folder: Path, n_items: int) -> Paper:
    """One section whose questions are worth a point each."""
    folder.mkdir(exist_ok=True)
    row = '"section": "A", "kind": "mcq", "stem": "s", "options": {"A": "a", "B": "b"}, "answer": "A"'
    (folder / "items.jsonl").write_text("\n".join(f'{{"id": "{i}", {row}}}' for i in range(n_items)))
    (folder / "exam.yaml").write_text(
        "id: one\nversion: 1\nsource: tests\nsections: [{id: A, items: items.jsonl}]\n"
        "score: [{set: final, op: raw, section: A}]\n"
    )
    return load_paper(folder)


def test_a_run_without_a_mistake_has_the_interval_of_two_questions_more_of_each_kind(tmp_path: Path) -> None:
    paper = one_section(tmp_path, 20)
    found = sheet_intervals(paper, sheet_of(paper, np.ones(20)), rng=np.random.default_rng(1), n_draws=20_000)
    # Agresti and Coull: 22 of 24. The tail is that of t with 19 degrees of freedom, times sqrt(20 / 19).
    tail = norm.sf(t.ppf(0.975, 19) * math.sqrt(20 / 19))
    assert (found.final.low, found.final.high) == (binom.ppf(tail, 20, 22 / 24), 20)


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5, 0.95, 0.98, 1.0])
def test_intervals_of_few_questions_hold_the_true_score_near_the_ends_too(tmp_path: Path, p: float) -> None:
    paper = one_section(tmp_path, 20)
    chances = binom.pmf(np.arange(21), 20, p)
    sheets = [sheet_of(paper, (np.arange(20) < hits).astype(np.float64)) for hits in range(21)]
    found = [sheet_intervals(paper, sheet, rng=np.random.default_rng(1)).final for sheet in sheets]
    held = sum(chance for chance, one in zip(chances, found, strict=True) if one.low <= 20 * p <= one.high)
    assert held >= 0.93


def test_a_question_without_marks_costs_what_a_wrong_answer_costs(tmp_path: Path) -> None:
    paper = one_section(tmp_path, 4)
    items = tuple(replace(item, credit=replace(item.credit, wrong=-0.25)) for item in paper.items)
    full, none = extremes_of(Sheet(items, np.ones(4), np.zeros(4), np.ones(4)))
    assert (full.points.tolist(), full.wrong.tolist()) == ([1] * 4, [0] * 4)
    assert (none.points.tolist(), none.wrong.tolist()) == ([-0.25] * 4, [1] * 4)


def test_a_paper_of_questions_that_are_all_scored_alone_has_no_interval(tmp_path: Path) -> None:
    paper = write(tmp_path, n_items=1)
    found = sheet_intervals(paper, sheet_of(paper, np.ones(2)), rng=np.random.default_rng(1))
    assert not found.final.defined
    assert found.n_draws == 0


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [None, 20])
def test_intervals_hold_the_true_score_of_a_known_ability(tmp_path: Path, clusters: int | None) -> None:
    """Answers by a logistic model: P(right) = 1 / (1 + exp(difficulty - ability)), difficulties drawn anew each time."""
    paper = write(tmp_path, clusters, n_items=100)
    rng = np.random.default_rng(11)
    n_runs, held = 1500, 0
    ability, spread = 0.8, 1.0
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    true_rate = float(np.sum(weights / (1 + np.exp(spread * nodes - ability))) / math.sqrt(2 * math.pi))
    truth = 300 * true_rate + 0.5 * (200 + 600 * true_rate)
    groups = np.arange(100) % (clusters or 100)
    for _ in range(n_runs):
        parts = []
        for _ in "AB":
            difficulty = spread * rng.normal(size=clusters or 100)[groups]
            parts.append((rng.random(100) < 1 / (1 + np.exp(difficulty - ability))).astype(np.float64))
        found = sheet_intervals(paper, sheet_of(paper, np.concatenate(parts)), rng=rng, n_draws=600)
        held += truth in found.final
    # Bundles differ less than the questions without and with full marks that are drawn beside them.
    assert 0.93 <= held / n_runs <= (0.97 if clusters is None else 0.99)
