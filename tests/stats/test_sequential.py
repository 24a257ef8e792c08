"""Confidence sequences against enumeration, their formulas written as loops, and what a stopping rule must do."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from evals.stats.sequential import (
    Bets,
    BettingSequence,
    Decision,
    betting_excludes,
    empirical_bernstein_sequence,
    log_gains,
)


def draw(seed: int, n: int, wins: float, losses: float) -> np.ndarray:
    return np.random.default_rng(seed).choice([1.0, -1.0, 0.0], n, p=[wins, losses, 1 - wins - losses])


def fed(differences, alpha: float = 0.05) -> BettingSequence:
    sequence = BettingSequence(alpha)
    for difference in differences:
        sequence.update(difference)
    return sequence


def capital(path, candidate: float) -> tuple[float, float]:
    bets, up, down = Bets(0.05), 0.0, 0.0
    for x in path:
        gains = log_gains(x, candidate, bets.next_bet())
        bets.see(x)
        up, down = up + float(gains[0]), down + float(gains[1])
    return math.exp(up), math.exp(down)


def test_capital_against_the_true_mean_stays_one_on_average_over_every_path():
    chances = {0.0: 0.2, 0.5: 0.3, 1.0: 0.5}
    up = down = 0.0
    for path in itertools.product(chances, repeat=7):
        share = math.prod(chances[x] for x in path)
        one, other = capital(path, 0.65)
        up, down = up + share * one, down + share * other
    assert (up, down) == pytest.approx((1, 1))


def test_bets_are_the_formula_of_the_paper():
    path = [1.0, 0.5, 0.0, 0.5]
    bets = Bets(0.05)
    for x in path:
        bets.see(x)
    means = [(0.5 + sum(path[: i + 1])) / (i + 2) for i in range(4)]
    variance = (0.25 + sum((x - mean) ** 2 for x, mean in zip(path, means, strict=True))) / 5
    assert bets.next_bet() == pytest.approx(math.sqrt(2 * math.log(2 / 0.05) / (variance * 5 * math.log(6))))


@pytest.mark.parametrize("truth", [(0.3, 0.1), (0.1, 0.1), (0.02, 0.3)])
def test_one_run_at_a_time_and_many_runs_at_once_reject_the_same(truth):
    differences = draw(1, 400, *truth)
    sequence = fed(differences)
    for candidate in (-0.5, -0.1, 0.0, 0.1, 0.4):
        sign = betting_excludes(differences, candidate)[-1]
        assert (sequence.interval.low >= candidate) == (sign == 1)
        assert (sequence.interval.high <= candidate) == (sign == -1)


def test_empirical_bernstein_equals_its_formula_as_a_loop():
    differences = draw(2, 60, 0.4, 0.1)
    x = (differences + 1) / 2
    weight = weighted = cost = 0.0
    best, total, squares, mean = -1.0, 0.5, 0.25, 0.5
    for t, value in enumerate(x, start=1):
        bet = min(0.5, math.sqrt(2 * math.log(40) / (squares * math.log(1 + t))))
        weight, weighted = weight + bet, weighted + bet * value
        cost += 4 * (value - mean) ** 2 * (-math.log(1 - bet) - bet) / 4
        total += value
        mean = total / (t + 1)
        squares += (value - mean) ** 2
        best = max(best, 2 * (weighted - math.log(40) - cost) / weight - 1)
    assert empirical_bernstein_sequence(differences).low[-1] == pytest.approx(best)


def test_intervals_shrink_around_the_truth_and_never_widen():
    differences = draw(3, 3000, 0.3, 0.1)
    sequence, last = BettingSequence(), 2.0
    for difference in differences:
        sequence.update(difference)
        assert sequence.interval.width <= last
        last = sequence.interval.width
    assert 0.2 in sequence.interval
    assert last < 0.12
    closed = empirical_bernstein_sequence(np.stack([differences, -differences]))
    assert closed.low[0, -1] == pytest.approx(-closed.high[1, -1])
    assert closed.low[0, -1] < 0.2 < closed.high[0, -1]


def test_decisions_name_the_better_model_or_that_neither_is():
    assert fed(draw(4, 300, 0.4, 0.1)).decision() is Decision.A_BETTER
    assert fed(draw(4, 300, 0.1, 0.4)).decision() is Decision.B_BETTER
    alike = fed(draw(4, 3000, 0.02, 0.02))
    assert alike.decision(0.03) is Decision.EQUIVALENT
    assert alike.decision() is Decision.UNDECIDED
    assert alike.decision(0.001) is Decision.UNDECIDED


def test_models_that_never_differ_are_found_equivalent_soon():
    assert fed([0.0] * 300).decision(0.02) is Decision.UNDECIDED
    assert fed([0.0] * 1200).decision(0.02) is Decision.EQUIVALENT


def test_nothing_is_known_before_the_first_sample_and_little_after_it():
    sequence = BettingSequence()
    assert (sequence.interval.low, sequence.interval.high) == (-1, 1)
    assert math.isnan(sequence.mean)
    sequence.update(1.0)
    assert sequence.decision(0.5) is Decision.UNDECIDED
    assert (sequence.n, sequence.mean) == (1, 1)
    assert empirical_bernstein_sequence([]).low.shape == (0,)


@pytest.mark.parametrize("difference", [1.01, -2, math.nan])
def test_differences_out_of_range_are_refused(difference):
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        BettingSequence().update(difference)
