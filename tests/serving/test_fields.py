"""Fields of a request's JSON, one after the other."""

from __future__ import annotations

from typing import Any

import pytest

from evals.serving.api_error import ApiError, unsupported
from evals.serving.fields import Fields, parsed


def error_of(call: Any) -> tuple[str | None, str | None]:
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value.param, caught.value.code


def test_null_counts_as_not_given():
    fields = Fields({"n": None, "echo": None, "stop": None, "temperature": None})
    assert (fields.integer("n", 1, 9, 5), fields.boolean("echo"), fields.texts("stop", 4)) == (5, False, ())
    assert fields.decimal("temperature", 0, 2, 1.0) == 1.0
    fields.refuse_others()


@pytest.mark.parametrize(("value", "given"), [(0, 0.0), (1, 1.0), (0.5, 0.5)])
def test_a_decimal_may_be_written_as_a_whole_number(value: Any, given: float):
    found = Fields({"t": value}).decimal("t", 0, 1, 9.0)
    assert (found, type(found)) == (given, float)


def test_limits_belong_to_the_range():
    assert Fields({"n": 1}).integer("n", 1, 3) == 1
    assert Fields({"n": 3}).integer("n", 1, 3) == 3
    assert error_of(lambda: Fields({"n": 4}).integer("n", 1, 3)) == ("n", "integer_above_max_value")


@pytest.mark.parametrize("value", [True, 1.0, "1", [1], float("nan")])
def test_what_is_no_whole_number_is_refused(value: Any):
    assert error_of(lambda: Fields({"n": value}).integer("n", 0, 9)) == ("n", "invalid_type")


def test_a_required_text_must_be_there_and_a_text():
    assert Fields({"model": "m"}).text("model") == "m"
    assert error_of(lambda: Fields({}).text("model")) == ("model", "missing_required_parameter")
    assert error_of(lambda: Fields({"model": 3}).text("model")) == ("model", "invalid_type")


def test_a_text_is_a_list_of_one():
    assert Fields({"stop": "a"}).texts("stop", 4) == ("a",)
    assert Fields({"stop": ["a", "b"]}).texts("stop", 2) == ("a", "b")
    assert error_of(lambda: Fields({"stop": ["a", "b"]}).texts("stop", 1)) == ("stop", "array_above_max_length")


def test_a_field_that_nothing_asks_for_is_refused_and_an_ignored_one_is_not():
    fields = Fields({"user": "u", "odd": 1})
    fields.ignore(frozenset({"user"}))
    with pytest.raises(ApiError, match="Unrecognized request argument supplied: odd"):
        fields.refuse_others()


def test_a_field_is_refused_unless_it_changes_nothing():
    for value in (0, None, [], {}):
        Fields({"penalty": value}).refuse("penalty", unsupported("penalty"), unless=(0,))
    with pytest.raises(ApiError, match="Unsupported parameter: 'penalty'"):
        Fields({"penalty": 1}).refuse("penalty", unsupported("penalty"), unless=(0,))


@pytest.mark.parametrize("data", [b"", b"[]", b"NaN", b'{"a": Infinity}', b"{", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(data: bytes):
    with pytest.raises(ApiError, match="could not parse the JSON body"):
        parsed(data)
