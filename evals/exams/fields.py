"""The keys of one mapping of a paper, taken one by one with their types; errors name the line, and keys left over."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.errors import DataError, did_you_mean, listed
from evals.texts.unquoted import quotes_fix

Path = tuple["str | int", ...]


@dataclass(frozen=True)
class Lines:
    """Where the values of one file stand. file: as shown to people."""

    file: str
    first: int = 1
    "The line of the whole value: a row of JSON lines has one line for all of its keys."
    by_path: Mapping[Path, int] = field(default_factory=dict)
    "The line of each value in a YAML file, by its keys and positions from the top."

    def at(self, path: Path) -> str:
        """`file:line` of a value, or of the nearest value around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.by_path:
                return f"{self.file}:{self.by_path[path[:length]]}"
        return f"{self.file}:{self.first}"


class Fields:
    """One mapping. Each reader takes a key out; `close` refuses keys that nobody took."""

    def __init__(self, values: Mapping[str, Any], lines: Lines, path: Path = (), what: str = "paper") -> None:
        self.values, self.lines, self.path = values, lines, path
        self.what = what
        "What the mapping is, for messages: `section 'A'`."
        self._taken: set[str] = set()

    @property
    def where(self) -> str:
        return self.lines.at(self.path)

    def where_of(self, key: str | int) -> str:
        return self.lines.at((*self.path, key))

    def has(self, key: str) -> bool:
        return self.values.get(key) is not None

    def error(self, what: str, key: str | None = None, *, fix: str | None = None, note: str = "") -> DataError:
        """An error at the line of `key`, or of the mapping."""
        where = self.where if key is None else self.where_of(key)
        return DataError(f"{self.what}: {what}", where=where, fix=fix, notes=[note])

    def wrong(self, key: str, wanted: str) -> DataError:
        return self.error(f"{key!r} is {_short(self.values.get(key))}, not {wanted}", key)

    def take(self, key: str) -> Any:
        """The value as it stands; None without one."""
        self._taken.add(key)
        return self.values.get(key)

    def needed(self, key: str) -> Any:
        """The value as it stands. Raises DataError without one."""
        value = self.take(key)
        if value is None:
            found = f"keys found: {listed(list(self.values), 12)}"
            raise self.error(f"{key!r} is missing", note=found, fix=f"add {key!r}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text; a number is taken as it is written. Without a default the key is needed."""
        value = self.needed(key) if default is None else self.take(key)
        if value is None:
            return str(default)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.error(f"{key!r} is {_short(value)}, not a text", key, fix=quotes_fix(value))
        return str(value)

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number. Without a default the key is needed."""
        value = self.needed(key) if default is None else self.take(key)
        return float(default or 0.0) if value is None else self._number(value, key)

    def number_or_none(self, key: str) -> float | None:
        value = self.take(key)
        return None if value is None else self._number(value, key)

    def _number(self, value: Any, key: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.wrong(key, "a number")
        return float(value)

    def count(self, key: str, default: int | None = None, least: int = 0) -> int:
        """A whole number of at least `least`."""
        number = self.number(key, None if default is None else float(default))
        if number != int(number) or number < least:
            raise self.wrong(key, f"a whole number from {least} on")
        return int(number)

    def flag(self, key: str, default: bool) -> bool:
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def one_of(self, key: str, names: Sequence[str], default: str | None = None) -> str:
        """One of some names."""
        value = self.text(key, default)
        if value not in names:
            near = did_you_mean(value, names)
            raise self.error(f"{key!r} is {value!r}", key, note=near, fix=f"write one of: {', '.join(names)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text alone; () without any."""
        value = self.take(key)
        if value is None:
            return ()
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, bool) or not isinstance(one, str | int | float) for one in values):
            odd = [one for one in values if isinstance(one, bool) or not isinstance(one, str | int | float)]
            raise self.error(f"{key!r} is {_short(value)}, not a list of texts", key, fix=quotes_fix(odd))
        return tuple(map(str, values))

    def mapping(self, key: str, what: str | None = None) -> Fields | None:
        """The mapping under a key; None without one."""
        value = self.take(key)
        if value is None:
            return None
        return self._inner(value, (*self.path, key), what or f"{self.what}, {key}", key)

    def mappings(self, key: str, what: str) -> Iterator[Fields]:
        """Each mapping of a list under a key; one mapping alone counts as a list. what: its name in messages."""
        value = self.take(key)
        if isinstance(value, Mapping):
            yield self._inner(value, (*self.path, key), what, key)
            return
        if value is not None and not isinstance(value, list):
            raise self.wrong(key, "a list")
        for number, one in enumerate(value or ()):
            yield self._inner(one, (*self.path, key, number), f"{what} {number + 1}", key)

    def _inner(self, value: Any, path: Path, what: str, key: str) -> Fields:
        if not isinstance(value, Mapping):
            raise DataError(f"{what}: {_short(value)} is no mapping of keys", where=self.lines.at(path))
        return Fields(value, self.lines, path, what)

    def numbers(self, key: str) -> dict[str, float]:
        """A mapping of names to numbers; {} without one."""
        inner = self.mapping(key)
        return {} if inner is None else {name: inner.number(name) for name in inner.values}

    def close(self) -> None:
        """Raise DataError for the first key that nobody took."""
        for key in self.values:
            if key not in self._taken:
                near = did_you_mean(key, sorted(self._taken))
                raise self.error(f"unknown key {key!r}", key, note=near, fix="correct or remove it")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
