"""Scores on all, clean and contaminated samples: the arithmetic of the GPT-4 Technical Report, and intervals."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_runs import write_run

from evals.contamination.clean_scores import CleanScores, clean_scores, degradation, weighted_share
from evals.contamination.contamination import Contamination, ItemReport
from evals.contamination.items import Rule
from evals.contamination.unit_findings import ItemFindings
from evals.errors import UsageError
from evals.record.score_arrays import read_score_arrays

HERE = Path(__file__).parent


def table(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


TABLE_9, TABLE_10 = table("gpt4_report_table_9.csv"), table("gpt4_report_table_10.csv")
SCORED_BY_ITEM = [row for row in TABLE_10 if "(FRQ)" not in row["exam_part"] and row["degradation_pct"]]
"Parts whose score is the share of right answers."
OTHER_SCORES = ("Writing", "Semifinal")


def contamination(n: int, bad: set[int], short: set[int] = frozenset()) -> Contamination:  # type: ignore[assignment]
    items = [
        ItemReport(
            sample_id=f"sums.test.{number}",
            too_short=number in short,
            findings=ItemFindings({0: 1} if number in bad else {}, n_documents=int(number in bad)),
            n_substrings=0 if number in short else 3,
            coverage=math.nan,
            only_frequent=False,
        )
        for number in range(n)
    ]
    return Contamination("sums.test.v1", Rule(), ("input",), tuple(items), (), n, 1, 1, 1, 0)


def scored(folder: Path, scores: list[float], found: Contamination, **more: Any) -> CleanScores:
    run = read_score_arrays(write_run(folder / "run.jsonl", scores, labels=more.get("labels")))
    other = read_score_arrays(write_run(folder / "other.jsonl", more["other"])) if "other" in more else None
    return clean_scores(run, found, other=other)


@pytest.mark.parametrize("row", [row for row in TABLE_10 if row["degradation_pct"]], ids=lambda row: row["exam_part"])
def test_degradation_is_that_of_table_10(row: dict[str, str]) -> None:
    """Printed scores have two decimals, so the quotient is good to 0.03 points."""
    value = 100 * degradation(float(row["all_pct"]), float(row["clean_pct"]))
    assert value == pytest.approx(float(row["degradation_pct"]), abs=0.03)


@pytest.mark.parametrize("row", SCORED_BY_ITEM, ids=lambda row: row["exam_part"])
def test_parts_of_table_10_follow_from_right_and_wrong_answers(row: dict[str, str], tmp_path: Path) -> None:
    """From the number of questions and the two parts' scores: share, score on all, degradation."""
    n = int(row["n_questions"])
    n_bad = round(n * float(row["contaminated_pct"]) / 100)
    right_bad = round(n_bad * float(row["contaminated_only_pct"] or 0) / 100)
    right_clean = round((n - n_bad) * float(row["clean_pct"]) / 100)
    scores = [float(i < right_bad) for i in range(n_bad)] + [float(i < right_clean) for i in range(n - n_bad)]
    found = scored(tmp_path, scores, contamination(n, set(range(n_bad))))
    assert 100 * n_bad / n == pytest.approx(float(row["contaminated_pct"]), abs=0.006)
    assert 100 * found.all.value == pytest.approx(float(row["all_pct"]), abs=0.006)
    assert 100 * found.clean.value == pytest.approx(float(row["clean_pct"]), abs=0.006)
    if n_bad:
        assert 100 * found.contaminated.value == pytest.approx(float(row["contaminated_only_pct"]), abs=0.006)
        assert 100 * found.degradation == pytest.approx(float(row["degradation_pct"]), abs=0.011)
    else:
        assert math.isnan(found.contaminated.value)
        assert found.contaminated.n == 0


def test_a_part_without_clean_samples_has_no_clean_score_and_no_degradation(tmp_path: Path) -> None:
    found = scored(tmp_path, [1, 0, 1], contamination(3, {0, 1, 2}))
    assert (found.all.value, found.clean.n, found.contaminated.n) == (pytest.approx(2 / 3), 0, 3)
    assert math.isnan(found.clean.value)
    assert math.isnan(found.degradation)
    assert math.isnan(found.difference.value)


@pytest.mark.parametrize("row", TABLE_9, ids=lambda row: row["exam"])
def test_an_exams_share_in_table_9_is_that_of_its_sections_in_table_10(row: dict[str, str]) -> None:
    by_part = {one["exam_part"]: float(one["contaminated_pct"]) for one in TABLE_10}
    shares = [by_part[f"{row['exam']} ({section})"] for section in ("MCQ", "FRQ")]
    value = weighted_share(shares, [float(row["mcq_weight_pct"]), float(row["frq_weight_pct"])])
    assert abs(value - float(row["contaminated_pct"])) <= 0.5


def test_samples_that_are_too_short_are_in_all_alone(tmp_path: Path) -> None:
    found = scored(tmp_path, [1, 1, 0, 0, 1], contamination(5, {0}, {3, 4}))
    assert (found.all.n, found.clean.n, found.contaminated.n, found.n_unjudged) == (5, 2, 1, 2)
    assert (found.all.value, found.clean.value, found.contaminated.value) == (0.6, 0.5, 1.0)


def test_samples_without_a_score_are_counted_and_not_scored(tmp_path: Path) -> None:
    found = scored(tmp_path, [1, None, 0, 1], contamination(4, {0, 1}))  # type: ignore[list-item]
    assert (found.all.n, found.contaminated.n, found.n_unscored) == (3, 1, 1)


def test_samples_that_were_not_looked_for_are_left_out(tmp_path: Path) -> None:
    found = scored(tmp_path, [1, 0, 1, 1, 1, 1], contamination(3, {0}))
    assert (found.all.n, found.clean.value) == (3, 0.5)


def test_a_record_of_another_eval_is_an_error(tmp_path: Path) -> None:
    run = read_score_arrays(write_run(tmp_path / "run.jsonl", [1, 0], eval_name="other.test.v1"))
    with pytest.raises(UsageError, match="none of the samples"):
        clean_scores(run, contamination(2, {0}))


def test_the_interval_of_degradation_covers_the_truth(tmp_path: Path) -> None:
    """Clean 0.6, contaminated 0.9, a third of them contaminated: all 0.7, degradation -1/7."""
    rng, covered = np.random.default_rng(5), []
    bad = set(range(80))
    run = read_score_arrays(write_run(tmp_path / "run.jsonl", [0.0] * 240))
    for _ in range(400):
        scores = (rng.random(240) < np.repeat([0.9, 0.6], [80, 160])).astype(float)
        drawn = type(run)(**{**run.__dict__, "scores": scores})
        covered.append(-1 / 7 in clean_scores(drawn, contamination(240, bad)).degradation_interval)
    assert 0.92 <= np.mean(covered) <= 0.98


def test_against_another_run_easier_samples_are_no_contamination(tmp_path: Path) -> None:
    """Both models are better on the contaminated samples, which are easier; the gain is the same on both parts."""
    easy, hard = [1.0, 1.0, 1.0, 0.0] * 10, [1.0, 0.0, 0.0, 0.0] * 10
    found = scored(tmp_path, easy + hard, contamination(80, set(range(40))), other=easy + hard)
    assert found.difference.value == -0.5
    assert found.against is not None
    assert found.against.difference.value == 0
    assert 0 in found.against.difference.interval


def test_against_another_run_the_gain_on_contaminated_samples_shows(tmp_path: Path) -> None:
    fair = [1.0, 0.0] * 40
    leaked = [1.0] * 40 + fair[40:]
    found = scored(tmp_path, leaked, contamination(80, set(range(40))), other=fair)
    assert found.against is not None
    assert (found.against.gain_clean, found.against.gain_contaminated) == (0, 0.5)
    # No sample got worse, so that the gain is a rate of 20 of 40: Clopper and Pearson have 0.338 to 0.662.
    gained = found.against.gain_contaminated_interval
    assert (gained.low, gained.high) == pytest.approx((0.338, 0.662), abs=0.02)
    assert 0 in found.against.gain_clean_interval
    assert found.against.difference.interval.high < -0.3
    assert (found.against.difference.n_first, found.against.difference.n_second) == (40, 40)


def test_a_part_without_samples_has_no_gain(tmp_path: Path) -> None:
    found = scored(tmp_path, [1.0, 0.0] * 10, contamination(20, set()), other=[0.0, 0.0] * 10)
    assert found.against is not None
    assert math.isnan(found.against.gain_contaminated)
    assert not found.against.gain_contaminated_interval.defined
    assert found.against.gain_clean == 0.5


def test_passages_with_questions_in_both_parts_are_clusters(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    ease = rng.random(40)
    scores = [float(rng.random() < ease[number % 40]) for number in range(80)]
    labels = [{"cluster": f"p{number % 40}"} for number in range(80)]
    found = scored(tmp_path, scores, contamination(80, set(range(40))), labels=labels)
    assert found.difference.method == "clustered t (CR2)"
    assert found.difference.interval.defined
