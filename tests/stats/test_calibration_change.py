"""The paired Brier score of two runs, against scipy's paired t test on scores that are worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evals.stats.calibration_change import brier_change
from evals.stats.calibration_errors import Points, option_points


def test_the_change_is_that_of_the_sum_of_squares_over_options() -> None:
    before = option_points(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([0, 1]))
    after = option_points(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]))
    # Before: 0.25 + 0.25 each. After: 0.01 + 0.01, and 0.64 + 0.64.
    assert brier_change(before, after).value == pytest.approx((0.02 + 1.28) / 2 - 0.5)


def test_interval_and_p_are_those_of_a_paired_t_test() -> None:
    rng = np.random.default_rng(1)
    logits, answers = rng.normal(size=(80, 4)), rng.integers(0, 4, 80)
    runs = [np.exp(t * logits) / np.exp(t * logits).sum(axis=1, keepdims=True) for t in (1.0, 2.0)]
    scores = [((p - np.eye(4)[answers]) ** 2).sum(axis=1) for p in runs]
    wanted = stats.ttest_rel(scores[1], scores[0])
    found = brier_change(*(option_points(p, answers) for p in runs))
    assert found.p_value == pytest.approx(wanted.pvalue)
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(wanted.confidence_interval()))


def test_another_number_of_questions_is_refused() -> None:
    one, two = (Points(np.full(n, 0.5), np.ones(n), np.arange(n), n) for n in (3, 4))
    with pytest.raises(ValueError, match="the same questions are needed, got 3 and 4"):
        brier_change(one, two)
