"""Values of the tests go out as what they are, and the program's come in as classes of the tests."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import pytest

from evals.sandbox.inside.codec import Decoder, Encoder
from evals.sandbox.inside.wire import Malformed
from evals.sandbox.tester.exits import Died
from evals.sandbox.tester.proxies import Proxies
from evals.sandbox.tester.values import Values


@dataclass
class Point:
    x: int
    y: object = None


class Color(enum.Enum):
    RED = 1


class Late(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"late by {code}")
        self.code = code


class Nobody:
    """A program that is asked for nothing."""

    is_over = False

    def request(self, *args, **kwargs):
        raise AssertionError("nothing may be asked of it")


NAMESPACE = {"Point": Point, "Color": Color, "Late": Late, "Died": Died, "number": 3}


@pytest.fixture
def values() -> Values:
    return Values(
        Proxies(Nobody(), False, frozenset()), frozenset({"Point", "Color", "Late", "Died", "number"}), NAMESPACE
    )


def encoded(values: Values, value):
    return Encoder(values.special).encode(value)


def decoded(values: Values, data):
    return Decoder(values.readers).decode(data)


def test_instances_of_shared_classes_travel_by_their_attributes(values):
    assert encoded(values, Point(1, [2])) == {"o": ["Point", [["x", 1], ["y", [2]]]]}
    assert decoded(values, {"o": ["Point", [["x", 1], ["y", [2]]]]}) == Point(1, [2])


def test_an_object_that_holds_itself_comes_back_as_that(values):
    point = Point(1)
    point.y = point
    data = encoded(values, point)
    found = decoded(values, data)
    assert found.y is found


def test_members_of_shared_enumerations_are_the_same_ones_here(values):
    assert encoded(values, Color.RED) == {"e": ["Color", "RED"]}
    assert decoded(values, {"e": ["Color", "RED"]}) is Color.RED


def test_functions_and_iterators_of_the_tests_stay_here_and_get_numbers(values):
    def twice(n):
        return 2 * n

    assert encoded(values, [twice, iter([1])]) == [{"cb": 0}, {"it": 1}]
    assert decoded(values, {"cb": 0}) is twice


def test_exceptions_travel_by_the_names_of_their_classes_and_their_arguments(values):
    assert encoded(values, Late(3)) == {"ex": [["Late", "Exception"], ["late by 3"], [["code", 3]]]}
    found = decoded(values, {"ex": [["Late"], ["late by 3"], [["code", 3]]]})
    assert (type(found), found.args, found.code) == (Late, ("late by 3",), 3)
    assert encoded(values, KeyError([1])) == {"ex": [["KeyError", "LookupError", "Exception"], [[1]], []]}


def test_a_proxy_goes_back_by_its_number(values):
    proxy = decoded(values, {"h": ["function", 5, "g"]})
    assert encoded(values, proxy) == {"k": 5}


@pytest.mark.parametrize("value", [object(), object])
def test_what_is_neither_cannot_leave(values, value):
    if value is object:
        assert encoded(values, value) == {"y": "object"}
    else:
        with pytest.raises(Malformed, match="an object of type object"):
            encoded(values, value)


@pytest.mark.parametrize(
    "data",
    [
        {"o": ["Unknown", []]}, {"o": ["number", []]}, {"o": ["Point"]}, {"o": 5}, {"o": ["Point", [["__class__", 1]]]},
        {"e": ["Point", "x"]}, {"e": ["Color", "BLUE"]}, {"e": ["Unknown", "RED"]}, {"cb": 0}, {"it": "x"}, {"ex": [5, [], []]},
        {"ex": [["KeyError"], []]}, {"ex": [["KeyError"], [], [["__class__", 1]]]}, {"h": ["strange", 1]}, {"h": []}, {"k": 1},
    ],
)  # fmt: skip
def test_what_no_honest_program_sends_is_malformed(values, data):
    with pytest.raises(Malformed):
        decoded(values, data)


def test_an_exception_of_no_known_class_is_a_plain_one_and_none_ends_a_check(values):
    assert type(values.exception(["Unknown"], [], "x")) is Exception
    assert type(values.exception(["Died", "BaseException"], [], "x")) is BaseException
    assert type(values.exception(["number"], [], "x")) is Exception
