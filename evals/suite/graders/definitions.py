"""Reads the keys of a grader's definition, and says which one is missing, unknown or of the wrong kind."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evals.errors import UsageError, did_you_mean, listed
from evals.json_text import dumps
from evals.suite.graders.templates import Template, read_template

IGNORED = ("id",)
"Keys that the API adds to a definition and that decide nothing."


class UnknownKey(UsageError):
    """A definition has a key that its kind of grader does not have."""


class Definition:
    """One definition, read key by key. Keys with the value null count as not given.

    where: its place, for messages, such as `testing_criteria[2]`.

    Raises:
        UsageError: it is no object.
    """

    def __init__(self, given: Any, where: str) -> None:
        if not isinstance(given, Mapping):
            raise UsageError(
                f"a grader is an object, not {dumps(given)[:60]}",
                where=where,
                fix='write for example {type: string_check, name: exact, input: "{{ sample.output_text }}", ...}',
            )
        name = given.get("name")
        self.where = f"{where} ({name})" if isinstance(name, str) and name else where
        self._given = {key: value for key, value in given.items() if value is not None}

    @property
    def type(self) -> Any:
        """The kind of the grader, as it is given."""
        return self._given.get("type")

    @property
    def name(self) -> str:
        """The name; the type for a definition without one."""
        name = self._given.get("name", self.type)
        if not isinstance(name, str) or not name:
            raise self.wrong("name", "a text")
        return name

    def only(self, *names: str) -> None:
        """Raise UnknownKey for a key that is neither in `names` nor one that every grader has."""
        known = ("type", "name", *names)
        for key in self._given:
            if key not in known and key not in IGNORED:
                raise UnknownKey(
                    f"a {self.type} grader has no key {key!r}",
                    where=self.where,
                    notes=[did_you_mean(str(key), known), f"it has: {listed(known, 10)}"],
                    fix="correct the key, or leave it out",
                )

    def get(self, key: str) -> Any:
        """The value of a key; None if it is not given."""
        return self._given.get(key)

    def need(self, key: str) -> Any:
        """The value of a key. Raises UsageError if it is not given."""
        if key not in self._given:
            raise UsageError(
                f"a {self.type} grader needs {key!r}",
                where=self.where,
                notes=[f"keys found: {listed(list(self._given), 10)}"],
                fix=f"add {key!r}",
            )
        return self._given[key]

    def template(self, key: str) -> Template:
        """A text with variables."""
        return read_template(self.need(key), f"{self.where}.{key}")

    def choice(self, key: str, known: Sequence[str]) -> str:
        """One of a list of words."""
        value = self.need(key)
        if value not in known:
            raise UsageError(
                f"{key} is {value!r}",
                where=self.where,
                notes=[did_you_mean(str(value), known)],
                fix=f"choose one of {', '.join(known)}",
            )
        return str(value)

    def number(self, key: str) -> float | None:
        """A number; None if it is not given."""
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.wrong(key, "a number")
        return float(value)

    def texts(self, key: str) -> list[str]:
        """A list of one text or more."""
        value = self.need(key)
        if not isinstance(value, list) or not value or not all(isinstance(part, str) for part in value):
            raise self.wrong(key, 'a list of texts (quote "Yes" and "No" in YAML)')
        return value

    def wrong(self, key: str, wanted: str) -> UsageError:
        """The error for a value of the wrong kind."""
        return UsageError(
            f"{key} is {dumps(self._given.get(key))[:60]}", where=self.where, fix=f"{key} must be {wanted}"
        )
