"""The attributes of an object that travels: taken from it here, set on another of the same class there."""

from __future__ import annotations

import types
from typing import Any

from evals.sandbox.inside.wire import Decodes, Encodes, Malformed


def state(encoder: Encodes, value: Any) -> list[Any]:
    """The attributes of an object, those in slots too, as pairs of name and encoded value."""
    names = dict.fromkeys(getattr(value, "__dict__", ()))
    # Classes with `__slots__` keep their attributes outside of `__dict__`.
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        names |= dict.fromkeys([slots] if isinstance(slots, str) else slots)
    names.pop("__dict__", None)
    return [[name, encoder.encode(getattr(value, name))] for name in names if hasattr(value, name)]


def state_of_error(encoder: Encodes, error: BaseException) -> list[Any]:
    """The attributes of an exception beside its arguments; notes, which Python keeps among them, are left out."""
    return [pair for pair in state(encoder, error) if not pair[0].startswith("__")]


def restore(decoder: Decodes, value: Any, data: Any) -> None:
    """Set the attributes that `state` gave, by `object.__setattr__`, so that frozen classes allow it.

    Raises:
        Malformed: a name is no plain attribute, or would take the place of a method of the object's class.
    """
    for name, content in data:
        if not decoder.text(name).isidentifier() or name.startswith("__"):
            raise Malformed(f"an object has an attribute {name!r}")
        decoded = decoder.decode(content)
        if _may_hold(type(value), name):
            object.__setattr__(value, name, decoded)


def _may_hold(kind: type, name: str) -> bool:
    """Whether an object's own attribute may have this name: none may take the place of what its class does."""
    for part in kind.__mro__:
        found = part.__dict__.get(name)
        if type(found).__name__ == "cached_property":
            return False
        if isinstance(found, types.FunctionType | property | classmethod | staticmethod):
            raise Malformed(f"an object has an attribute in the place of its class's {name}")
    return True
