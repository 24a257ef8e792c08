"""Reads the honest programs beside this file: odd ones that are right, and wrong ones that mean no harm."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from attacked_problems import spaced

from evals.sandbox.problem import FunctionTests, Problem, StdioCase, StdioTests

FOLDER = Path(__file__).parent / "honest"
FIELDS = {"exposed", "expects", "timeout", "entry", "source", "slow", "memory", "cases"}


@dataclass(frozen=True)
class Honest:
    """A program, its problem, and the status and kind that its verdict must have."""

    name: str
    program: str
    problem: Problem
    expects: tuple[str, str | None] = ("passed", None)
    slow: str | None = None
    exposed: str | None = None
    "Why it cannot run where no namespaces can be made."


def honest_programs() -> list[Honest]:
    """All of them, in the order of the files."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.txt"))]
    return [_honest(block) for text in texts for block in text.split("\n=== ")[1:]]


def _honest(block: str) -> Honest:
    head, _, rest = block.partition("\n---\n")
    name, *lines = head.splitlines()
    fields = dict(line.split(": ", 1) for line in lines)
    if set(fields) - FIELDS:
        raise ValueError(f"{name}: fields {sorted(fields)}")
    program, *sections = rest.split("\n--- ")
    parts = dict(section.partition("\n")[::2] for section in sections)
    status, _, kind = fields.get("expects", "passed").partition(" ")
    return Honest(
        name,
        _encoded(program + "\n", fields.get("source")),
        _problem(name, fields, parts),
        (status, kind or None),
        fields.get("slow"),
        fields.get("exposed"),
    )


def _encoded(program: str, source: str | None) -> str:
    """The program as odd editors save it."""
    changed = {None: program, "crlf": program.replace("\n", "\r\n"), "bom": "\ufeff" + program, "null": program + "\0"}
    return changed[source]


def _problem(name: str, fields: dict[str, str], parts: dict[str, str]) -> Problem:
    timeout_s, memory_bytes = float(fields.get("timeout", "20")), int(fields.get("memory", "1024")) << 20
    if "tests" in parts:
        body = "".join(f"    {line}\n" for line in parts["tests"].strip("\n").splitlines())
        tests = FunctionTests(f"def check(candidate):\n{body}")
        return Problem(name, parts.get("prompt", ""), tests, fields.get("entry", "f"), timeout_s, memory_bytes)
    return Problem(name, "", StdioTests(_cases(fields, parts["cases"])), None, timeout_s, memory_bytes)


def _cases(fields: dict[str, str], text: str) -> tuple[StdioCase, ...]:
    if fields.get("cases") == "large":
        return (StdioCase(spaced(range(300_000)), "44999850000"),)
    pairs = [line.split(" => ") for line in text.strip().splitlines()]
    return tuple(StdioCase(ast.literal_eval(given), ast.literal_eval(expected)) for given, expected in pairs)
