"""Values that YAML makes of words without quotes, where a text is wanted: truth values, numbers, dates, nothing."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

Bare = bool | int | float | datetime.date | None
"What YAML 1.1 reads in `Yes`, `off`, `1.0`, `2024-01-01` and `~`. A moment is a date too."


def is_bare(value: Any) -> bool:
    """Whether YAML makes this value of a word without quotes that is no text."""
    return value is None or isinstance(value, bool | int | float | datetime.date)


def quotes_fix(value: Any) -> str | None:
    """How to write the first value in `value` that is no text; None where quotes mend nothing.

    value: what stands where a text is wanted, or texts in lists and mappings, whose keys count too.
    """
    found = next(_bare_in(value), _NOTHING)
    return None if found is _NOTHING else _advice(found)


def as_texts(value: Any) -> Any:
    """The value with quotes around everything in it that is no text."""
    if isinstance(value, list | tuple):
        return [as_texts(one) for one in value]
    if isinstance(value, Mapping):
        return {as_texts(key): as_texts(one) for key, one in value.items()}
    return str(value) if is_bare(value) else value


_NOTHING = object()


def _bare_in(value: Any) -> Iterator[Any]:
    if is_bare(value):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _bare_in(one)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _bare_in(key)
            yield from _bare_in(one)


def _advice(value: Any) -> str:
    if value is None:
        return 'put it in quotes, such as "null": without them YAML reads null, ~ and an empty place as nothing'
    if isinstance(value, bool):
        word, others = ("Yes", "yes, on and true") if value else ("No", "no, off and false")
        return f'put it in quotes, such as "{word}": without them YAML reads {others} as {str(value).lower()}'
    kind = "a date" if isinstance(value, datetime.date) else "a number"
    return f'put it in quotes, as "{value}": without them YAML reads {kind}'
