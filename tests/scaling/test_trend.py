"""Trends over compute: labels of known shapes, a second implementation, and how often the labels are wrong."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from scipy.optimize import curve_fit
from scipy.special import expit
from scipy.stats import norm
from scipy.stats import t as t_distribution

from evals.scaling.trend import Slope, Trend, classify_trend

N = 315


def ladder(n_models: int) -> np.ndarray:
    return np.geomspace(1e18, 1e18 * 10 ** (n_models - 1), n_models)


def trend_of(accuracies: list[float]) -> Trend:
    return classify_trend(ladder(len(accuracies)), [round(N * one) for one in accuracies], [N] * len(accuracies))


@pytest.mark.parametrize(
    ("accuracies", "label"),
    [
        ([0.5, 0.4, 0.3, 0.2], "inverse"),
        ([0.25, 0.3, 0.5, 0.7, 0.9], "positive"),
        ([0.8, 0.5, 0.4, 0.5, 0.8], "U"),
        ([0.2, 0.5, 0.6, 0.5, 0.2], "inverted-U"),
        ([0.5, 0.52, 0.49, 0.5], "flat"),
        ([0.6, 0.4], "inverse"),
        ([0.8, 0.5, 0.8], "flat"),
    ],
)
def test_shapes_that_can_be_seen_have_their_label(accuracies, label):
    assert trend_of(accuracies).label == label


def test_a_turn_needs_four_models():
    assert trend_of([0.8, 0.5, 0.8]).low_end is None
    assert trend_of([0.8, 0.5, 0.5, 0.8]).label == "U"


def test_models_of_one_size_count_as_models_and_order_does_not_matter():
    compute, right = [1e20, 1e18, 1e19, 1e18, 1e20], [80, 250, 160, 240, 90]
    found = classify_trend(compute, right, [N] * 5)
    order = np.argsort(right)
    again = classify_trend(np.array(compute)[order], np.array(right)[order], [N] * 5)
    assert (found.label, found.n_models, found.decades) == ("inverse", 5, pytest.approx(2))
    assert again.line.per_decade == pytest.approx(found.line.per_decade, rel=1e-12)


def by_curve_fit(compute: np.ndarray, right: np.ndarray, degree: int, at: float) -> tuple[float, float, int, float]:
    """Slope, its error, degrees of freedom and scatter by scipy's curve_fit, its derivative by differences."""
    x, hits, misses = np.log10(compute / 1e18), right + 0.5, N - right + 0.5
    y, sigma = np.log(hits / misses), np.sqrt(1 / hits + 1 / misses)

    def law(x, *p):
        return sum(value * x**power for power, value in enumerate(p))

    best, covariance = curve_fit(law, x, y, p0=[0.1] * (degree + 1), sigma=sigma, absolute_sigma=True)
    step = 1e-4

    def slope(p):
        return (law(at + step, *p) - law(at - step, *p)) / (2 * step)

    gradient = np.array([(slope(best + row) - slope(best - row)) / 2e-3 for row in 1e-3 * np.eye(degree + 1)])
    df = len(x) - degree - 1
    scatter = float((((y - law(x, *best)) / sigma) ** 2).sum() / df)
    return slope(best), math.sqrt(gradient @ covariance @ gradient), df, scatter


def same(found: Slope, expected: tuple[float, float, int, float]) -> None:
    value, error, df, scatter = expected
    wide = math.sqrt(max(1.0, scatter)) * error
    half = (t_distribution.ppf(0.975, df) if scatter > 1 else norm.ppf(0.975)) * wide
    assert found.per_decade == pytest.approx(value, rel=1e-5, abs=1e-8)
    assert found.stderr == pytest.approx(wide, rel=1e-5)
    assert (found.interval.low, found.interval.high) == pytest.approx((value - half, value + half), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("scatter", [0.0, 0.6])
def test_slopes_and_intervals_are_those_of_scipys_weighted_fit(scatter):
    rng = np.random.default_rng(3)
    compute = 1e18 * 10 ** np.array([0.0, 0.7, 1.1, 2.0, 2.4, 3.0])
    right = rng.binomial(N, expit(0.2 - 0.3 * np.log10(compute / 1e18) + rng.normal(0, scatter, 6))).astype(float)
    found = classify_trend(compute, right, [N] * 6)
    assert found.low_end is not None
    assert found.high_end is not None
    same(found.line, by_curve_fit(compute, right, 1, 1.0))
    same(found.low_end, by_curve_fit(compute, right, 2, 0.0))
    same(found.high_end, by_curve_fit(compute, right, 2, 3.0))


def labels_of(log_odds: list[float], *, scatter: float = 0.0, draws: int = 1000) -> dict[str, float]:
    """Share of each label over ladders whose models have these log odds, and a scatter of their own around them."""
    rng = np.random.default_rng(11)
    n_models = len(log_odds)
    counts: Counter[str] = Counter()
    for _ in range(draws):
        right = rng.binomial(N, expit(np.array(log_odds) + rng.normal(0, scatter, n_models)))
        counts[classify_trend(ladder(n_models), right, [N] * n_models).label] += 1
    return {label: count / draws for label, count in counts.items()}


@pytest.mark.parametrize("n_models", [4, 6, 9])
def test_without_a_trend_about_one_ladder_in_twenty_gets_a_label(n_models):
    assert 0.92 < labels_of([0.3] * n_models)["flat"] < 0.98


@pytest.mark.slow
@pytest.mark.parametrize(("n_models", "least"), [(4, 0.80), (6, 0.89), (9, 0.89)])
def test_scatter_of_the_models_makes_few_false_labels_but_with_four_models_more(n_models, least):
    assert labels_of([0.3] * n_models, scatter=0.3)["flat"] > least


@pytest.mark.parametrize(
    ("log_odds", "label"),
    [
        ([0.6, 0.2, -0.2, -0.6], "inverse"),
        ([1.2, 0.0, -0.4, 0.0, 1.2], "U"),
        ([-1.2, 0.0, 0.4, 0.0, -1.2], "inverted-U"),
    ],
)
def test_a_trend_of_such_a_size_is_found_nearly_always(log_odds, label):
    assert labels_of(log_odds, draws=400).get(label, 0) > 0.95


def test_intervals_of_both_end_slopes_hold_the_true_ones():
    rng = np.random.default_rng(5)
    x = np.arange(6.0)
    held = np.zeros(2)
    for _ in range(1000):
        right = rng.binomial(N, expit(0.8 - 0.8 * x + 0.13 * x**2))
        found = classify_trend(ladder(6), right, [N] * 6)
        assert found.low_end is not None
        assert found.high_end is not None
        held += [-0.8 in found.low_end.interval, -0.8 + 2 * 0.13 * 5 in found.high_end.interval]
    assert (held / 1000 > 0.94).all()


def test_a_curve_that_levels_off_is_told_from_one_that_turns():
    """A parabola through points that level off comes down again behind them; no model does."""
    levels = classify_trend(ladder(6), [30, 200, 260, 266, 266, 266], [N] * 6)
    turns = trend_of([0.2, 0.5, 0.6, 0.5, 0.2])
    assert levels.turn_is_seen is not True
    assert turns.turn_is_seen is True
    assert trend_of([0.5, 0.4, 0.3, 0.2]).turn_is_seen is None


def test_no_right_answer_at_all_is_a_number_and_not_an_infinity():
    found = trend_of([0.5, 0.2, 0.0, 0.0])
    assert found.label == "inverse"
    assert math.isfinite(found.line.stderr)


@pytest.mark.parametrize(
    ("compute", "right", "n", "said"),
    [
        ([1e18], [3], [5], "2 different amounts"),
        ([1e18, 1e18], [3, 4], [5, 5], "2 different amounts"),
        ([1e18, math.nan], [3, 4], [5, 5], "positive and finite"),
        ([1e18, 0], [3, 4], [5, 5], "positive and finite"),
        ([1e18, 1e19], [3, 6], [5, 5], "6 right of 5"),
        ([1e18, 1e19], [3, 0], [5, 0], "0 right of 0"),
        ([1e18, 1e19], [3, 4, 5], [5, 5, 5], "shapes"),
    ],
)
def test_what_is_no_ladder_is_refused(compute, right, n, said):
    with pytest.raises(ValueError, match=said):
        classify_trend(compute, right, n)
