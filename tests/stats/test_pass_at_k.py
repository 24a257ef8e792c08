"""pass@k and its relatives, against exact fractions and against counting every subset."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import pytest

from evals.stats.pass_at_k import best_of_n, maj_at_k, pass_at_k, pass_hat_k


def test_pass_at_k_equals_exact_fractions():
    rng = random.Random(1)
    for _ in range(2000):
        n = rng.randint(1, 1000)
        c, k = rng.randint(0, n), rng.randint(1, n)
        exact = 1 - Fraction(math.comb(n - c, k), math.comb(n, k))
        assert pass_at_k(n, c, k) == pytest.approx(float(exact), rel=1e-14, abs=1e-300)


def test_pass_at_k_keeps_its_digits_where_the_chance_is_small():
    exact = 1 - Fraction(math.comb(10**6 - 1, 3), math.comb(10**6, 3))
    assert pass_at_k(10**6, 1, 3) == pytest.approx(float(exact), rel=1e-15)


@pytest.mark.parametrize(("n", "c", "k", "value"), [(5, 0, 5, 0.0), (5, 5, 1, 1.0), (5, 2, 4, 1.0), (10, 3, 1, 0.3)])
def test_pass_at_k_at_its_edges(n, c, k, value):
    assert pass_at_k(n, c, k) == pytest.approx(value, abs=1e-16)


@pytest.mark.parametrize("estimate", [pass_at_k, pass_hat_k])
def test_fewer_completions_than_k_are_an_error_that_names_the_fix(estimate):
    with pytest.raises(ValueError, match="needs 10 or more completions a problem, got 5: draw more or lower k"):
        estimate(5, 2, 10)


@pytest.mark.parametrize(("n", "c", "k"), [(5, 6, 1), (5, -1, 1), (5, 2, 0)])
def test_counts_that_cannot_be_are_refused(n, c, k):
    with pytest.raises(ValueError, match=r"cannot have passed|k is 1 or more"):
        pass_at_k(n, c, k)


def test_pass_hat_k_equals_counting_every_subset():
    outcomes = [True] * 4 + [False] * 3
    for k in range(1, 8):
        subsets = list(itertools.combinations(outcomes, k))
        assert pass_hat_k(7, 4, k) == pytest.approx(sum(map(all, subsets)) / len(subsets), abs=1e-15)


def elected(chosen: tuple[int, ...], answers: list[str | None], correct: list[bool]) -> Fraction:
    """Brute force: the share of the commonest answers of one subset that are right."""
    votes = [answers[i] for i in chosen if answers[i] is not None]
    if not votes:
        return Fraction(0)
    most = max(map(votes.count, votes))
    winners = {vote for vote in votes if votes.count(vote) == most}
    return Fraction(sum(correct[answers.index(winner)] for winner in winners), len(winners))


def test_maj_at_k_equals_counting_every_subset():
    rng = random.Random(2)
    for _ in range(60):
        answers = [rng.choice(["a", "b", "c", "d", None]) for _ in range(rng.randint(1, 8))]
        right = {letter: rng.random() < 0.5 for letter in "abcd"}
        correct = [answer is not None and right[answer] for answer in answers]
        k = rng.randint(1, len(answers))
        subsets = list(itertools.combinations(range(len(answers)), k))
        expected = sum(elected(chosen, answers, correct) for chosen in subsets) / len(subsets)
        assert maj_at_k(answers, correct, k) == pytest.approx(float(expected), abs=1e-14)


def test_best_of_n_equals_counting_every_subset():
    rng = random.Random(3)
    for _ in range(60):
        n = rng.randint(1, 8)
        scores = [float(rng.randint(0, 3)) for _ in range(n)]
        correct = [rng.random() < 0.5 for _ in range(n)]
        k = rng.randint(1, n)
        values = []
        for chosen in itertools.combinations(range(n), k):
            top = max(scores[i] for i in chosen)
            first = [correct[i] for i in chosen if scores[i] == top]
            values.append(Fraction(sum(first), len(first)))
        assert best_of_n(scores, correct, k) == pytest.approx(float(sum(values) / len(values)), abs=1e-14)


def test_one_vote_and_one_rank_are_pass_at_1():
    correct = [True, False, True, False, False]
    assert maj_at_k(list("abcde"), correct, 1) == pytest.approx(pass_at_k(5, 2, 1))
    assert best_of_n([5, 4, 3, 2, 1], correct, 1) == pytest.approx(pass_at_k(5, 2, 1))


def test_a_scorer_that_knows_the_truth_reaches_pass_at_k():
    correct = [True, True, False, False, False, False]
    assert best_of_n([float(x) for x in correct], correct, 3) == pytest.approx(pass_at_k(6, 2, 3))


def test_a_score_without_rank_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        best_of_n([1.0, math.nan], [True, False], 1)
