"""A dataclass from what JSON gives, every field checked; the types of its fields say how."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

Reader = Callable[[Any], Any]


class ProtocolError(ValueError):
    """A message that was not expected, or a field that is missing, unknown or of a wrong type; `str` names it."""


class _Wrong(Exception):
    """What is wrong with a value, and where in the object it is; the path grows as this passes outwards."""

    def __init__(self, what: str, path: str = "") -> None:
        self.what, self.path = what, path

    def at(self, part: str) -> _Wrong:
        return _Wrong(self.what, part + self.path)


def from_json(kind: type, data: Any) -> Any:
    """An instance of a dataclass, from the object that `json` made of its fields.

    Raises:
        ProtocolError: a field is missing, unknown or of a wrong type.
        TypeError: the dataclass has a field of a type that is not supported here.
    """
    try:
        return _instance(kind, data)
    except _Wrong as error:
        raise ProtocolError(f"{kind.__name__}{error.path} {error.what}") from None


def _instance(kind: Callable[..., Any], data: Any) -> Any:
    fields = _fields(kind)
    if type(data) is not dict:
        raise _not(data, "an object")
    values, name = {}, ""
    try:
        for name, exact, reader in fields:
            value = data[name]
            # Most values have exactly the type of their field: no call for them, since programs wait meanwhile.
            values[name] = value if type(value) is exact else reader(value)
    except _Wrong as error:
        raise error.at(f".{name}") from None
    except KeyError:
        raise _Wrong(f"has no field {name!r}") from None
    if len(data) != len(fields):
        raise _Wrong(f"has an unknown field {min(data.keys() - values.keys())!r}")
    # As `__init__` does it, without a call for each field: messages are frozen, and have no `__post_init__`.
    made = object.__new__(kind)  # type: ignore[arg-type]
    made.__dict__.update(values)
    return made


@functools.cache
def _fields(kind: Any) -> list[tuple[str, type | None, Reader]]:
    """Of each field: name, the type that is taken as it is, and what reads a value of another. Takes 0.1 ms a class."""
    hints = get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    return [(name, hints[name] if hints[name] in _WANTED else None, _reader(hints[name])) for name in names]


_WANTED: dict[Any, str] = {str: "a text", int: "a whole number", bool: "true or false", float: "a number"}


def _reader(hint: Any) -> Reader:
    origin, args = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return functools.partial(_instance, hint)
    if hint in _WANTED:
        return _number if hint is float else _exactly(hint)
    if origin is Literal:
        return _one_of(args)
    if origin in (Union, types.UnionType) and args[1:] == (types.NoneType,):
        return _optional(_reader(args[0]))
    if origin is tuple and args[1:] == (...,):
        return _sequence(_reader(args[0]))
    if origin is tuple:
        return _fixed([_reader(arg) for arg in args])
    if origin is Mapping and args[0] is str:
        return _mapping(_reader(args[1]))
    raise TypeError(f"fields of type {hint} are not supported")


def _not(data: Any, wanted: str) -> _Wrong:
    return _Wrong(f"is {repr(data)[:80]}, not {wanted}")


def _exactly(kind: type) -> Reader:
    def read(data: Any) -> Any:
        if type(data) is not kind:
            raise _not(data, _WANTED[kind])
        return data

    return read


def _number(data: Any) -> float:
    """A whole number is one too: JSON of 3 may be a time of 3.0 s."""
    if type(data) not in (int, float):
        raise _not(data, _WANTED[float])
    return float(data)


def _one_of(choices: tuple[Any, ...]) -> Reader:
    def read(data: Any) -> Any:
        if type(data) is not str or data not in choices:
            raise _not(data, f"one of {', '.join(choices)}")
        return data

    return read


def _optional(reader: Reader) -> Reader:
    return lambda data: None if data is None else reader(data)


def _items(readers: Callable[[int], list[Reader]], data: Any) -> tuple[Any, ...]:
    if type(data) is not list:
        raise _not(data, "a list")
    found: list[Any] = []
    try:
        for part, reader in zip(data, readers(len(data)), strict=True):
            found.append(reader(part))
    except _Wrong as error:
        raise error.at(f"[{len(found)}]") from None
    except ValueError:
        raise _not(data, f"a list of {len(readers(0))}") from None
    return tuple(found)


def _sequence(reader: Reader) -> Reader:
    return functools.partial(_items, lambda size: [reader] * size)


def _fixed(readers: list[Reader]) -> Reader:
    return functools.partial(_items, lambda size: readers)


def _mapping(reader: Reader) -> Reader:
    def read(data: Any) -> dict[str, Any]:
        if type(data) is not dict:
            raise _not(data, "an object")
        found: dict[str, Any] = {}
        key = ""
        try:
            for key, value in data.items():
                found[key] = reader(value)
        except _Wrong as error:
            raise error.at(f"[{key!r}]") from None
        return found

    return read
