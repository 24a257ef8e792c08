"""Checks the nodes of a YAML file before values are made of them: keys that stand twice, and anchors that expand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MAX_VALUES = 1_000_000
"Values that an entry may have once its anchors are written out. A few lines can stand for billions."


class ExpandsError(ValueError):
    """Anchors make more values than MAX_VALUES, or a value that holds itself. line: of the node, from 1."""

    def __init__(self, problem: str, line: int) -> None:
        self.problem, self.line = problem, line
        super().__init__(problem)


def check_size(root: Any) -> None:
    """Raise ExpandsError if the values under a node are too many, or hold themselves.

    The parser keeps an anchor's value once, however often it is used; copies, comparisons and JSON do not.
    """
    sizes: dict[int, int] = {}
    under_way: set[int] = set()
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        node, is_done = stack.pop()
        if is_done:
            under_way.discard(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(child)] for child in children(node))
            if sizes[id(node)] > MAX_VALUES:
                raise ExpandsError(f"its anchors expand to more than {MAX_VALUES:,} values", line_of(node))
            continue
        if id(node) in sizes:
            continue
        if id(node) in under_way:
            raise ExpandsError("an anchor holds itself", line_of(node))
        under_way.add(id(node))
        stack.append((node, True))
        stack.extend((child, False) for child in children(node))


def children(node: Any) -> Iterator[Any]:
    """The nodes right under a node: items of a list, keys and values of a mapping."""
    if isinstance(node.value, str):
        return
    for child in node.value:
        if isinstance(child, tuple):
            yield from child
        else:
            yield child


def repeated_keys(root: Any) -> list[str]:
    """Each key that appears twice in a mapping under a node, as `'args' appears twice, in lines 3 and 7`."""
    found: list[str] = []
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if type(node.value) is str or id(node) in seen:  # most are texts: a third of the time of reading a registry
            continue
        seen.add(id(node))
        if node.id == "mapping":
            found += _repeated_in(node)
            stack += [part for pair in node.value for part in pair if type(part.value) is not str]
        else:
            stack += node.value
    return found


def repeated_names(root: Any) -> dict[str, str]:
    """The top-level keys of a file that stand twice, and words with their lines."""
    names = [str(key.value) for key, _ in root.value]
    if len(set(names)) == len(names):
        return {}
    lines = {name: [str(line_of(key)) for key, _ in root.value if key.value == name] for name in names}
    return {
        name: f"{name!r} appears twice, in lines {' and '.join(found)}" for name, found in lines.items() if found[1:]
    }


def _repeated_in(mapping: Any) -> Iterator[str]:
    identities = [(key.tag, key.value) for key, _ in mapping.value if type(key.value) is str]
    if len(set(identities)) == len(identities):
        return
    lines: dict[tuple[str, str], int] = {}
    for key, _ in mapping.value:
        if not isinstance(key.value, str) or key.value == "<<":
            continue
        identity = (key.tag, key.value)
        if identity in lines:
            yield f"{key.value!r} appears twice, in lines {lines[identity]} and {line_of(key)}"
        lines[identity] = line_of(key)


def line_of(node: Any) -> int:
    """The line of a node, from 1."""
    line: int = node.start_mark.line
    return line + 1
