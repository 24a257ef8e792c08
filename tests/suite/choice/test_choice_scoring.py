"""Which option is chosen: letters summed over their forms, floors, mass, normalisations, mc2."""

from __future__ import annotations

import math
from typing import Any

import pytest

from evals.completion import Completions
from evals.suite.choice.scoring import answer_loss, best, letters_in, log_sum, normalised, true_share
from evals.suite.choice.scoring_methods import alternatives_of

ALTERNATIVES = {" A": math.log(0.4), "A": math.log(0.1), " B": math.log(0.2), "b": math.log(0.05)}


def test_a_letter_has_the_probability_of_all_its_forms() -> None:
    found = letters_in(ALTERNATIVES, "ABC", [" ", ""])
    assert [math.exp(value) for value in found.logprobs[:2]] == pytest.approx([0.5, 0.2])
    assert found.mass == pytest.approx(0.7)


def test_a_missing_letter_gets_the_floor_and_adds_nothing_to_the_mass() -> None:
    found = letters_in(ALTERNATIVES, "ABC", [" "], floor=-50.0)
    assert found.logprobs[2] == -50.0
    assert found.floored == (False, False, True)
    assert found.mass == pytest.approx(0.6)


def test_sums_of_tiny_probabilities_do_not_vanish() -> None:
    assert log_sum([-2000.0, -2000.0]) == pytest.approx(-2000.0 + math.log(2))
    assert log_sum([-math.inf, -math.inf]) == -math.inf


@pytest.mark.parametrize(
    ("normalisation", "scores"),
    [
        ("none", [-6.0, -8.0]),
        ("per_token", [-3.0, -2.0]),
        ("per_byte", [-6.0 / 3, -8.0 / 4]),
        ("per_char", [-6.0 / 3, -8.0 / 2]),
        ("unconditional", [-6.0 + 7.0, -8.0 + 8.5]),
    ],
)
def test_normalisations_by_hand(normalisation: str, scores: list[float]) -> None:
    found = normalised([-6.0, -8.0], ["abc", "äö"], [2, 4], normalisation, [-7.0, -8.5])
    assert found == pytest.approx(scores)


def test_the_first_of_equal_scores_is_chosen() -> None:
    assert best([-2.0, -1.0, -1.0]) == 1


def test_mc2_is_the_share_of_the_probability_that_is_true() -> None:
    logprobs = [math.log(p) for p in (0.02, 0.03, 0.01, 0.04)]
    assert true_share(logprobs, [True, False, True, False]) == pytest.approx(0.3)


CHAT = [
    {"content": [{"token": "A", "top_logprobs": [{"token": "A", "logprob": -0.1}, {"token": " B", "logprob": -3}]}]}
]
TEXT = [{"tokens": [" A"], "top_logprobs": [{" A": -0.1, "\u2581B": -3.0, "\u0120C": -4.0}]}]


@pytest.mark.parametrize(
    ("logprobs", "expected"),
    [
        (CHAT, {"A": -0.1, " B": -3.0}),
        (TEXT, {" A": -0.1, " B": -3.0, " C": -4.0}),
        (None, None),
        ([None], None),
        ([{"content": []}], None),
        ([{"content": [{"token": "A", "logprob": -0.1}]}], None),
        ([{"content": [{"token": "A", "top_logprobs": None}]}], None),
        ([{"tokens": [], "top_logprobs": None}], None),
        ([{"tokens": ["A"], "top_logprobs": [{"A": -0.1, "B": None}]}], {"A": -0.1}),
    ],
)
def test_alternatives_are_read_from_every_shape_of_reply(logprobs: Any, expected: dict[str, float] | None) -> None:
    assert alternatives_of(Completions(["A"], logprobs=logprobs)) == expected


def test_the_loss_on_the_right_answer_is_minus_the_log_of_its_share() -> None:
    assert answer_loss([-7.0, -7.0], [True, False]) == pytest.approx(math.log(2))
    assert answer_loss([math.log(0.1), math.log(0.3), math.log(0.2)], [True, False, True]) == pytest.approx(math.log(2))
    assert answer_loss([-3000.0, -2990.0], [True, False]) == pytest.approx(10 + math.log1p(math.exp(-10)))
    assert answer_loss([-math.inf, -1.0], [True, False]) == math.inf


@pytest.mark.parametrize("right", [[True, False, False], [False, True, True]])
def test_the_loss_and_mc2_say_the_same(right: list[bool]) -> None:
    logprobs = [-2.0, -0.5, -1.5]
    assert math.exp(-answer_loss(logprobs, right)) == pytest.approx(true_share(logprobs, right))
