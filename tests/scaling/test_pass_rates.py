from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from evals.scaling.pass_rates import (
    PassCounts,
    difficulty_buckets,
    drop_unsolved,
    halves,
    log_pass_rate_inverse,
    target_score,
)
from evals.scaling.runs import BadTable


@pytest.mark.parametrize(("p", "r"), [(0.1, 1), (0.5, 1), (0.3, 3), (0.8, 2)])
def test_the_estimate_from_the_rth_pass_has_no_bias(p, r):
    """Summed over all trials at which the r-th pass may come, by the negative binomial distribution."""
    trials = np.arange(r, 2000)
    ways = np.array([math.lgamma(k) - math.lgamma(r) - math.lgamma(k - r + 1) for k in trials])
    chance = np.exp(ways + r * math.log(p) + (trials - r) * math.log1p(-p))
    assert chance.sum() == pytest.approx(1)
    assert (chance * log_pass_rate_inverse(np.full(len(trials), r), trials)).sum() == pytest.approx(
        math.log(p), rel=1e-9
    )


def test_the_first_pass_gives_minus_a_harmonic_number():
    assert log_pass_rate_inverse(1, 5) == pytest.approx(-(1 + 1 / 2 + 1 / 3 + 1 / 4))
    assert log_pass_rate_inverse(1, 1) == 0.0
    with pytest.raises(BadTable, match="trial r or later"):
        log_pass_rate_inverse(3, 2)


def test_a_problem_that_a_model_never_passed_is_dropped_with_its_cause():
    counts = PassCounts.of([2e9, 1e9], [[5, 3, 1], [2, 0, 0]], 10, models=["large", "small"], problems=["p", "q", "r"])
    assert counts.models == ("small", "large")
    kept, dropped = drop_unsolved(counts)
    assert kept.problems == ("p",)
    assert [(one.problem, one.models) for one in dropped] == [("q", ("small",)), ("r", ("small",))]


def test_the_buckets_of_149_problems_are_those_of_the_report():
    logs = np.random.default_rng(0).exponential(1, (4, 164))
    buckets = difficulty_buckets(logs)
    assert [len(rows) for rows in buckets] == [25, 25, 25, 25, 25, 24]
    means = logs.mean(axis=0)
    assert all(means[a].max() <= means[b].min() for a, b in itertools.pairwise(buckets))
    assert np.sort(np.concatenate(buckets)).tolist() == np.sort(np.argsort(means)[:149]).tolist()


def test_ties_go_by_id():
    buckets = difficulty_buckets([[1.0, 1.0, 1.0, 1.0]], hardest=0, n_buckets=2, ids=["d", "b", "c", "a"])
    assert [rows.tolist() for rows in buckets] == [[3, 1], [2, 0]]


def test_halves_add_up_and_are_drawn_without_replacement():
    counts = PassCounts.of([1e9], [[0, 10, 5] * 400], 10)
    first, second = halves(counts, np.random.default_rng(0))
    assert (first.passes + second.passes).tolist() == counts.passes.tolist()
    assert set(first.draws.ravel()) == {5.0}
    assert set(first.passes[0, 1::3]) == {5.0}
    # Hypergeometric: 5 of 10 drawn, 5 passes among them, variance 5 x 1/2 x 1/2 x 5/9.
    assert first.passes[0, 2::3].mean() == pytest.approx(2.5, abs=0.15)
    assert first.passes[0, 2::3].var() == pytest.approx(25 / 36, rel=0.2)


def test_a_target_that_never_passes_a_problem_has_a_bound():
    found = target_score([5, 0, 10], 10)
    assert found.is_lower_bound
    assert found.n_zero == 1
    assert found.value == pytest.approx(-(math.log(0.5) + math.log(0.1) + 0) / 3)
    assert not target_score([5, 1], [10, 20]).is_lower_bound


@pytest.mark.parametrize(
    ("passes", "draws", "said"),
    [
        ([[1, 11]], 10, "model 0 has 11 passes of 10 draws on problem 1"),
        ([[1, -1]], 10, "-1 passes"),
        ([[1, 0.5]], 10, "0.5 passes"),
        ([[1, math.nan]], 10, "nan passes"),
        ([[1, 2]], [10, 10], "one for each count"),
        ([[1, 2], [1, 2]], 10, "one row a model"),
    ],
)
def test_counts_that_are_none_are_refused(passes, draws, said):
    with pytest.raises(BadTable, match=said):
        PassCounts.of([1e9], passes, draws)


def test_a_problem_that_is_there_twice_is_refused():
    with pytest.raises(BadTable, match="problems: p is there twice"):
        PassCounts.of([1e9], [[1, 2]], 10, problems=["p", "p"])
