"""Objects travel by their attributes, and none of these takes the place of what a class does."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import pytest

from evals.sandbox.inside.attributes import restore, state
from evals.sandbox.inside.codec import Decoder, Encoder
from evals.sandbox.inside.wire import Malformed


@dataclass(frozen=True)
class Point:
    x: int
    y: list = field(default_factory=list)


@dataclass
class Slotted:
    __slots__ = ("a", "b")
    a: int
    b: int


class Both(Slotted):
    """Has slots of its base, and a `__dict__`."""


class Judged:
    limit = 3

    def is_valid(self):
        return False

    @property
    def name(self):
        return "name"

    @functools.cached_property
    def slow(self):
        return 5

    @staticmethod
    def made():
        return 1


def encoder() -> Encoder:
    return Encoder(lambda value, encoder: NotImplemented)


def copied(value):
    copy = object.__new__(type(value))
    restore(Decoder({}), copy, state(encoder(), value))
    return copy


def test_a_frozen_dataclass_is_copied():
    assert copied(Point(1, [2])) == Point(1, [2])


def test_attributes_in_slots_are_copied_too():
    both = Both(1, 2)
    both.c = 3
    assert state(encoder(), both) == [["c", 3], ["a", 1], ["b", 2]]
    assert copied(Slotted(1, 2)) == Slotted(1, 2)


def test_a_slot_that_is_empty_is_left_out():
    half = object.__new__(Slotted)
    half.a = 1
    assert state(encoder(), half) == [["a", 1]]


@pytest.mark.parametrize("name", ["is_valid", "name", "made"])
def test_an_attribute_in_the_place_of_a_method_is_malformed(name):
    with pytest.raises(Malformed, match=f"in the place of its class's {name}"):
        restore(Decoder({}), Judged(), [[name, True]])


@pytest.mark.parametrize("name", ["__class__", "__dict__", "a b", "", "1"])
def test_a_name_that_is_no_plain_attribute_is_malformed(name):
    with pytest.raises(Malformed, match="has an attribute"):
        restore(Decoder({}), Judged(), [[name, True]])


def test_what_a_class_computes_once_is_computed_here():
    judged = Judged()
    restore(Decoder({}), judged, [["slow", 16], ["limit", 4]])
    assert (judged.slow, judged.limit) == (5, 4)
