"""Finds packages that a prompt imports and programs do not have: no program that imports them is called wrong."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection
from dataclasses import replace

from evals.sandbox.protocol import Outcome
from evals.sandbox.tester.shapes import parse_prompt


def beside_missing(found: Outcome, prompt: str, packages: Collection[str]) -> Outcome:
    """The outcome; a refusal if the program ended since a package is missing that its prompt imports.

    packages: the names that programs may import beside the standard library. A program cannot have itself refused by
    saying so: what is missing is found out here.
    """
    if found.kind != "exception" or "No module named" not in found.detail:
        return found
    for name in imported(prompt):
        if name not in sys.stdlib_module_names and name not in packages and f"'{name}" in found.detail:
            said = f"the prompt imports {name}, and programs here have no such package"
            return replace(found, status="refused", kind="reference", detail=said)
    return found


def imported(prompt: str) -> list[str]:
    """Top-level packages that the prompt imports when it is loaded, in order."""
    names: list[str] = []
    for node in parse_prompt(prompt).body:
        if isinstance(node, ast.Import):
            names += [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module.split(".")[0])
    return names
