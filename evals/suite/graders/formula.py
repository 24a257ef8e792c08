"""Formulas of `multi` graders, such as `0.5 * name + 0.5 * min(a, b)`: parsed here, never given to Python."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([^\W\d]\w*)|(.))", re.DOTALL)

_OF_MANY: Mapping[str, Callable[..., float]] = {"min": min, "max": max}
_OF_ONE: Mapping[str, Callable[[float], float]] = {
    "abs": abs, "floor": math.floor, "ceil": math.ceil, "exp": math.exp, "sqrt": math.sqrt, "log": math.log,
}  # fmt: skip
FUNCTIONS = (*_OF_MANY, *_OF_ONE)

MAX_DEPTH = 100
"Of brackets in brackets."

_Node: TypeAlias = Callable[[Mapping[str, float]], float]


class BadFormula(ValueError):
    """A formula cannot be read, or has no value for these scores; the message says why."""


@dataclass(frozen=True)
class Formula:
    """A formula that was read. names: the graders that it uses, in order of appearance."""

    text: str
    names: tuple[str, ...]
    _compute: _Node

    def value(self, scores: Mapping[str, float]) -> float:
        """The value for the scores of the graders.

        Raises:
            BadFormula: it has none: a division by 0, a root or logarithm of what has none, or no finite number.
        """
        try:
            value = float(self._compute(scores))
        except (ArithmeticError, ValueError) as error:
            raise BadFormula(f"{self.text} has no value: {error}") from None
        if not math.isfinite(value):
            raise BadFormula(f"{self.text} is {value}")
        return value


def read_formula(text: str) -> Formula:
    """The formula in `text`: numbers, names, `+ - * / ^`, brackets, and the functions in `FUNCTIONS`.

    `^` binds tightest and to the right, a sign before it comes after: -2^2 is -4. `log` is the natural logarithm.

    Raises:
        BadFormula: it cannot be read.
    """
    parser = _Parser(text)
    compute = parser.sum(0)
    if parser.token:
        raise parser.unexpected()
    return Formula(text, tuple(dict.fromkeys(parser.names)), compute)


class _Parser:
    """Reads a formula by recursive descent: a sum of products of signed powers of atoms."""

    def __init__(self, text: str) -> None:
        self.names: list[str] = []
        self._text = text
        self._position = 0
        self.token = ""
        self.kind = ""
        self._next()

    def _next(self) -> str:
        """Go on to the next token; returns the one before it."""
        previous = self.token
        found = _TOKEN.match(self._text, self._position)
        if found is None or not found[0].strip():
            self.token, self.kind = "", "end"
            return previous
        self._position = found.end()
        number, name, sign = found.groups()
        self.token = number or name or sign
        self.kind = "number" if number else "name" if name else "sign"
        return previous

    def unexpected(self) -> BadFormula:
        what = repr(self.token) if self.token else "the end"
        return BadFormula(f"{what} is not expected after {self._text[: self._position - len(self.token)].rstrip()!r}")

    def _expect(self, sign: str) -> None:
        if self.token != sign:
            raise self.unexpected()
        self._next()

    def sum(self, depth: int) -> _Node:
        if depth > MAX_DEPTH:
            raise BadFormula(f"more than {MAX_DEPTH} brackets lie in one another")
        return self._chain({"+": operator.add, "-": operator.sub}, lambda: self._product(depth))

    def _product(self, depth: int) -> _Node:
        return self._chain({"*": operator.mul, "/": operator.truediv}, lambda: self._signed(depth))

    def _chain(self, operators: Mapping[str, Callable[[float, float], float]], part: Callable[[], _Node]) -> _Node:
        """Parts joined by operators of one rank, from left to right."""
        first = part()
        rest: list[tuple[Callable[[float, float], float], _Node]] = []
        while self.kind == "sign" and self.token in operators:
            rest.append((operators[self._next()], part()))

        def compute(scores: Mapping[str, float]) -> float:
            value = first(scores)
            for apply, node in rest:
                value = apply(value, node(scores))
            return value

        return compute

    def _signed(self, depth: int) -> _Node:
        negative = False
        while self.kind == "sign" and self.token in ("-", "+"):
            negative ^= self._next() == "-"
        inner = self._power(depth)
        return (lambda scores: -inner(scores)) if negative else inner

    def _power(self, depth: int) -> _Node:
        base = self._atom(depth)
        if self.token != "^":
            return base
        self._next()
        if depth > MAX_DEPTH:
            raise BadFormula(f"more than {MAX_DEPTH} powers lie in one another")
        exponent = self._signed(depth + 1)
        return lambda scores: math.pow(base(scores), exponent(scores))

    def _atom(self, depth: int) -> _Node:
        if self.kind == "number":
            value = float(self._next())
            return lambda scores: value
        if self.kind == "name":
            name = self._next()
            if self.token == "(":
                return self._call(name, depth)
            if name in FUNCTIONS:
                raise self.unexpected()
            self.names.append(name)
            return lambda scores: scores[name]
        self._expect("(")
        inner = self.sum(depth + 1)
        self._expect(")")
        return inner

    def _call(self, name: str, depth: int) -> _Node:
        if name not in FUNCTIONS:
            raise BadFormula(f"there is no function {name!r}; there are {', '.join(FUNCTIONS)}")
        self._next()
        arguments = [self.sum(depth + 1)]
        while self.token == ",":
            self._next()
            arguments.append(self.sum(depth + 1))
        self._expect(")")
        if name in _OF_ONE:
            if len(arguments) != 1:
                raise BadFormula(f"{name} takes one value, got {len(arguments)}")
            apply, argument = _OF_ONE[name], arguments[0]
            return lambda scores: apply(argument(scores))
        choose = _OF_MANY[name]
        return lambda scores: choose([argument(scores) for argument in arguments])
