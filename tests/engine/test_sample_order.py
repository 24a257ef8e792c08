"""The order of samples: a permutation, the same for everyone, of which a cap takes the beginning."""

from __future__ import annotations

import random

import pytest

from evals.engine.sample_order import sample_order


@pytest.mark.parametrize("n", [0, 1, 2, 10, 1000])
def test_the_order_is_the_shuffle_of_openai_evals(n):
    indices = list(range(n))
    random.Random(123).shuffle(indices)
    assert list(sample_order(n)) == indices
    assert sorted(sample_order(n)) == list(range(n))


@pytest.mark.parametrize("cap", [0, 1, 7, 100, 500])
def test_a_cap_takes_the_beginning(cap):
    assert list(sample_order(100, cap)) == list(sample_order(100))[:cap]


def test_a_million_samples_take_four_bytes_each():
    order = sample_order(1_000_000)
    assert order.itemsize * len(order) == 4_000_000
