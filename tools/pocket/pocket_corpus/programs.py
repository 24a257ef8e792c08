"""Short programs: a signature, what to do step by step, and a body with one line a step."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from pocket_corpus.items import Item

KINDS = ("number", "list", "text")
MAX_STEPS = 5
_STEP_COUNTS = (1, 2, 3, 4, 5)
_STEP_WEIGHTS = (30, 30, 20, 12, 8)
ARGUMENT = {"number": "x", "list": "xs", "text": "s"}
INPUTS: dict[str, tuple[Any, ...]] = {
    "number": (-9, -2, 0, 1, 3, 7, 12, 25),
    "list": ([], [4], [3, 1, 2], [5, -2, 8, 5], [-7, 6, 0, 9, 4], [12, 3, 7, 10, 1, 8], [2, 2, 11, -5, 30, 6, 1]),
    "text": ("", "a", "ab", "Hello", "abcde", "World war", "noon", "Xyz abc"),
}


@dataclass(frozen=True)
class Operation:
    """What a step does: its words and its line; `{k}` stands for a number from 1 to 9, or a letter for texts."""

    words: tuple[str, ...]
    line: str
    gives: str
    """Kind of value afterwards."""


def _op(line: str, *words: str, gives: str) -> Operation:
    return Operation(words, line, gives)


OPERATIONS: dict[str, tuple[Operation, ...]] = {
    "number": (
        _op("x = x + {k}", "add {k}", "increase by {k}", gives="number"),
        _op("x = x - {k}", "subtract {k}", "decrease by {k}", gives="number"),
        _op("x = x * {k}", "multiply by {k}", "take {k} times that", gives="number"),
        _op("x = x % {k}", "take the remainder by {k}", gives="number"),
        _op("x = x // {k}", "divide by {k} and round down", gives="number"),
        _op("x = max(x, {k})", "make it at least {k}", gives="number"),
        _op("x = min(x, {k})", "make it at most {k}", gives="number"),
        _op("x = x * x", "square", gives="number"),
        _op("x = -x", "negate", gives="number"),
        _op("x = abs(x)", "drop the sign", gives="number"),
    ),
    "list": (
        _op("xs = [x + {k} for x in xs]", "add {k} to each", "increase each by {k}", gives="list"),
        _op("xs = [x * {k} for x in xs]", "multiply each by {k}", gives="list"),
        _op("xs = [x * x for x in xs]", "square each", gives="list"),
        _op("xs = [x for x in xs if x > {k}]", "keep those above {k}", "drop those not above {k}", gives="list"),
        _op("xs = [x for x in xs if x < {k}]", "keep those below {k}", gives="list"),
        _op("xs = [x for x in xs if x % 2 == 0]", "keep the even ones", "drop the odd ones", gives="list"),
        _op("xs = [x for x in xs if x % 2 == 1]", "keep the odd ones", "drop the even ones", gives="list"),
        _op("xs = sorted(xs)", "sort", gives="list"),
        _op("xs = xs[::-1]", "reverse", gives="list"),
        _op("xs = xs[1:]", "drop the first", gives="list"),
        _op("xs = xs[:{k}]", "keep the first {k}", gives="list"),
        _op("xs = xs + [{k}]", "append {k}", gives="list"),
        _op("x = sum(xs)", "take the sum", "add them up", gives="number"),
        _op("x = len(xs)", "count them", gives="number"),
        _op("x = max(xs, default={k})", "take the largest, or {k} if there is none", gives="number"),
        _op("x = min(xs, default={k})", "take the smallest, or {k} if there is none", gives="number"),
    ),
    "text": (
        _op('s = s + "{k}"', "add {k} at the end", gives="text"),
        _op('s = "{k}" + s', "put {k} in front", gives="text"),
        _op('s = s.replace("{k}", "")', "remove every {k}", gives="text"),
        _op("s = s.upper()", "make it upper case", gives="text"),
        _op("s = s.lower()", "make it lower case", gives="text"),
        _op("s = s[::-1]", "reverse", gives="text"),
        _op("s = s[1:]", "drop the first letter", gives="text"),
        _op("s = s[:-1]", "drop the last letter", gives="text"),
        _op("s = s + s", "double", gives="text"),
        _op("x = len(s)", "take the length", gives="number"),
        _op('x = s.count("{k}")', "count every {k}", gives="number"),
    ),
}
LETTERS = "abcdelo"


@dataclass(frozen=True)
class Program:
    """A problem with its solution. lines: one a step, without the last line that returns `result`."""

    kind: str
    docstring: str
    lines: tuple[str, ...]
    result: str

    @property
    def key(self) -> str:
        """Two wordings of the same steps are the same item."""
        return "program " + "; ".join(self.lines)

    @property
    def prompt(self) -> str:
        return f'def solve({ARGUMENT[self.kind]}):\n    """{self.docstring}"""\n'

    @property
    def body(self) -> str:
        return "".join(f"    {line}\n" for line in (*self.lines, f"return {self.result}"))

    @property
    def item(self) -> Item:
        return Item(self.key, self.prompt, self.body.removesuffix("\n"), self.kind, gap="")

    def function(self, lines: tuple[str, ...] | None = None) -> Callable[[Any], Any]:
        """The solution as a function, or the one that other lines make."""
        return compiled(self.kind, self.lines if lines is None else lines, self.result)


@cache
def compiled(kind: str, lines: tuple[str, ...], result: str) -> Callable[[Any], Any]:
    """The function that these lines make."""
    body = "".join(f"    {line}\n" for line in (*lines, f"return {result}"))
    names: dict[str, Any] = {}
    exec(f"def solve({ARGUMENT[kind]}):\n{body}", names)
    function: Callable[[Any], Any] = names["solve"]
    return function


def draw_program(rng: random.Random, kind: str) -> Program:
    """A program on a number, a list or a text, of one to five steps."""
    n_steps = rng.choices(_STEP_COUNTS, _STEP_WEIGHTS)[0]
    now, said, lines = kind, [], []
    for _ in range(n_steps):
        operation = rng.choice(OPERATIONS[now])
        k = rng.choice(LETTERS) if now == "text" else str(rng.randint(2 if "%" in operation.line else 1, 9))
        words = rng.choices(operation.words, (2, 1)[: len(operation.words)])[0]
        said.append(words.replace("{k}", k))
        lines.append(operation.line.replace("{k}", k))
        now = operation.gives
    return Program(kind, _sentence(said), tuple(lines), ARGUMENT[now])


def _sentence(said: list[str]) -> str:
    text = ", then ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def draw(rng: random.Random, kind: str) -> Item:
    """A program as an item."""
    return draw_program(rng, kind).item


def outcomes(program: Program, lines: tuple[str, ...] | None = None) -> list[str]:
    """What the solution, or other lines, return for every input of the kind; an error by its name."""
    return [_outcome(program.function(lines), value) for value in INPUTS[program.kind]]


def _outcome(function: Callable[[Any], Any], value: Any) -> str:
    try:
        return repr(function(value))
    except Exception as error:
        return type(error).__name__


def mutants(program: Program) -> list[tuple[str, ...]]:
    """Wrong solutions: a step left out, two neighbours swapped, or a number one too large."""
    lines = program.lines
    found = [lines[:k] + lines[k + 1 :] for k in range(len(lines))]
    found += [(*lines[:k], lines[k + 1], lines[k], *lines[k + 2 :]) for k in range(len(lines) - 1)]
    for k, line in enumerate(lines):
        found += [(*lines[:k], changed, *lines[k + 1 :]) for changed in _off_by_one(line)]
    return found


def _off_by_one(line: str) -> list[str]:
    """The line with each of its numbers increased by one, one at a time."""
    places = [k for k, char in enumerate(line) if char.isdigit()]
    return [f"{line[:k]}{int(line[k]) + 1}{line[k + 1 :]}" for k in places]


def every_step_counts(program: Program) -> bool:
    """Whether the tests tell the solution from its mutants without a step or with another number."""
    right = outcomes(program)
    n_dropped = len(program.lines)
    wrong = mutants(program)
    swapped = range(n_dropped, 2 * n_dropped - 1)
    return all(outcomes(program, lines) != right for k, lines in enumerate(wrong) if k not in swapped)


def test_source(program: Program) -> str:
    """HumanEval's `check`: one assertion an input."""
    function = program.function()
    # Each input is written out twice, so that no call sees what another did to its list.
    asserts = [f"    assert candidate({value!r}) == {function(value)!r}\n" for value in INPUTS[program.kind]]
    return "def check(candidate):\n" + "".join(asserts)
