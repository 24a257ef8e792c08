"""A programming problem as the sandbox takes it: what the model was shown, and the tests that decide."""

from __future__ import annotations

from dataclasses import dataclass

from evals.sandbox.output import NumberRule


@dataclass(frozen=True)
class FunctionTests:
    """Tests of a function or class. source: Python that defines `check(candidate)`; trusted, unseen by programs."""

    source: str


@dataclass(frozen=True)
class StdioCase:
    """What a program reads, and what it must print."""

    stdin: str
    stdout: str


@dataclass(frozen=True)
class StdioTests:
    """Tests of a whole program: outputs are compared word by word, line by line, without space at the ends."""

    cases: tuple[StdioCase, ...]
    numbers: NumberRule = "decimals"
    "Which words are equal as numbers."


@dataclass(frozen=True)
class Problem:
    """One problem; the program to be judged comes apart from it, whole."""

    problem_id: str
    prompt: str
    "Source that the model was shown (HumanEval: signature and docstring); trusted."
    tests: FunctionTests | StdioTests
    entry_point: str | None = None
    "Name of the function or class that is handed to `check`; None for whole programs."
    timeout_s: float = 3.0
    "Wall time of the whole check."
    memory_bytes: int = 1 << 30
    "Of the program and all that it starts, together."
    reference: str | None = None
    "A whole program that passes; its time on this machine tells a slow machine from a slow program."
