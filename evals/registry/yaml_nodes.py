"""Checks the nodes of a YAML file before values are made of them: keys that stand twice, and anchors that expand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MAX_VALUES = 1_000_000
"Values that an entry may have once its anchors are written out. A few lines can stand for billions."


MAX_DEPTH = 100
"Lists and mappings that may lie in one another. Copies and JSON of deeper ones exhaust Python's stack."


class ExpandsError(ValueError):
    """A value that cannot be used as it is: too large, too deep, or within itself. line: of the node, from 1."""

    def __init__(self, problem: str, line: int, fix: str = "write the values out") -> None:
        self.problem, self.line, self.fix = problem, line, fix
        super().__init__(problem)


def check_depth(root: Any) -> None:
    """Raise ExpandsError if more than MAX_DEPTH lists and mappings lie in one another under a node."""
    level, depth = [root], 0
    while level:
        if depth > MAX_DEPTH:
            raise ExpandsError(f"more than {MAX_DEPTH} lists lie in one another", line_of(level[0]), "make it flatter")
        unique = {id(child): child for node in level for child in children(node)}
        level, depth = list(unique.values()), depth + 1


def may_be_deep(data: bytes) -> bool:
    """Whether a file has enough brackets, dashes or indentation for more than MAX_DEPTH levels. Nearly none has."""
    return sum(map(data.count, (b"[", b"{", b"- ", b"? "))) > MAX_DEPTH or b" " * MAX_DEPTH in data


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
