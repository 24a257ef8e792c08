"""The mean of a population from labels that were drawn by stratum."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evals.stats.stratified import stratified_mean


def test_each_stratum_counts_as_often_as_it_occurs():
    """90 of 100 lie in `a`: 0.9 * 3/4 + 0.1 * 1/2."""
    found = stratified_mean([1, 1, 1, 0, 1, 0], ["a"] * 4 + ["b"] * 2, {"a": 90, "b": 10})
    assert found.value == pytest.approx(0.9 * 0.75 + 0.1 * 0.5)
    assert found.value in found.interval


def test_the_variance_is_that_of_cochran_with_a_pseudo_label_in_each_stratum():
    values = {"a": [1, 1, 1, 0, 0.5, 0.5], "b": [1, 0]}
    found = stratified_mean([*values["a"], *values["b"]], ["a"] * 6 + ["b"] * 2, {"a": 30, "b": 10})
    variance = 0.0
    for name, weight in (("a", 0.75), ("b", 0.25)):
        extended = [(value, 1.0) for value in values[name]] + [(0.0, 0.5), (1.0, 0.5)]
        total = sum(w for _, w in extended)
        mean = sum(v * w for v, w in extended) / total
        spread = sum(w * (v - mean) ** 2 for v, w in extended) / (total - 1)
        variance += weight**2 * spread / len(values[name])
    assert found.stderr == pytest.approx(math.sqrt(variance))


def test_a_stratum_without_a_label_leaves_the_mean_open():
    found = stratified_mean([1.0, 0.0], ["a", "a"], {"a": 5, "b": 5})
    assert math.isnan(found.value)
    assert not found.interval.defined


def test_a_label_of_no_stratum_or_outside_the_scale_is_refused():
    with pytest.raises(ValueError, match="has no size"):
        stratified_mean([1.0], ["c"], {"a": 5})
    with pytest.raises(ValueError, match="scores in"):
        stratified_mean([2.0], ["a"], {"a": 5})


def test_the_interval_holds_the_mean_of_the_population_as_often_as_it_says():
    """A grader with few verdicts `wrong`: as many labels of each verdict, 600 studies."""
    rng, n_held, n_studies = np.random.default_rng(5), 0, 600
    for _ in range(n_studies):
        truth = rng.random(1000) < 0.8
        verdict = np.where(rng.random(1000) < 0.9, truth, ~truth)
        drawn = np.concatenate([rng.choice(np.flatnonzero(verdict == side), 40, replace=False) for side in (0, 1)])
        sizes = {bool(side): int((verdict == side).sum()) for side in (0, 1)}
        found = stratified_mean(truth[drawn].astype(float), [bool(one) for one in verdict[drawn]], sizes)
        n_held += 0.8 in found.interval
    assert 0.93 <= n_held / n_studies <= 0.985
