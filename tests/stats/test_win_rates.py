"""Win rates against closed forms, and the rate at equal length against a second fit and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize

from evals.stats.proportions import wilson_interval
from evals.stats.win_rates import win_rate


def test_the_published_win_rate_has_its_wilson_interval() -> None:
    """70.2 % of 5,214 judgements, as in the GPT-4 Technical Report: 0.689 to 0.714."""
    found = win_rate(np.repeat([1.0, 0.0], [3660, 1554]))
    assert (round(found.rate.interval.low, 3), round(found.rate.interval.high, 3)) == (0.689, 0.714)
    assert (found.wins, found.losses, found.ties) == (3660, 1554, 0)


def test_ties_are_half_wins_and_left_out_of_the_decided_rate() -> None:
    found = win_rate([1, 1, 1, 0, 0.5, 0.5])
    assert found.rate.value == pytest.approx((3 + 2 / 2) / 6)
    assert found.decided.value == 0.75
    assert found.decided.interval == wilson_interval(3, 4) or found.decided.n == 4
    assert (found.wins, found.losses, found.ties) == (3, 1, 2)


def test_graded_judgements_have_the_mean_and_its_standard_error() -> None:
    values = np.array([0.97, 0.2, 0.5, 0.81, 0.02, 0.6])
    found = win_rate(values)
    assert found.rate.value == pytest.approx(values.mean())
    assert found.rate.stderr == pytest.approx(values.std(ddof=1) / math.sqrt(6))


def test_several_judgements_of_a_prompt_are_a_cluster() -> None:
    outcomes, prompts = np.repeat([1.0, 0.0] * 20, 5), np.repeat(np.arange(40), 5)
    alone, clustered = win_rate(outcomes), win_rate(outcomes, prompts=prompts.tolist())
    assert clustered.rate.value == alone.rate.value
    assert clustered.rate.stderr == pytest.approx(alone.rate.stderr * math.sqrt(5), rel=0.03)


def test_the_rate_at_equal_length_is_that_of_a_second_fit() -> None:
    rng = np.random.default_rng(4)
    lengths = rng.lognormal(6, 0.5, size=(400, 2))
    gap = np.log((lengths[:, 0] + 1) / (lengths[:, 1] + 1))
    outcomes = (rng.random(400) < 1 / (1 + np.exp(-(0.3 + 1.5 * gap)))).astype(float)

    def loss(at: np.ndarray) -> float:
        eta = at[0] + at[1] * gap
        return float(np.sum(np.logaddexp(0, eta) - outcomes * eta))

    best = optimize.minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12}).x
    found = win_rate(outcomes, lengths=lengths).at_equal_length
    assert found.value == pytest.approx(1 / (1 + math.exp(-best[0])), abs=1e-6)


def test_the_interval_at_equal_length_holds_the_truth() -> None:
    rng, hits = np.random.default_rng(5), 0
    for _ in range(400):
        lengths = rng.lognormal(6, 0.5, size=(300, 2))
        gap = np.log((lengths[:, 0] + 1) / (lengths[:, 1] + 1))
        outcomes = (rng.random(300) < 1 / (1 + np.exp(-(0.2 + gap)))).astype(float)
        hits += 1 / (1 + math.exp(-0.2)) in win_rate(outcomes, lengths=lengths).at_equal_length.interval
    assert 0.92 <= hits / 400 <= 0.98


def styled(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lengths, counts of two marks, and the differences that a fit uses; the second mark is rare."""
    lengths, counts = rng.lognormal(6, 0.5, size=(n, 2)), rng.poisson([3.0, 0.3], size=(n, 2, 2))
    apart, both = counts[:, 0] - counts[:, 1], counts.sum(axis=1)
    shares = np.where(both > 0, apart / np.maximum(both, 1), 0.0)
    return lengths, counts, np.column_stack([np.log((lengths[:, 0] + 1) / (lengths[:, 1] + 1)), shares])


def test_the_rate_at_equal_style_is_that_of_a_second_fit() -> None:
    rng = np.random.default_rng(6)
    lengths, counts, gaps = styled(rng, 500)
    outcomes = (rng.random(500) < 1 / (1 + np.exp(-(0.2 + gaps @ [1.0, 0.8, -0.5])))).astype(float)

    def loss(at: np.ndarray) -> float:
        eta = at[0] + gaps @ at[1:]
        return float(np.sum(np.logaddexp(0, eta) - outcomes * eta))

    best = optimize.minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9}).x
    found = win_rate(outcomes, lengths=lengths, styles=counts).at_equal_style
    assert found.value == pytest.approx(1 / (1 + math.exp(-best[0])), abs=1e-6)


def test_the_interval_at_equal_style_holds_the_truth_where_the_plain_rate_does_not() -> None:
    rng, hits, plain = np.random.default_rng(7), 0, 0
    for _ in range(300):
        lengths, counts, gaps = styled(rng, 400)
        counts[:, 0, 0] += 3
        both = counts.sum(axis=1)
        gaps[:, 1:] = np.where(both > 0, (counts[:, 0] - counts[:, 1]) / np.maximum(both, 1), 0.0)
        outcomes = (rng.random(400) < 1 / (1 + np.exp(-(gaps @ [0.5, 2.0, 0.5])))).astype(float)
        found = win_rate(outcomes, lengths=lengths, styles=counts)
        hits, plain = hits + (0.5 in found.at_equal_style.interval), plain + (0.5 in found.rate.interval)
    assert 0.92 <= hits / 300 <= 0.98
    assert plain / 300 < 0.2


def test_marks_that_never_differ_leave_the_rate_at_equal_length() -> None:
    rng = np.random.default_rng(8)
    lengths, outcomes = rng.lognormal(6, 0.5, size=(60, 2)), rng.integers(0, 2, 60).astype(float)
    found = win_rate(outcomes, lengths=lengths, styles=np.ones((60, 2, 3)))
    assert found.at_equal_style == found.at_equal_length


@pytest.mark.parametrize("lengths", [None, np.ones((40, 2)), np.full((40, 2), np.nan)])
def test_without_lengths_that_differ_nothing_is_said_of_them(lengths: np.ndarray | None) -> None:
    assert not win_rate([1.0, 0.0] * 20, lengths=lengths).at_equal_length.interval.defined


def test_a_perfectly_separated_length_has_no_fit() -> None:
    lengths = np.array([[200.0, 100.0]] * 20 + [[100.0, 200.0]] * 20)
    assert not win_rate([1.0] * 20 + [0.0] * 20, lengths=lengths).at_equal_length.interval.defined


def test_an_outcome_outside_of_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0"):
        win_rate([1.0, 2.0])
