"""The nodes of a syntax tree, gone through once: all in order, those of each kind, and the words that stand in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeVar

_LEAVES = (ast.Constant, ast.Name)
"Of kinds without parts, but for how a name is used. More than half of all nodes are of these."

N = TypeVar("N", bound=ast.AST)


class Nodes:
    """All nodes of a tree but those that say how a name is used, in the order of `ast.walk`."""

    def __init__(self, tree: ast.AST) -> None:
        self.all: list[ast.AST] = [tree]
        self._of: dict[type, list[ast.AST]] = {}
        for node in self.all:
            kind = type(node)
            self._of.setdefault(kind, []).append(node)
            if kind in _LEAVES:
                continue
            for name in node._fields:
                value = getattr(node, name, None)
                if type(value) is list:
                    self.all.extend(part for part in value if isinstance(part, ast.AST))
                elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                    self.all.append(value)
        self.words = frozenset(self._words())
        "What stands there as a name or an attribute, and each part of what is imported."

    def of(self, kind: type[N]) -> list[N]:
        """The nodes of exactly this kind, in order."""
        return self._of.get(kind, [])  # type: ignore[return-value]

    def _words(self) -> Iterator[str]:
        for name in self.of(ast.Name):
            yield name.id
        for attribute in self.of(ast.Attribute):
            yield attribute.attr
        for alias in self.of(ast.alias):
            yield from alias.name.split(".")
            yield alias.asname or alias.name
        for imported in self.of(ast.ImportFrom):
            yield from (imported.module or "").split(".")
            yield imported.module or ""
