"""How values of the tests leave their process, and what becomes here of those that a program gives."""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Mapping
from typing import Any

from evals.sandbox.inside.attributes import restore, state, state_of_error
from evals.sandbox.inside.codec import NAMED, Decoder, Encoder
from evals.sandbox.inside.wire import Malformed
from evals.sandbox.tester.exits import Exit
from evals.sandbox.tester.proxies import Proxies

_PLAIN = (int, float, str, bytes, tuple, list, dict, set, frozenset)


class Values:
    """The values of one check that the codec does not know by itself.

    classes: names of prompt's and tests' classes whose instances travel by their attributes; they are found in
    `namespace`, the tests' own, and never in the program.
    """

    def __init__(self, proxies: Proxies, classes: frozenset[str], namespace: Mapping[str, Any]) -> None:
        self._proxies, self._classes, self._namespace = proxies, classes, namespace
        self.handed_over: list[Any] = []
        "Functions and iterators of the tests that the program may use, by number."
        self.readers: dict[str, Callable[[Any, Decoder], Any]] = {
            "h": lambda data, _: self._proxies.of(data),
            "cb": lambda number, _: self.handed_over[number],
            "it": lambda number, _: self.handed_over[number],
            "o": self._shared_object,
            "e": lambda data, _: self._enum(data),
            "ex": self._read_exception,
        }

    def special(self, value: Any, encoder: Encoder) -> Any:
        """The tagged form of a value of the tests; NotImplemented if it goes as a builtin.

        Raises:
            Malformed: it cannot leave this process.
        """
        number = self._proxies.number_of(value)
        if number is not None:
            return {"k": number}
        kind = type(value)
        shared = kind.__name__ in self._classes and self._namespace.get(kind.__name__) is kind
        if isinstance(value, BaseException):
            held = state_of_error(encoder, value) if shared else []
            return {"ex": [[part.__name__ for part in kind.__mro__[:-2]], encoder.items(list(value.args)), held]}
        if shared:
            if isinstance(value, enum.Enum):
                return {"e": [kind.__name__, value.name]}
            encoder.number(value)
            return {"o": [kind.__name__, state(encoder, value)]}
        if isinstance(value, _PLAIN):
            return NotImplemented
        if isinstance(value, types.TracebackType):
            return None  # the third argument of `__exit__`
        if hasattr(kind, "__next__") or callable(value):
            self.handed_over.append(value)
            return {"it" if hasattr(kind, "__next__") else "cb": len(self.handed_over) - 1}
        raise Malformed(f"an object of type {kind.__name__}")

    def exception(self, names: Any, args: Any, text: Any) -> BaseException:
        """An exception of the first class that is known here: one of the prompt's, or Python's own.

        The program gives names of classes that really are these there; one that is only called ValueError is in none.

        Raises:
            Malformed: the parts are of wrong types.
        """
        if not all(type(name) is str for name in names) or type(args) is not list or type(text) is not str:
            raise Malformed("an exception is malformed")
        for name in names:
            kind = NAMED.get(name) or (self._namespace.get(name) if name in self._classes else None)
            if isinstance(kind, type) and issubclass(kind, BaseException) and not issubclass(kind, Exit):
                return _made(kind, args, text)
        return Exception(text)

    def _read_exception(self, data: Any, decoder: Decoder) -> BaseException:
        names, args, held = data
        error = self.exception(names, decoder.items(args), "")
        restore(decoder, error, held)
        return error

    def _shared_object(self, data: Any, decoder: Decoder) -> Any:
        name, content = data
        kind = self._namespace.get(name) if name in self._classes else None
        if not isinstance(kind, type):
            raise Malformed(f"no class {name} is shared")
        value: Any = object.__new__(kind)
        decoder.objects.append(value)
        restore(decoder, value, content)
        return value

    def _enum(self, data: Any) -> Any:
        kind = self._namespace.get(data[0]) if data[0] in self._classes else None
        if not (isinstance(kind, type) and issubclass(kind, enum.Enum)):
            raise Malformed("no such enumeration is shared")
        return kind[data[1]]


def _made(kind: type[BaseException], args: list[Any], text: str) -> BaseException:
    """An exception with these arguments. Its `__init__` is not run again: it ran when the program made it."""
    for given in (args, [text]):
        try:
            return kind.__new__(kind, *given)
        except Exception:
            continue
    return Exception(text)
