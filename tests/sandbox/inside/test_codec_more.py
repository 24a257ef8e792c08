"""Values of the standard library and of numpy travel exact in type."""

from __future__ import annotations

import datetime
import io
import uuid
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from decimal import Decimal
from fractions import Fraction

import numpy
import pytest

from evals.sandbox.inside.codec import Decoder, Encoder
from evals.sandbox.inside.wire import Malformed, dumps, loads

HOUR = datetime.timedelta(hours=1)


def there_and_back(value):
    encoded = Encoder(lambda value, encoder: NotImplemented).encode(value)
    return Decoder({}).decode(loads(dumps(encoded)))


@pytest.mark.parametrize(
    "value",
    [
        Counter("aab"), OrderedDict([("b", 1), ("a", [2])]), defaultdict(list, {"a": [1]}), defaultdict(None, {1: 2}),
        deque([1, [2]], 5), deque(), Decimal("1.50"), Decimal("-Infinity"), Fraction(1, 3),
        Fraction(10**5000, 3), datetime.date(2020, 2, 29), datetime.time(1, 2, 3, 4), datetime.timedelta(-1, 5, 7),
        datetime.datetime(2020, 1, 1, 2, 3, 4, 5, fold=1), datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone(HOUR)),
        uuid.UUID(int=5),
    ],
)  # fmt: skip
def test_a_value_comes_back_equal_and_of_the_same_type(value):
    found = there_and_back(value)
    assert type(found) is type(value)
    assert found == value


def test_a_deque_keeps_its_length_and_a_mapping_its_factory():
    assert there_and_back(deque([1], 5)).maxlen == 5
    assert there_and_back(defaultdict(list)).default_factory is list
    assert there_and_back(defaultdict(lambda: 3)).default_factory is None


def test_a_file_in_memory_comes_back_at_its_position():
    text = io.StringIO("abc")
    text.read(2)
    assert there_and_back(text).read() == "c"


def test_a_named_tuple_comes_back_with_its_names():
    found = there_and_back(namedtuple("Point", "x y")(1, [2]))
    assert (found.x, found.y, found._fields, type(found).__name__) == (1, [2], ("x", "y"), "Point")


@pytest.mark.parametrize(
    "value",
    [
        numpy.arange(6).reshape(2, 3), numpy.zeros((0, 3)), numpy.array(3.5), numpy.array(["a", "bc"]), numpy.array([True]),
        numpy.arange(6, dtype="int8")[::2], numpy.array([1 + 2j], dtype="complex64"), numpy.array(["2020-01-01"], "datetime64[D]"),
        numpy.float32(0.1), numpy.int64(-1), numpy.bool_(True), numpy.asfortranarray(numpy.arange(6).reshape(2, 3)),
    ],
    ids=repr,
)  # fmt: skip
def test_an_array_comes_back_with_its_type_and_shape_and_can_be_written_to(value):
    found = there_and_back(value)
    assert type(found) is type(value)
    assert (found.dtype, found.shape) == (value.dtype, value.shape)
    assert numpy.array_equal(found, value)
    assert not isinstance(value, numpy.ndarray) or found.flags.writeable


def test_an_array_of_objects_does_not_travel():
    with pytest.raises(Malformed, match="cannot travel"):
        there_and_back(numpy.array([object()]))


def test_a_time_with_a_zone_does_not_travel():
    with pytest.raises(Malformed, match="time zone"):
        there_and_back(datetime.time(1, tzinfo=datetime.timezone.utc))


def test_a_class_that_is_only_called_like_one_of_the_library_is_not_taken_for_it():
    made = type("Counter", (dict,), {"__module__": "collections"})({"a": 1})
    assert type(there_and_back(made)) is dict


@pytest.mark.parametrize(
    "data",
    [
        ["array", "|O8", [1], "x" * 8], ["array", "<i8", [2], "x" * 8], ["array", "<i8", [-5], "x"], ["array", 3, [1], "x"],
        ["Counter", [[1, 2, 3]]], ["Decimal", "x"], ["Decimal", 1], ["Fraction", "1", "0"], ["date", "2020-13-01"],
        ["datetime", "x", 0, None], ["timedelta", "a", 1, 2], ["UUID", "x"], ["StringIO", 5, 0], ["namedtuple", "A", ["x"] * 200, []],
        ["namedtuple", "A", ["x"], []], ["deque", "x", []], ["defaultdict", {"y": "eval"}, []], ["unknown"], [], {}, None,
    ],
    ids=repr,
)  # fmt: skip
def test_what_no_encoder_writes_is_malformed(data):
    with pytest.raises(Malformed):
        Decoder({}).decode({"m": data})
