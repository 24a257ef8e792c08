"""Proxies of objects that stay in the program: what is done to a proxy here is done to the object there.

A program is never asked whether something equals an expected value or is smaller than it: comparisons of proxies know
identity alone. Arithmetic is forwarded only if a class is under test: between two objects of the program, or with the
operators that the prompt's class defines.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Generator
from typing import Any, Protocol

from evals.sandbox.inside.handles import FORWARDED, ORDERING
from evals.sandbox.inside.source import MODULE
from evals.sandbox.inside.wire import Malformed
from evals.sandbox.tester.taken import Source, Taken

OF_FUNCTIONS = frozenset(
    {"__call__", "__iter__", "__next__", "__len__", "__getitem__", "__enter__", "__exit__", "__str__", "__repr__"}
    | {"__setitem__", "__delitem__"}
)
"Operators that are forwarded where a function is under test: none is given an expected value."

UNARY = (
    OF_FUNCTIONS
    | {"__bool__", "__int__", "__float__", "__index__", "__complex__", "__neg__"}
    | {"__pos__", "__abs__", "__invert__", "__round__", "__trunc__", "__reversed__", "__floor__", "__ceil__"}
)
"Operators that are always forwarded where a class is under test: they are given no other number to compare with."

MAX_BASES = 20
"Of a chain of classes that a message describes."


class Requests(Source, Protocol):
    """What proxies need of `calls.Program`."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be asked of the program."""


class _ProxyClass(type):
    """The class of proxies of classes."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls._program.request("call", cls._number, "", args, kwargs)

    # Names with two underscores are Python's own: what is not forwarded on purpose is not asked of the program.
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return cls._program.request("get", cls._number, name)


class Proxy(metaclass=_ProxyClass):
    """A proxy of an object; classes of the program become classes below this one."""

    _program: Requests
    _number: int
    _taken: Taken

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self._taken.attribute(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._program.request("set", self._number, name, (value,))


class IteratorProxy:
    """A proxy of an iterator that is no generator."""

    __module__ = MODULE

    def __init__(self, program: Requests, number: int) -> None:
        self._program, self._number = program, number

    def __iter__(self) -> IteratorProxy:
        return self

    def __next__(self) -> Any:
        return self._program.request("method", self._number, "__next__")


class Proxies:
    """All proxies of one program.

    operators: those that the prompt's class defines. guards_with: see `shapes.Shape`. orders: whether the program says
    which of two objects of its own comes first.
    """

    def __init__(
        self,
        program: Requests,
        class_under_test: bool,
        operators: frozenset[str],
        guards_with: bool = False,
        orders: bool = False,
    ) -> None:
        self._program = program
        self._guards_with, self._of_class = guards_with, class_under_test
        # Operators that may be given anything, and those that may be given other objects of the program.
        self._free = operators | (UNARY if class_under_test else OF_FUNCTIONS)
        self._among_own = FORWARDED - self._free if class_under_test else frozenset()
        if orders:
            self._among_own |= ORDERING
        self._classes: dict[int, type] = {}
        self._made: dict[int, Any] = {}
        self._numbers: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()

    def entry(self, kind: Any, name: str) -> Any:
        """The proxy of the entry point, number 0."""
        if kind == "class":
            return self._class([0, name, [], []])
        if kind == "coroutine":
            return self._coroutine_function(0, name)
        if kind == "value":
            return self._program.request("value", 0)
        return self._function(0, name)

    def of(self, data: Any) -> Any:
        """The proxy that a message describes.

        Raises:
            Malformed: it describes none; also TypeError, ValueError or LookupError, which the decoder makes that of.
        """
        kind, number, *rest = data
        if kind == "class":
            return self._class([number, *rest])
        if type(number) is not int or number < 0:
            raise Malformed("an object has no number")
        known = self._made.get(number)
        if known is None:
            known = self._made[number] = self._new(kind, number, rest)
        return known

    def number_of(self, value: Any) -> int | None:
        """The number of the object that a value is the proxy of; None if it is no proxy."""
        if isinstance(type(value), _ProxyClass) or isinstance(value, _ProxyClass):
            return int(value._number)
        try:
            return self._numbers.get(value)
        except TypeError:  # of a kind that has no hash, or no weak references: it is no proxy
            return None

    def _new(self, kind: Any, number: int, rest: list[Any]) -> Any:
        if kind == "generator":
            made: Any = self._generator(number)
            made.__qualname__ = "generator"
        elif kind == "iterator":
            made = IteratorProxy(self._program, number)
        elif kind == "function":
            made = self._function(number, str(rest[0]))
        elif kind == "coroutine":
            made = self._coroutine_function(number, "coroutine", awaiting=True)()
        elif kind == "object":
            cls = self._class(rest)
            made = object.__new__(cls)
            object.__setattr__(made, "_number", number)
            object.__setattr__(made, "_taken", Taken(self._program, number, keeps=not self._of_class))
            return made
        else:
            raise Malformed("an object of an unknown kind")
        self._numbers[made] = number
        return made

    def _class(self, description: list[Any], depth: int = 0) -> type:
        number, *rest = description
        if type(number) is not int or depth > MAX_BASES:
            raise Malformed("a class is malformed")
        if number in self._classes and (number != 0 or not rest or not rest[1]):
            return self._classes[number]
        name, operators, bases = rest
        if type(name) is not str or not name.isidentifier():
            raise Malformed("a class has no name")
        # The module shows in texts of failed assertions: it must not change when this file moves.
        body: dict[str, Any] = {"_program": self._program, "_number": number, "__module__": MODULE}
        body |= {operator: self._forwarder(operator) for operator in operators if operator in self._free}
        body |= {operator: _among_own(operator) for operator in operators if operator in self._among_own}
        body |= _taking(frozenset(operators) & self._free)
        above = tuple(dict.fromkeys(self._class(base, depth + 1) for base in bases)) or (Proxy,)
        known = self._classes.get(number)
        # The entry point was known by its number before the program described it: the proxy stays the same class.
        if known is not None:
            for attribute, value in body.items():
                type.__setattr__(known, attribute, value)
            return known
        try:
            made = _ProxyClass(name, above, body)
        except TypeError:  # bases in an order that no class can have, as a program may claim
            made = _ProxyClass(name, (Proxy,), body)
        self._classes[number] = made
        return made

    def _forwarder(self, operator: str) -> Callable[..., Any]:
        return _leaving(self._guards_with) if operator == "__exit__" else _asking(operator)

    def _function(self, number: int, name: str) -> Callable[..., Any]:
        program = self._program

        def call(*args: Any, **kwargs: Any) -> Any:
            return program.request("call", number, "", args, kwargs)

        call.__name__ = call.__qualname__ = name
        self._numbers[call] = number
        return call

    def _coroutine_function(self, number: int, name: str, awaiting: bool = False) -> Callable[..., Any]:
        program = self._program

        async def call(*args: Any, **kwargs: Any) -> Any:
            return program.request("await", number, "", args, kwargs)

        call.__name__ = call.__qualname__ = name
        if not awaiting:
            self._numbers[call] = number
        return call

    def _generator(self, number: int) -> Generator[Any, Any, Any]:
        request = self._program.request
        operation: str = "__next__"
        args: tuple[Any, ...] = ()
        while True:
            try:
                value = request("method", number, operation, args)
            except StopIteration as stop:
                return stop.value
            try:
                sent = yield value
            except GeneratorExit:  # the tests are done with it; this may be the collector's call after the check
                if not self._program.is_over:
                    request("method", number, "close")
                raise
            except Exception as error:
                operation, args = "throw", (error,)
            else:
                operation, args = ("__next__", ()) if sent is None else ("send", (sent,))


def _taking(operators: frozenset[str]) -> dict[str, Callable[..., Any]]:
    """Those of the operators of an object with which tests take what is in it, as `taken` has it."""
    found: dict[str, Callable[..., Any]] = {}
    if "__len__" in operators:
        found["__len__"] = lambda self: self._taken.length()
    if "__getitem__" in operators:
        found["__getitem__"] = lambda self, key: self._taken.item(key)
    # What is an iterator itself goes on where it was.
    if not operators.isdisjoint({"__iter__", "__getitem__"}) and "__next__" not in operators:
        by_index = "__iter__" not in operators
        found["__iter__"] = lambda self: self._taken.items(by_index)
    return found


def _among_own(operator: str) -> Callable[..., Any]:
    """An operator that the prompt does not define: asked if both sides are the program's own objects."""
    ask = _asking(operator)

    def forward(self: Any, *args: Any) -> Any:
        return ask(self, *args) if all(isinstance(arg, Proxy) for arg in args) else NotImplemented

    forward.__name__ = operator
    return forward


def _asking(operator: str) -> Callable[..., Any]:
    """An operator that is always asked of the program."""

    def forward(self: Any, *args: Any) -> Any:
        return self._program.request("operator", self._number, operator, args)

    forward.__name__ = operator
    return forward


def _leaving(always_raises: bool) -> Callable[..., Any]:
    """`__exit__`: a program may not swallow what the tests find."""

    def forward(self: Any, *args: Any) -> Any:
        answer = self._program.request("operator", self._number, "__exit__", args)
        return False if always_raises or isinstance(args[1], AssertionError) else answer

    forward.__name__ = "__exit__"
    return forward
