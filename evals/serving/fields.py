"""Reads the fields of a request's JSON, with the checks and the error messages of the OpenAI API."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from evals.serving.api_error import ApiError, missing, no_json, unknown, wrong_type, wrong_value


def parsed(data: bytes) -> dict[str, Any]:
    """The JSON object in the body of a request.

    Raises:
        ApiError: the body is no JSON object.
    """
    try:
        body = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise no_json() from None
    if not isinstance(body, dict):
        raise no_json()
    return body


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


class Fields:
    """The fields of a request; null counts as not given, as in the API.

    Each method reads one field, and gives its default where the field is not there.

    Raises:
        ApiError: (each method) the field has another type or is out of its range.
    """

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = {name: value for name, value in body.items() if value is not None}
        self._asked_for: set[str] = set()

    def get(self, name: str) -> Any:
        """The value without any check; None where the field is not there."""
        self._asked_for.add(name)
        return self._body.get(name)

    def required(self, name: str) -> Any:
        """The value without any check but that it is there."""
        value = self.get(name)
        if value is None:
            raise missing(name)
        return value

    def text(self, name: str) -> str:
        """A text, which must be there."""
        value = self.required(name)
        if not isinstance(value, str):
            raise wrong_type(name, "a string", value)
        return value

    def boolean(self, name: str) -> bool:
        """True or false; false by default."""
        value = self.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise wrong_type(name, "a boolean", value)
        return value

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int | None:
        """A whole number from `low` to `high`."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(name, "an integer", value)
        _check_range(name, "integer", value, low, high)
        return value

    def decimal(self, name: str, low: float, high: float, default: float) -> float:
        """A finite number from `low` to `high`."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            raise wrong_type(name, "a decimal", value)
        _check_range(name, "decimal", value, low, high)
        return float(value)

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """A text or a list of at most `most` texts, none of them empty; no text by default."""
        value = self.get(name)
        if value is None:
            return ()
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
            raise wrong_type(name, "a string or an array of strings", value)
        if len(found) > most:
            raise wrong_value(
                name,
                f"array too long. Expected an array with maximum length {most}, but got an array with length "
                f"{len(found)} instead.",
                "array_above_max_length",
            )
        if not all(found):
            raise wrong_value(name, "empty string. Expected a string with at least one character.", "empty_string")
        return tuple(found)

    def refuse(self, name: str, error: ApiError, *, unless: tuple[Any, ...] = ()) -> None:
        """Raise `error` where the field is there with another value than those of `unless`, and is not empty."""
        value = self.get(name)
        if value is not None and value not in unless and value not in ([], {}):
            raise error

    def ignore(self, names: frozenset[str]) -> None:
        """Accept fields that change nothing here."""
        self._asked_for |= names

    def refuse_others(self) -> None:
        """Raise ApiError for a field that no method was called for."""
        for name in self._body:
            if name not in self._asked_for:
                raise unknown(name)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _check_range(name: str, kind: str, value: float, low: float, high: float) -> None:
    if value < low:
        problem = f"{kind} below minimum value. Expected a value >= {low}, but got {value} instead."
        raise wrong_value(name, problem, f"{kind}_below_min_value")
    if value > high:
        shown = value if abs(value) < 1e15 else "more"
        problem = f"{kind} above maximum value. Expected a value <= {high}, but got {shown} instead."
        raise wrong_value(name, problem, f"{kind}_above_max_value")
