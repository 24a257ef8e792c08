"""The orders in which options are shown."""

from __future__ import annotations

from random import Random

from evals.suite.choice.orders import orders_of


def test_the_order_of_the_file_is_one_order_whatever_the_generator() -> None:
    assert orders_of(4, "file", Random(1)) == orders_of(4, "file", Random(2)) == [(0, 1, 2, 3)]


def test_a_shuffle_is_one_order_by_the_generator_alone() -> None:
    first, again = orders_of(6, "shuffled", Random(5)), orders_of(6, "shuffled", Random(5))
    assert first == again
    assert sorted(first[0]) == list(range(6))
    assert len({orders_of(6, "shuffled", Random(seed))[0] for seed in range(50)}) > 40


def test_every_rotation_puts_each_option_once_into_each_place() -> None:
    orders = orders_of(5, "rotations", Random(0))
    assert len(orders) == 5
    assert all(sorted(order) == list(range(5)) for order in orders)
    assert all(sorted(places) == list(range(5)) for places in zip(*orders, strict=True))
