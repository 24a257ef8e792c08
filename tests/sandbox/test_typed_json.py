"""Fields of a dataclass are read by their types, and a type that nobody reads is found before any message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from evals.sandbox.typed_json import ProtocolError, from_json


@dataclass(frozen=True)
class Strange:
    """A message with a field that could be anything."""

    value: Any = field(default=None)


@dataclass(frozen=True)
class Nested:
    """A message in itself."""

    inner: Nested | None
    pairs: tuple[tuple[int, bool], ...]


def test_a_type_that_cannot_be_checked_is_refused():
    with pytest.raises(TypeError, match="are not supported"):
        from_json(Strange, {"value": 3})


def test_dataclasses_hold_one_another():
    data = {"inner": {"inner": None, "pairs": []}, "pairs": [[1, True], [2, False]]}
    assert from_json(Nested, data) == Nested(Nested(None, ()), ((1, True), (2, False)))


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([[1, 1]], r"Nested.inner.pairs[0][1] is 1, not true or false"),
        ([[1, True], [True, True]], r"Nested.inner.pairs[1][0] is True, not a whole number"),
        ([[1, True], [2]], r"Nested.inner.pairs[1] is [2], not a list of 2"),
        ("no", r"Nested.inner.pairs is 'no', not a list"),
    ],
)
def test_the_path_of_what_is_wrong_is_named(pairs, said):
    with pytest.raises(ProtocolError) as error:
        from_json(Nested, {"inner": {"inner": None, "pairs": pairs}, "pairs": []})
    assert str(error.value) == said


def test_what_is_shown_of_a_wrong_value_is_short():
    with pytest.raises(ProtocolError) as error:
        from_json(Nested, {"inner": None, "pairs": "x" * 10_000})
    assert len(str(error.value)) < 200
