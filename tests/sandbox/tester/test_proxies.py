"""A proxy does in the program what is done to it here, and compares by nothing that the program says."""

from __future__ import annotations

import contextlib
import gc
from typing import Any

import pytest

from evals.sandbox.inside.wire import Malformed
from evals.sandbox.tester.exits import Exit
from evals.sandbox.tester.proxies import IteratorProxy, Proxies


class Program:
    """Notes what it is asked for, and gives what was laid out for it."""

    def __init__(self, *gives: Any) -> None:
        self.asked: list[tuple] = []
        self.gives, self.is_over, self.n_changes = list(gives), False, 0

    def ended(self, exit: Exit) -> Exit:
        return exit

    def request(self, operation, target, name="", args=(), kwargs=None):
        self.asked.append((operation, target, name, tuple(args)))
        given = self.gives.pop(0) if self.gives else None
        if isinstance(given, BaseException):
            raise given
        return given


def made(program: Program, data: list, **named):
    return Proxies(program, named.pop("class_under_test", False), frozenset(named.pop("operators", ())), **named).of(
        data
    )


def test_a_function_is_called_there():
    program = Program(5)
    function = made(program, ["function", 3, "g"])
    assert function(1, 2) == 5
    assert program.asked == [("call", 3, "", (1, 2))]
    assert function.__name__ == "g"


def test_attributes_and_methods_are_those_of_the_object_there():
    program = Program(7, None)
    thing = made(program, ["object", 3, 4, "Thing", [], []])
    assert thing.size == 7
    thing.size = 8
    assert program.asked == [("get", 3, "size", ()), ("set", 3, "size", (8,))]
    assert type(thing).__name__ == "Thing"


def test_names_of_python_itself_are_not_asked_for():
    program = Program()
    thing = made(program, ["object", 3, 4, "Thing", [], []])
    assert not hasattr(thing, "__array__")
    assert not hasattr(type(thing), "__fspath__")
    assert program.asked == []


ALL = [
    "__eq__",
    "__lt__",
    "__hash__",
    "__bool__",
    "__sub__",
    "__abs__",
    "__len__",
    "__contains__",
    "__call__",
    "__index__",
]


def test_comparisons_know_identity_alone_whatever_the_class_defines():
    program = Program()
    proxies = Proxies(program, True, frozenset())
    one, other = (proxies.of(["object", number, 9, "Liar", ALL, []]) for number in (1, 2))
    assert one != other
    assert one != 5
    assert one == one
    assert one in [other, one]
    assert {one: 1}[one] == 1
    with pytest.raises(TypeError):
        one < 3  # noqa: B015
    assert program.asked == []


@pytest.mark.parametrize("class_under_test", [True, False])
def test_arithmetic_is_asked_for_only_between_objects_of_a_class_under_test(class_under_test):
    program = Program(1, 1)
    proxies = Proxies(program, class_under_test, frozenset())
    one, other = (proxies.of(["object", number, 9, "V", ["__sub__"], []]) for number in (1, 2))
    with pytest.raises(TypeError):
        one - 5
    if class_under_test:
        assert one - other == 1
        assert program.asked == [("operator", 1, "__sub__", (other,))]
    else:
        with pytest.raises(TypeError):
            one - other
        assert program.asked == []


def test_operators_that_the_prompt_defines_may_be_given_anything():
    program = Program(1)
    vector = made(
        program, ["object", 1, 9, "V", ["__sub__", "__add__"], []], class_under_test=True, operators=["__sub__"]
    )
    assert vector - 5 == 1
    with pytest.raises(TypeError):
        vector + 5


def test_the_same_number_is_the_same_proxy_and_one_class_for_all_its_objects():
    proxies = Proxies(Program(), False, frozenset())
    one = proxies.of(["object", 1, 9, "A", [], []])
    assert proxies.of(["object", 1, 9]) is one
    assert type(proxies.of(["object", 2, 9])) is type(one)
    assert proxies.number_of(one) == 1
    assert proxies.number_of(type(one)) == 9
    assert proxies.number_of(object()) is None
    assert proxies.number_of([]) is None


def test_classes_derive_from_one_another_as_they_do_there():
    proxies = Proxies(Program(), True, frozenset())
    child = proxies.of(["class", 1, "Child", [], [[2, "Base", ["__len__"], []]]])
    assert [part.__name__ for part in child.__mro__] == ["Child", "Base", "Proxy", "object"]


def test_bases_in_an_impossible_order_are_left_out():
    proxies = Proxies(Program(), True, frozenset())
    base = [2, "Base", [], []]
    child = proxies.of(["class", 1, "Child", [], [base, [3, "Other", [], [base]]]])
    assert [part.__name__ for part in child.__mro__] == ["Child", "Proxy", "object"]


def test_the_entry_point_stays_the_same_class_once_it_is_described():
    program = Program(4)
    proxies = Proxies(program, True, frozenset())
    entry = proxies.entry("class", "Stack")
    assert proxies.of(["class", 0, "Stack", ["__len__"], []]) is entry
    thing = proxies.of(["object", 1, 0])
    assert isinstance(thing, entry)
    assert len(thing) == 4


@pytest.mark.parametrize(("kind", "operation"), [("function", "call"), ("coroutine", "await")])
def test_an_entry_point_is_called_or_awaited(kind, operation):
    program = Program(3)
    entry = Proxies(program, False, frozenset()).entry(kind, "f")
    if kind == "function":
        assert entry(1) == 3
    else:
        with pytest.raises(StopIteration) as done:
            entry(1).send(None)
        assert done.value.value == 3
    assert program.asked == [(operation, 0, "", (1,))]


def test_a_generator_steps_sends_throws_and_ends_there():
    error = KeyError("k")
    program = Program(1, 2, 3, StopIteration("end"))
    generator = made(program, ["generator", 5])
    assert [next(generator), generator.send("x"), generator.throw(error)] == [1, 2, 3]
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value == "end"
    assert [asked[2:] for asked in program.asked] == [
        ("__next__", ()),
        ("send", ("x",)),
        ("throw", (error,)),
        ("__next__", ()),
    ]


@pytest.mark.parametrize("is_over", [False, True])
def test_a_generator_that_is_let_go_is_closed_unless_the_check_is_over(is_over):
    program = Program(1)
    generator = made(program, ["generator", 5])
    next(generator)
    program.is_over = is_over
    del generator
    gc.collect()
    assert [asked[2] for asked in program.asked] == ["__next__", *([] if is_over else ["close"])]


def test_an_iterator_is_stepped_there():
    program = Program(1, StopIteration())
    iterator = made(program, ["iterator", 5])
    assert isinstance(iterator, IteratorProxy)
    assert list(iterator) == [1]


@pytest.mark.parametrize(
    ("error", "guards_with", "swallowed"),
    [(KeyError("k"), False, True), (KeyError("k"), True, False), (AssertionError("no"), False, False)],
)
def test_a_with_block_swallows_no_assertion_and_nothing_that_the_tests_guard(error, guards_with, swallowed):
    manager = made(Program(None, True), ["object", 1, 9, "C", ["__enter__", "__exit__"], []], guards_with=guards_with)
    with contextlib.nullcontext() if swallowed else pytest.raises(type(error)), manager:
        raise error


def test_what_is_shown_of_a_proxy_names_the_program_and_none_of_our_files():
    thing, generator = made(Program(), ["object", 1, 9, "Thing", [], []]), made(Program(), ["generator", 5])
    iterator = made(Program(), ["iterator", 6])
    assert repr(thing).startswith("<program.Thing object at ")
    assert repr(generator).startswith("<generator object generator at ")
    assert repr(iterator).startswith("<program.IteratorProxy object at ")
    assert repr(made(Program(), ["function", 7, "g"])).startswith("<function g at ")


@pytest.mark.parametrize(
    "data",
    [
        ["object", -1, 9, "A", [], []], ["object", "x", 9, "A", [], []], ["class", "x", "A", [], []], ["class", 1, "a b", [], []],
        ["class", 1, 5, [], []], ["strange", 1], ["function", None, "g"],
    ],
)  # fmt: skip
def test_what_describes_no_object_is_malformed(data):
    with pytest.raises(Malformed):
        made(Program(), data)


def test_a_chain_of_classes_without_end_is_malformed():
    chain: list = [1, "A", [], []]
    for number in range(2, 40):
        chain = [number, "A", [], [chain]]
    with pytest.raises(Malformed):
        made(Program(), ["class", *chain])
