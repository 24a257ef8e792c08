"""Values travel exact in type, and no message makes anything but a value."""

from __future__ import annotations

import collections
import math
import operator
import sys

import pytest

from evals.sandbox.inside.codec import MAX_DEPTH, NAMED, Decoder, Encoder, check_hashes
from evals.sandbox.inside.wire import Malformed, dumps, loads


def unknown(value, encoder):
    """No value but those of the codec travels."""
    return NotImplemented


def there_and_back(value, flat=True):
    return Decoder({}).decode(loads(dumps(Encoder(unknown, (), flat).encode(value))))


def same(one, other) -> bool:
    """Whether two values are equal, and of the same types in every part."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, set | frozenset):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return repr(one) == repr(other) if isinstance(one, float | complex) else one == other


VALUES = [
    None, True, 0, -1, 10**19, 1 << 4095, 1 << 4096, -(1 << 20_000), 0.1, -0.0, math.inf, -math.inf, math.nan,
    "", "é\u2028\ud800\0", b"", bytes(range(256)), bytearray(b"a\xff"), 1 + 2j, complex(math.inf, -0.0), ..., NotImplemented,
    (), (1,), ((1, (2, [3])),), [], [1, 2.0, True, None, "x"], [[1], (2,)], {}, {"a": 1}, {1: "a"}, {"a": [1]}, {(1, 2): {3}},
    {"M": 1}, {"T": [1]}, {"R": 0}, set(), {1, "a"}, frozenset(), frozenset([(1, 2)]), range(3), range(9, 0, -2), slice(1, None, 2),
    int, len, ValueError, StopIteration, math.sqrt, operator.add, [10**5000], {"a": 10**5000}, {True: 1, "True": 2},
]  # fmt: skip
TOO_LONG = [[10**5000], {"a": 10**5000}]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_equal_and_of_the_same_types(value):
    assert same(there_and_back(value, flat=False), value)


@pytest.mark.parametrize(
    "value", [value for value in VALUES if value not in TOO_LONG], ids=lambda value: type(value).__name__
)
def test_containers_of_plain_values_that_go_as_they_are_come_back_the_same(value):
    assert same(there_and_back(value, flat=True), value)


@pytest.mark.parametrize("value", TOO_LONG)
def test_a_number_that_is_too_long_for_json_is_an_error_of_its_own_kind(value):
    with pytest.raises(ValueError, match="digits") as error:
        there_and_back(value, flat=True)
    assert not isinstance(error.value, Malformed)


def test_the_same_object_twice_is_the_same_object_twice():
    inner = [1]
    found = there_and_back([inner, inner, {"a": inner}, (inner,)])
    assert found[0] is found[1] is found[2]["a"] is found[3][0]


def test_a_circle_comes_back_as_a_circle():
    circle = [1]
    circle.append({"self": circle})
    found = there_and_back(circle)
    assert found[1]["self"] is found


def test_functions_and_classes_of_python_are_the_same_ones_here():
    assert there_and_back([len, int, math.sqrt, KeyError]) == [len, int, math.sqrt, KeyError]


def test_nothing_that_runs_code_or_reaches_files_has_a_name():
    reaching = {"eval", "exec", "compile", "open", "input", "getattr", "setattr", "delattr", "__import__", "globals",
                "vars", "locals", "breakpoint", "help", "memoryview", "super", "property"}  # fmt: skip
    assert reaching.isdisjoint(NAMED)
    assert not any(name.startswith(("os", "sys", "operator.attrgetter", "operator.methodcaller")) for name in NAMED)


class Liar(int):
    """An int that says what it is not."""

    def __pos__(self):
        return 16

    def __eq__(self, other):
        return True

    __hash__ = None


class Text(str):
    def __str__(self):
        return "lie"


class Items(list):
    def __iter__(self):
        return iter([16])


@pytest.mark.parametrize(("value", "plain"), [(Liar(3), 3), (Text("x"), "x"), (Items([1, 2]), [1, 2])])
def test_a_value_of_a_class_of_its_own_is_what_it_is_underneath(value, plain):
    assert same(there_and_back(value), plain)


@pytest.mark.parametrize("value", [object(), lambda: 1, iter([1]), [object()], {"a": object()}, open, collections])
def test_what_is_no_value_does_not_travel(value):
    with pytest.raises(Malformed, match="cannot leave the program"):
        there_and_back(value)


@pytest.mark.parametrize(
    "data",
    [
        {"?": 1}, {}, {"T": 1}, {"T": [1], "D": []}, {"D": [[1]]}, {"D": [[[], 1]]}, {"S": [[]]}, {"i": 3}, {"i": "x"}, {"b": 1},
        {"b": "\u2028"}, {"c": [1]}, {"c": ["x", 1]}, {"r": []}, {"r": [1, 2, 0]}, {"R": 0}, {"R": -1}, {"R": "x"}, {"y": "eval"},
        {"y": []}, {"M": {"a": []}}, {"M": []}, {"B": 1}, {"l": [1, 2, 3, 4]}, {"m": []}, {"m": ["os", "system"]}, {"F": [{}]},
        {"m": ["array", "O", [1], "x"]}, {"m": ["namedtuple", "a b", [], []]}, {"m": ["namedtuple", "A", ["x;import os"], [1]]},
    ],
)  # fmt: skip
def test_what_no_encoder_writes_is_malformed(data):
    with pytest.raises(Malformed):
        Decoder({}).decode(data)


@pytest.fixture
def frames_of_a_tester():
    """As many frames as testers allow, beside those of the tests."""
    kept = sys.getrecursionlimit()
    sys.setrecursionlimit(3000 + 200)
    yield
    sys.setrecursionlimit(kept)


@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"D":[["a",', "]]}"), ('{"T":[', "]}")])
def test_values_may_be_nested_four_hundred_deep_and_no_deeper(frames_of_a_tester, start, end):
    def nested(depth):
        return loads(start * depth + "[]" + end * depth)

    assert Decoder({}).decode(nested(MAX_DEPTH - 1))
    with pytest.raises(Malformed, match=f"more than {MAX_DEPTH} deep"):
        Decoder({}).decode(nested(MAX_DEPTH))


def test_keys_that_all_share_a_hash_are_refused_before_a_table_is_made_of_them():
    colliding = [number * (2**61 - 1) for number in range(5000)]
    assert len(set(map(hash, colliding))) == 1
    with pytest.raises(Malformed, match="share their hash"):
        check_hashes(colliding)
    for data in ({"S": colliding}, {"F": colliding}, {"D": [[key, 1] for key in colliding]}):
        with pytest.raises(Malformed, match="share their hash"):
            Decoder({}).decode(data)
    check_hashes(list(range(5000)))
    check_hashes(colliding[:1000])


def test_a_special_tag_is_read_by_whoever_gave_it():
    decoder = Decoder({"h": lambda data, decoder: ("object", data)})
    assert decoder.decode([{"h": 3}]) == [("object", 3)]
    assert Encoder(lambda value, encoder: {"h": 3}).encode([object()]) == [{"h": 3}]


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ([1, 2], lambda v: v.append(3)),
        ({"a": 1}, lambda v: v.update(b=2)),
        ({1}, lambda v: v.add(2)),
        (bytearray(b"a"), lambda v: v.extend(b"b")),
        (collections.deque([1], 3), lambda v: v.append(2)),
    ],
)
def test_an_object_that_changed_is_refilled_with_what_is_in_it_now(value, change):
    encoder = Encoder(unknown)
    data = loads(dumps(encoder.encode(value)))
    change(value)
    content = loads(dumps(Encoder(unknown, encoder.objects).content(value)))
    decoder = Decoder({})
    copy = decoder.decode(data)
    assert copy != value
    decoder.refill(0, content)
    assert copy == value
    assert type(copy) is type(value)
