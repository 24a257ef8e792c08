"""Lettered options."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from evals import formatting
from evals.suite.choice.options import make_abc


def test_options_are_lettered_in_order_and_the_letter_of_the_right_one_is_told():
    assert make_abc(["red", "green", "blue"], correct_idx=2, shuffle=False) == ("A) red\nB) green\nC) blue", "C")


@pytest.mark.parametrize("seed", range(20))
def test_the_letter_follows_the_right_option_through_the_shuffle(seed):
    options, letter = make_abc(["red", "green", "blue", "pink"], correct_idx=1, rng=Random(seed))
    assert f"{letter}) green" in options.split("\n")
    assert sorted(line[3:] for line in options.split("\n")) == ["blue", "green", "pink", "red"]


def test_the_same_generator_gives_the_same_order():
    answers = [str(i) for i in range(10)]
    assert make_abc(answers, rng=Random(5)) == make_abc(answers, rng=Random(5))


def test_the_right_option_takes_every_place():
    places = Counter(make_abc(["x", "y", "z"], rng=Random(seed))[1] for seed in range(300))
    assert set(places) == {"A", "B", "C"}
    assert min(places.values()) > 60


def test_a_shuffle_needs_a_generator():
    with pytest.raises(ValueError, match="rng"):
        make_abc(["x", "y"])


def test_the_path_of_openai_evals_leads_to_the_same_function():
    assert formatting.make_abc is make_abc
