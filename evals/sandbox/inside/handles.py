"""Objects of a program that cannot travel: the tester holds a number, and asks for what it needs of them."""

from __future__ import annotations

import builtins
import enum
import functools
import io
import os
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from evals.sandbox.inside.attributes import restore, state, state_of_error
from evals.sandbox.inside.codec import NAMED, Decoder, Encoder
from evals.sandbox.inside.surroundings import write_setting

_FORWARDED = (
    "call iter next len getitem setitem delitem bool enter exit str repr format int float index complex add sub mul "
    "truediv floordiv mod divmod pow matmul lshift rshift and or xor neg pos abs invert round trunc radd rsub rmul "
    "rtruediv rfloordiv rmod rdivmod rpow rmatmul rlshift rrshift rand ror rxor iadd isub imul itruediv ifloordiv imod "
    "ipow ior iand ixor reversed floor ceil"
)
FORWARDED = frozenset(f"__{name}__" for name in _FORWARDED.split())
"""What may be asked of an object by an operator. No comparison is: a program is not asked whether it is right."""

ORDERING = frozenset({"__lt__", "__gt__"})
"Between two of the program's own objects alone, where tests sort by what the program gives (`key=candidate`)."

CO_COROUTINE = 0x80
"`inspect.CO_COROUTINE`; `inspect` itself is not loaded, as it takes longer than most programs."

_FUNCTIONS = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    functools.partial,
)


class Handles:
    """The numbered objects of one program. Number 0 is its entry point.

    module: the program's. ask: has the tester do something, see `Candidate.ask`.
    """

    def __init__(self, module: types.ModuleType, ask: Callable[..., Any]) -> None:
        self._module, self._ask = module, ask
        self.objects: list[Any] = []
        self.n_given = 0
        "How often the tester was given one of them."
        self._numbers: dict[int, int] = {}
        self._described: set[int] = set()
        self.shared: frozenset[str] = frozenset()
        "Names of the classes whose instances travel by their attributes."
        self._fed: list[str] = []
        self._made: dict[str, type] = {}
        self.readers: dict[str, Callable[[Any, Decoder], Any]] = {
            "cb": self._callback,
            "it": self._iterator,
            "k": lambda number, _: self.objects[number],
            "o": self._shared_object,
            "e": lambda data, _: self._class(data[0])[data[1]],
            "ex": self._exception,
        }

    def kind_of_entry(self, name: str) -> str:
        """What the entry point is: class, coroutine, function, or value if it cannot be called.

        Raises:
            NameError: the program does not define it.
        """
        if name not in self._module.__dict__:
            raise NameError(f"the program defines no {name}")
        entry = self._module.__dict__[name]
        self._number(entry)
        if isinstance(entry, type):
            return "class"
        if not callable(entry):
            return "value"
        is_async = getattr(getattr(entry, "__code__", None), "co_flags", 0) & CO_COROUTINE
        return "coroutine" if is_async else "function"

    def perform(self, operation: str, target: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Do one thing to a numbered object, or to a global of the program that is given by name."""
        found = self._module.__dict__[target] if isinstance(target, str) else self.objects[target]
        if operation == "call":
            return found(*args, **kwargs)
        if operation == "method":
            return getattr(found, name)(*args, **kwargs)
        if operation == "get":
            return getattr(found, name)
        if operation == "set":
            return setattr(found, name, args[0])
        if operation == "value":
            return found
        if operation == "operator":
            return _operator(found, name, args)
        assert operation == "await"
        # Only now: to load it takes longer than most programs.
        import asyncio

        return asyncio.run(_awaited(found, args, kwargs))

    def special(self, value: Any, encoder: Encoder) -> Any:
        """The tagged form of a value that the codec does not know; NotImplemented if it goes as a builtin."""
        kind = type(value)
        if isinstance(value, (_Callback, _Asked)):
            return {"cb" if isinstance(value, _Callback) else "it": value.number}
        shared = kind.__name__ in self.shared and self._class(kind.__name__) is kind
        if isinstance(value, BaseException):
            held = state_of_error(encoder, value) if shared else []
            return {"ex": [self.error_names(value), encoder.items(list(value.args)), held]}
        if shared:
            if isinstance(value, enum.Enum):
                return {"e": [kind.__name__, value.name]}
            encoder.number(value)
            return {"o": [kind.__name__, state(encoder, value)]}
        if isinstance(value, (int, float, str, bytes, tuple, list, dict, set, frozenset)) and not self._is_own(kind):
            return NotImplemented
        return {"h": self._handle(value)}

    def error_names(self, error: BaseException) -> list[str]:
        """The names of those classes of an exception that the tests mean by them: Python's own, and the prompt's."""
        found = []
        for kind in type(error).__mro__:
            name = kind.__name__
            if NAMED.get(name) is kind or (name in self.shared and self._module.__dict__.get(name) is kind):
                found.append(name)
        return found[:16]

    def _is_own(self, kind: type) -> bool:
        """Whether the entry point is a class, and this one derives from it."""
        entry = self.objects[0] if self.objects else None
        return isinstance(entry, type) and issubclass(kind, entry)

    def _handle(self, value: Any) -> list[Any]:
        number = self._number(value)
        self.n_given += 1
        if isinstance(value, type):
            return ["class", *self._description(value)]
        if isinstance(value, types.GeneratorType):
            return ["generator", number]
        if isinstance(value, types.CoroutineType):
            return ["coroutine", number]
        if isinstance(value, _FUNCTIONS) or type(value).__name__ == "_lru_cache_wrapper":
            return ["function", number, str(getattr(value, "__name__", "function"))]
        if type(value).__module__ != self._module.__name__ and hasattr(type(value), "__next__"):
            return ["iterator", number]
        return ["object", number, *self._description(type(value))]

    def _description(self, kind: type) -> list[Any]:
        """Number, name and forwarded operators of a class, and its bases; the second time its number alone."""
        number = self._number(kind)
        if number in self._described:
            return [number]
        self._described.add(number)
        names = {name for part in kind.__mro__[:-1] for name, value in vars(part).items() if value is not None}
        bases = [self._description(base) for base in kind.__bases__ if base is not object]
        return [number, kind.__name__, sorted(names & (FORWARDED | ORDERING)), bases]

    def _number(self, value: Any) -> int:
        # Objects are kept for as long as the process lives, so that no id is used twice.
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self.objects)
            self.objects.append(value)
        return number

    def _class(self, name: str) -> Any:
        found = self._module.__dict__.get(name)
        if isinstance(found, type):
            return found
        return self._made.setdefault(name, type(name, (), {}))

    def _shared_object(self, data: Any, decoder: Decoder) -> Any:
        # `__init__` is not run: the object was made on the other side, and only its attributes travel.
        kind = self._class(data[0])
        value = kind.__new__(kind) if kind.__new__ is object.__new__ else object.__new__(kind)
        decoder.objects.append(value)
        restore(decoder, value, data[1])
        return value

    def _callback(self, number: int, _: Decoder) -> Any:
        return _Callback(self._ask, number)

    def _iterator(self, number: int, _: Decoder) -> Any:
        return _Asked(self._ask, number)

    def _exception(self, data: Any, decoder: Decoder) -> BaseException:
        names, args, held = data
        error = self.error(names, decoder.items(args))
        restore(decoder, error, held)
        return error

    def error(self, names: list[str], args: list[Any]) -> BaseException:
        """An exception of the tester's side: of a class that has one of these names here, or a plain one."""
        for name in names:
            kind = self._module.__dict__.get(name) or NAMED.get(name)
            if isinstance(kind, type) and issubclass(kind, BaseException):
                # `__init__` of the prompt's or program's class was run on the other side.
                of_python = kind is NAMED.get(name)
                return kind(*args) if of_python else kind.__new__(kind, *args)
        return Exception(*args)

    def feed(self, given: list[Any]) -> None:
        """Let input come from the tester for the next call: `input`, `stdin`, or nothing.

        given: these words, and settings of the tests' process as pairs of name and value.
        """
        feeds = []
        for part in given:
            if type(part) is list:
                write_setting(*part)
            else:
                feeds.append(part)
        if feeds == self._fed:
            return
        self._fed = feeds
        builtins.input = self._asked_input if "input" in feeds else _INPUT
        sys.stdin = _AskedText(self._ask) if "stdin" in feeds else open(os.devnull)  # noqa: SIM115

    def _asked_input(self, prompt: object = "") -> Any:
        return self._ask("input", 0, [[str(prompt)], {}])


_INPUT = builtins.input


class _Callback:
    """A function of the tests that a program was given."""

    def __init__(self, ask: Callable[..., Any], number: int) -> None:
        self._ask, self.number = ask, number
        self.__name__ = "callback"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("call", self.number, [list(args), kwargs])

    def __lt__(self, other: Any) -> Any:
        return self._ask("less", self.number, [[other.number], {}]) if type(other) is _Callback else NotImplemented

    def __gt__(self, other: Any) -> Any:
        return other < self if type(other) is _Callback else NotImplemented


class _Asked:
    """An iterator of the tests that a program was given."""

    def __init__(self, ask: Callable[..., Any], number: int) -> None:
        self._ask, self.number = ask, number

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self._ask("next", self.number, [[], {}])


class _AskedText(io.TextIOBase):
    """Standard input that the tests have put in place."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask

    def readable(self) -> bool:
        return True

    def readline(self, size: int | None = -1) -> Any:
        return self._ask("stdin", 0, [["readline", -1 if size is None else size], {}])

    def read(self, size: int | None = -1) -> Any:
        return self._ask("stdin", 0, [["read", -1 if size is None else size], {}])


def _operator(found: Any, name: str, args: list[Any]) -> Any:
    """What an operator gives, looked up on the class as Python does.

    Raises:
        TypeError: the operator is not one that is forwarded.
    """
    if name not in FORWARDED and name not in ORDERING:
        raise TypeError(f"{name} is never forwarded")
    if name in ("__str__", "__repr__", "__bool__", "__len__", "__iter__", "__format__"):
        plain: dict[str, Any] = {"__str__": str, "__repr__": repr, "__bool__": bool, "__len__": len, "__iter__": iter}
        return plain[name](found) if name in plain else format(found, *args)
    return getattr(type(found), name)(found, *args)


async def _awaited(found: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return await (found if isinstance(found, types.CoroutineType) else found(*args, **kwargs))
