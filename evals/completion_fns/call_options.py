"""The options of a call: layers laid over each other, and those of equal calls found again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.completion_fns.caps import one_cap

MOST_KNOWN = 64
"Kinds of calls that are remembered: evals have a few, and a plug-in that counts in its options has no end of them."


class KnownOptions(dict[str, Any]):
    """The options of calls that come again and again. They are not changed.

    derived: what a backend has worked out from them, which it may keep here.
    """

    __slots__ = ("derived",)

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self.derived: Any = None


class CallOptions:
    """The options of each call, with those of the constructor laid over them. Equal calls get the same object.

    layers: those of the constructor, the later ones on top.
    """

    def __init__(self, *layers: Mapping[str, Any]) -> None:
        self._layers = layers
        self._known: dict[Any, KnownOptions] = {}

    def of(self, given: Mapping[str, Any]) -> KnownOptions:
        """The options of a call that gave these; None takes one out, and of two caps on tokens one stays."""
        try:
            # With types: 0 and 0.0 are equal keys, and are recorded as they were given.
            key = tuple([(name, value, type(value)) for name, value in given.items()])
            known = self._known.get(key)
        except TypeError:  # a list or an object among them
            return self._laid_over(given)
        if known is None:
            known = self._laid_over(given)
            if len(self._known) < MOST_KNOWN and all(kind in _PLAIN for *_, kind in key):
                self._known[key] = known
        return known

    def _laid_over(self, given: Mapping[str, Any]) -> KnownOptions:
        return KnownOptions(one_cap(overlaid(given, *self._layers)))


_PLAIN = (str, int, float, bool, type(None))


def overlaid(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """The sampling arguments of several layers, those of later layers on top; arguments that are None are left out."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged.update(layer)
    return {name: value for name, value in merged.items() if value is not None}
