"""The scores of our papers: the best, the worst, and random ones computed a second time from the rules as they are told."""

from __future__ import annotations

import csv
import itertools
import math
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from evals.exams.marking import Mark
from evals.exams.paper import Paper
from evals.exams.read_paper import load_paper
from evals.exams.score import Outcome, score_paper
from evals.registry.roots import bundled_data_root

Shares = dict[str, Fraction]
"Question id to the share of its points."


def paper_of(name: str, form: str | None = None) -> Paper:
    return load_paper(bundled_data_root() / f"exam-{name}", form)


def outcome_of(paper: Paper, shares: Shares) -> Outcome:
    marks = {name: [Mark.of_share(float(share))] for name, share in shares.items()}
    return score_paper(paper, marks).full


def all_at(paper: Paper, share: int) -> Shares:
    return {item.id: Fraction(share) for item in paper.items}


def table(name: str, file: str) -> list[tuple[Fraction, Fraction]]:
    path: Path = bundled_data_root() / f"exam-{name}" / "tables" / file
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [(Fraction(row[0]), Fraction(row[1])) for row in list(csv.reader(lines))[1:]]


def between(name: str, file: str, at: Fraction) -> Fraction:
    """The table's value on the straight line between two rows."""
    rows = table(name, file)
    for (x1, y1), (x2, y2) in itertools.pairwise(rows):
        if x1 <= at <= x2:
            return y1 + (y2 - y1) * (at - x1) / (x2 - x1)
    raise AssertionError(at)


def half_up(value: Fraction, to: Fraction = Fraction(1)) -> Fraction:
    return math.floor(value / to + Fraction(1, 2)) * to


def half_even(value: Fraction) -> int:
    return round(value)


def clamped(value: Fraction, most: int) -> Fraction:
    return min(max(value, Fraction(0)), Fraction(most))


def share_of(paper: Paper, section: str, shares: Shares) -> Fraction:
    items = paper.section(section).scored
    earned = sum((shares[item.id] * Fraction(item.points) for item in items), Fraction(0))
    return earned / sum(Fraction(item.points) for item in items)


def admission(paper: Paper, shares: Shares) -> Fraction:
    reading = between("admission", "reading.csv", 52 * share_of(paper, "reading", shares))
    writing = between("admission", "writing.csv", 44 * share_of(paper, "writing", shares))
    math_scale = between("admission", "math.csv", 58 * share_of(paper, "math", shares))
    return half_up(10 * (reading + writing), Fraction(10)) + half_up(math_scale, Fraction(10))


def graduate(paper: Paper, shares: Shares) -> Fraction:
    return sum((half_up(130 + 40 * share_of(paper, name, shares)) for name in ("verbal", "quant")), Fraction(0))


def programming(paper: Paper, shares: Shares) -> Fraction:
    written = sorted(4 * shares[name] for name in ("E1", "E2", "E3"))[1:]
    code, mcq = share_of(paper, "code", shares), share_of(paper, "mcq", shares)
    composite = half_even(50 * mcq + 40 * code + Fraction(5, 4) * sum(written))
    return Fraction(1 + sum(composite >= limit for limit in (36, 47, 62, 78)))


def contest(paper: Paper, shares: Shares) -> Fraction:
    return 6 * sum(shares.values(), Fraction(0))


def bar(paper: Paper, shares: Shares) -> Fraction:
    scaled = between("bar", "mbe.csv", 175 * share_of(paper, "mcq", shares))
    essays = 6 * (shares["E1"] + shares["E2"] + shares["E3"]) / 3
    task = 6 * max(shares["T1"], shares["T2"])
    essays_scaled = clamped(140 + 16 * (essays - Fraction("3.2")) / Fraction("0.8"), 200)
    task_scaled = clamped(140 + 16 * (task - Fraction("3.4")) / Fraction("0.9"), 200)
    return half_up(scaled + essays_scaled * Fraction(6, 10) + task_scaled * Fraction(4, 10))


def driving(paper: Paper, shares: Shares) -> Fraction:
    parts = {name: share_of(paper, name, shares) for name in ("rules", "signs", "numbers")}
    critical = sum(item.critical and shares[item.id] == 0 for item in paper.items)
    points = 40 * parts["rules"] + 35 * parts["signs"] + 25 * parts["numbers"] - 3 * critical
    return Fraction(math.floor(clamped(points, 100)))


def pocket(paper: Paper, shares: Shares) -> Fraction:
    weights = {"choice": 20, "sums": 35, "words": 20, "facts": 25}
    composite = sum((weight * share_of(paper, name, shares) for name, weight in weights.items()), Fraction(0))
    return half_up(200 + 6 * composite, Fraction(10))


RULES: dict[str, Callable[[Paper, Shares], Fraction]] = {
    "admission": admission,
    "graduate": graduate,
    "programming": programming,
    "contest": contest,
    "bar": bar,
    "driving": driving,
    "pocket": pocket,
}
ENDS = {
    "admission": (400, 1600),
    "graduate": (260, 340),
    "programming": (1, 5),
    "contest": (0, 150),
    "bar": (77, 392),
    "driving": (0, 100),
    "pocket": (200, 800),
}
"With nothing right, and with everything."


def random_shares(paper: Paper, rng: random.Random) -> Shares:
    """Right or wrong; half marks too where graders mark. Some runs are good and some are bad."""
    ability = rng.random()
    found = {}
    for item in paper.items:
        share = Fraction(rng.random() < ability)
        graded = item.kind in ("free", "essay")
        found[item.id] = Fraction(rng.randint(0, int(2 * item.points)), int(2 * item.points)) if graded else share
    return found


@pytest.mark.parametrize("name", list(RULES))
def test_scores_are_those_of_the_rules(name: str) -> None:
    paper, rng = paper_of(name), random.Random(5)
    for _ in range(40):
        shares = random_shares(paper, rng)
        # Half a point of rounding may lie on either side where the sum is a float; none of these cases does.
        assert outcome_of(paper, shares).final == pytest.approx(float(RULES[name](paper, shares)))


@pytest.mark.parametrize("name", list(ENDS))
def test_nothing_right_and_everything_right_are_the_ends_of_the_scale(name: str) -> None:
    paper = paper_of(name)
    assert [outcome_of(paper, all_at(paper, share)).final for share in (0, 1)] == list(ENDS[name])


@pytest.mark.parametrize("name", list(ENDS))
def test_the_best_score_is_at_the_top_of_every_population_and_passes(name: str) -> None:
    paper = paper_of(name)
    best, worst = (outcome_of(paper, all_at(paper, share)) for share in (1, 0))
    assert all(one.high >= 99.9 for one in best.percentiles)
    assert all(one.low == 0 for one in worst.percentiles if name != "bar")
    assert all(rule.passed for rule in best.passes)
    assert not any(rule.passed for rule in worst.passes)


def test_a_blank_contest_earns_a_quarter_and_both_forms_have_the_same_scale() -> None:
    for form in ("dev", "holdout"):
        paper = paper_of("contest", form)
        marks = {item.id: [Mark("blank")] for item in paper.items}
        found = score_paper(paper, marks).full
        assert found.final == 37.5
        assert found.percentiles[0].status == "invented"


def test_one_critical_error_fails_a_driving_paper_that_is_good_enough_otherwise() -> None:
    paper = paper_of("driving")
    shares = all_at(paper, 1) | {"G1": Fraction(0)}
    found = outcome_of(paper, shares)
    assert found.final >= 85
    assert [rule.passed for rule in found.passes] == [False]
    other = outcome_of(paper, all_at(paper, 1) | {"G6": Fraction(0)})
    assert [rule.passed for rule in other.passes] == [True]


def test_the_same_bar_score_has_another_rank_in_every_population() -> None:
    paper = paper_of("bar")
    lows = []
    for percentile in paper.percentiles:
        table_of = percentile.tables[0]
        at = 298.0
        below = max(place for place, score in enumerate(table_of.scores) if score <= at)
        step = (at - table_of.scores[below]) / (table_of.scores[below + 1] - table_of.scores[below])
        lows.append(table_of.low[below] + step * (table_of.low[below + 1] - table_of.low[below]))
    assert lows == pytest.approx([68, 90, 62, 48], abs=1)


def test_questions_on_trial_change_nothing() -> None:
    for name, trial in (("admission", ["M15"]), ("bar", ["M25", "M26"])):
        paper = paper_of(name)
        shares = all_at(paper, 1) | dict.fromkeys(trial, Fraction(0))
        assert outcome_of(paper, shares).final == ENDS[name][1]
