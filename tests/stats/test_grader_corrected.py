"""Scores corrected for a grader's errors: what the estimates are, and how often their intervals hold the truth."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from evals.stats.agreement import cohens_kappa
from evals.stats.grader_corrected import misclassification_corrected, ppi_mean

Scores = NDArray[np.float64]

N_LABELS, N_OTHERS = 100, 2000


def grades(truth: Scores, sensitivity: float, specificity: float, rng: np.random.Generator) -> Scores:
    """A grader's verdicts on samples that humans call right (1) or wrong (0)."""
    right, wrong = rng.random(len(truth)) < sensitivity, rng.random(len(truth)) > specificity
    return np.where(truth == 1, right, wrong).astype(float)


def test_the_estimate_is_that_of_its_formula() -> None:
    labels, graded, others = [1, 0, 1, 1, 0, 1], [1, 0, 1, 0, 1, 1], [1, 1, 0, 1, 0, 1, 1, 1]
    found = ppi_mean(labels, graded, others)
    every = np.array(graded + others, dtype=float)
    weight = np.cov(labels, graded, ddof=1)[0, 1] / ((1 + 6 / 8) * every.var(ddof=1))
    assert found.weight == pytest.approx(weight)
    expected = np.mean(np.array(labels) - weight * np.array(graded)) + weight * np.mean(others)
    assert found.corrected.value == pytest.approx(expected)
    assert (found.naive.value, found.labels_only.value) == (every.mean(), np.mean(labels))
    assert (found.n_labelled, found.n_unlabelled) == (6, 8)


@pytest.mark.slow
def test_the_weight_is_the_one_of_least_variance() -> None:
    """Over many studies, no other weight has a smaller spread of its estimates."""
    rng = np.random.default_rng(1)
    chosen, by_weight = [], {weight: [] for weight in (0.0, 0.3, 0.5, 0.9, 1.0)}  # type: ignore[var-annotated]
    for _ in range(3000):
        truth = (rng.random(600) < 0.7).astype(float)
        graded = grades(truth, 0.9, 0.8, rng)
        chosen.append(ppi_mean(truth[:100], graded[:100], graded[100:]).corrected.value)
        for weight, values in by_weight.items():
            values.append(np.mean(truth[:100] - weight * graded[:100]) + weight * graded[100:].mean())
    assert all(np.std(chosen) <= 1.02 * np.std(values) for values in by_weight.values())


def test_a_grader_that_knows_nothing_leaves_the_labels_alone() -> None:
    rng = np.random.default_rng(2)
    truth, noise = (rng.random(2200) < 0.6).astype(float), (rng.random(2200) < 0.5).astype(float)
    found = ppi_mean(truth[:200], noise[:200], noise[200:])
    assert found.weight < 0.15
    assert found.corrected.interval.width == pytest.approx(found.labels_only.interval.width, rel=0.05)
    constant = ppi_mean(truth[:200], np.ones(200), np.ones(2000))
    assert (constant.weight, constant.corrected.value) == (0, found.labels_only.value)


def test_with_labels_of_all_samples_they_are_the_score() -> None:
    found = ppi_mean([1, 0, 1, 1], [0, 0, 1, 1], [])
    assert (found.corrected.value, found.weight) == (0.75, 0)


@pytest.mark.parametrize("n", [0, 1])
def test_one_label_is_no_interval(n: int) -> None:
    found = ppi_mean([1.0] * n, [1.0] * n, [1.0, 0.0, 1.0])
    assert not found.corrected.interval.defined
    assert math.isnan(found.corrected.value) == (n == 0)


def coverage(study: Callable[[], tuple[bool, bool, float]], n_studies: int) -> tuple[float, float, float]:
    """The share of studies whose corrected interval holds the truth, that of the naive one, and the mean width."""
    held, naive, widths = zip(*(study() for _ in range(n_studies)), strict=True)
    return float(np.mean(held)), float(np.mean(naive)), float(np.mean(widths))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "sensitivity", "specificity"), [(0.5, 0.9, 0.85), (0.7, 0.95, 0.75), (0.8, 0.9, 0.9), (0.3, 0.85, 0.9)]
)
def test_corrected_intervals_cover_the_truth_where_naive_ones_do_not(
    rate: float, sensitivity: float, specificity: float
) -> None:
    rng = np.random.default_rng(3)

    def study() -> tuple[bool, bool, float]:
        truth = (rng.random(N_LABELS + N_OTHERS) < rate).astype(float)
        graded = grades(truth, sensitivity, specificity, rng)
        found = ppi_mean(truth[:N_LABELS], graded[:N_LABELS], graded[N_LABELS:])
        return rate in found.corrected.interval, rate in found.naive.interval, found.corrected.interval.width

    held, naive, _ = coverage(study, 2000)
    assert 0.93 <= held <= 0.97
    assert naive < 0.5


@pytest.mark.slow
def test_at_kappa_of_four_fifths_the_interval_is_at_most_seven_tenths_of_that_of_the_labels() -> None:
    rng = np.random.default_rng(4)
    kappas, ratios, held, held_by_labels = [], [], [], []
    for _ in range(2000):
        truth = (rng.random(N_LABELS + N_OTHERS) < 0.5).astype(float)
        graded = grades(truth, 0.9, 0.9, rng)
        found = ppi_mean(truth[:N_LABELS], graded[:N_LABELS], graded[N_LABELS:])
        ratios.append(found.corrected.interval.width / found.labels_only.interval.width)
        held.append(0.5 in found.corrected.interval)
        held_by_labels.append(0.5 in found.labels_only.interval)
        if len(kappas) < 50:
            kappas.append(cohens_kappa(truth.tolist(), graded.tolist()).value)
    assert np.mean(kappas) == pytest.approx(0.8, abs=0.01)
    assert np.mean(ratios) <= 0.7
    assert np.mean(held) >= np.mean(held_by_labels) - 0.01


@pytest.mark.slow
def test_scores_of_any_kind_are_covered() -> None:
    """Ratings from 1 to 10 by a grader who is too kind by one point."""
    rng = np.random.default_rng(5)

    def study() -> tuple[bool, bool, float]:
        truth = rng.normal(6, 1.5, 1100)
        graded = truth + 1 + rng.normal(0, 1, 1100)
        found = ppi_mean(truth[:100], graded[:100], graded[100:])
        return 6 in found.corrected.interval, 6 in found.naive.interval, found.corrected.interval.width

    held, naive, _ = coverage(study, 2000)
    assert 0.93 <= held <= 0.97
    assert naive == 0


def test_rogan_and_gladens_estimate_is_that_of_its_formula() -> None:
    found = misclassification_corrected(
        [1] * 60 + [0] * 40, [1] * 50 + [0] * 20, [1] * 45 + [0] * 5 + [0] * 16 + [1] * 4
    )
    assert (found.sensitivity, found.specificity) == (0.9, 0.8)
    assert found.corrected.value == pytest.approx((0.6 + 0.8 - 1) / (0.9 + 0.8 - 1))
    assert (found.n_right, found.n_wrong, found.naive.value) == (50, 20, 0.6)
    assert found.corrected.value in found.corrected.interval


@pytest.mark.parametrize(
    ("labels", "graded"), [([1, 1], [1, 1]), ([0, 0], [0, 1]), ([1, 0], [0, 1]), ([1, 0, 1, 0], [1, 1, 0, 0]), ([], [])]
)
def test_a_grader_of_unknown_or_useless_error_corrects_nothing(labels: list[int], graded: list[int]) -> None:
    found = misclassification_corrected([1, 0, 1], labels, graded)
    assert math.isnan(found.corrected.value)
    assert not found.corrected.interval.defined


def test_one_label_of_a_kind_gives_a_rate_and_no_interval_that_is_turned_round() -> None:
    # Sensitivity 1 of 1, specificity 1 of 100: with a hit and a miss more they are 2/3 and 2/102, together below 1.
    found = misclassification_corrected([1] * 60 + [0] * 40, [1] + [0] * 100, [1] + [1] * 99 + [0])
    assert found.sensitivity + found.specificity > 1
    assert not math.isnan(found.corrected.value)
    assert not found.corrected.interval.defined


def test_scores_that_are_no_verdicts_are_refused() -> None:
    with pytest.raises(ValueError, match="use ppi_mean"):
        misclassification_corrected([0.5, 1], [1, 0], [1, 0])


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.9, 0.85), (0.8, 0.7)])
def test_rates_corrected_by_labels_of_another_set_are_covered(
    rate: float, sensitivity: float, specificity: float
) -> None:
    rng = np.random.default_rng(6)
    human = np.repeat([1.0, 0.0], [150, 150])

    def study() -> tuple[bool, bool, float]:
        graded = grades((rng.random(1000) < rate).astype(float), sensitivity, specificity, rng)
        found = misclassification_corrected(graded, human, grades(human, sensitivity, specificity, rng))
        return rate in found.corrected.interval, rate in found.naive.interval, found.corrected.interval.width

    held, naive, _ = coverage(study, 2000)
    assert 0.93 <= held <= 0.975
    assert naive < 0.9
