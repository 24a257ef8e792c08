"""Ratios that stay in [0, 1]: ends of the interval, clusters, and how often the interval holds the truth."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest

from evals.suite.graded.unit_ratio import unit_ratio_keys
from evals.suite.text.text_loss import Ratio


def ratio(pairs: Iterable[tuple[float, float]]) -> Ratio:
    made = Ratio()
    for place, (top, bottom) in enumerate(pairs):
        made.add(str(place), top, bottom)
    return made


@pytest.mark.parametrize(("top", "value"), [(0, 0.0), (3, 1.0)])
def test_a_ratio_of_0_or_1_keeps_an_interval_within_the_unit(top, value):
    low, high = unit_ratio_keys("x", ratio([(top, 3)] * 10), 10)["x_ci95"]
    assert 0 <= low <= value <= high <= 1
    assert high - low > 0.1


def test_a_ratio_without_a_denominator_is_undefined():
    keys = unit_ratio_keys("x", ratio([(0, 0), (0, 0)]), 2)
    assert (keys["x"], keys["x_ci95"]) == (None, None)


def test_another_n_than_that_of_the_report_is_named():
    assert unit_ratio_keys("x", ratio([(1, 2), (1, 1)]), 3)["x_n"] == 2
    assert "x_n" not in unit_ratio_keys("x", ratio([(1, 2), (1, 1)]), 2)


@pytest.mark.slow
@pytest.mark.parametrize("right", [0.5, 0.9])
def test_the_interval_of_the_f_score_holds_the_true_one_in_93_to_98_of_100_samples(right):
    rng, silent, n_draws = Random(1), 0.05, 1000
    truth, hits = 2 * right / (2 - silent), 0
    for _ in range(n_draws):
        drawn = [rng.random() for _ in range(50)]
        keys = unit_ratio_keys("f", ratio((2 * (u < right), 1 + (u <= 1 - silent)) for u in drawn), 50)
        hits += keys["f_ci95"][0] <= truth <= keys["f_ci95"][1]
    assert 0.93 <= hits / n_draws <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("supported", [0.5, 0.9])
def test_the_interval_of_supported_claims_holds_the_true_share_though_those_of_an_answer_depend(supported):
    rng, n_draws, hits = Random(2), 1000, 0
    for _ in range(n_draws):
        pairs = []
        for _ in range(50):
            n_claims, share = rng.randint(0, 6), rng.betavariate(4 * supported, 4 * (1 - supported))
            pairs.append((sum(rng.random() < share for _ in range(n_claims)), n_claims))
        low, high = unit_ratio_keys("s", ratio(pairs), 50)["s_ci95"]
        hits += low <= supported <= high
    assert 0.93 <= hits / n_draws <= 0.98
