"""Finds the verdict in an answer with a form of its own: JSON, tags such as `<verdict>`, double brackets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evals.suite.graded.verdict_labels import is_firm_label, is_verdict_label

MAX_OBJECTS = 200
"How many places where an object may begin are tried."

_TAG = re.compile(r"<(?P<label>[A-Za-z][\w-]{0,40})>\s*(?P<value>[^<>]{1,400}?)\s*</(?P=label)>")
_BRACKETS = re.compile(r"\[\[\s*(?P<value>[^\[\]\n]{1,80}?)\s*\]\]")

ReadWhole = Callable[[str], "str | None"]
"The choice that a text is, decoration aside; None for any other text."


@dataclass(frozen=True)
class Found:
    """What a form says, and where it stands in the text."""

    choice: str | None
    "None where it has a verdict that is none of the choices, or two that differ."
    start: int
    end: int


@dataclass(frozen=True)
class Leaf:
    """A value of an object that holds no others, as text."""

    key: str
    text: str
    depth: int


def verdict_in_form(text: str, read_whole: ReadWhole, read_line: ReadWhole, *, last: bool) -> Found | None:
    """The verdict of an answer that has one in a form; None for an answer without such a form.

    last: of several forms the last one decides, else the first. read_line: the choice that a sentence states.
    """
    found = []
    for value, start, end in _objects(text):
        is_one, choice = _in_leaves(list(_leaves(value)), read_whole, read_line)
        found += [Found(choice, start, end)] if is_one else []
    within = [(one.start, one.end) for one in found]
    for match in (*_TAG.finditer(text), *_BRACKETS.finditer(text)):
        choice = read_whole(match["value"])
        is_verdict = match.re is _BRACKETS or is_verdict_label(match["label"])
        if choice is not None and is_verdict and not any(a <= match.start() < b for a, b in within):
            found.append(Found(choice, match.start(), match.end()))
    return (max if last else min)(found, key=lambda one: one.start, default=None)


def tags_of(text: str) -> list[tuple[str, str]]:
    """The tags of a text with what they enclose: `("verdict", "B")` for `<verdict>B</verdict>`."""
    return [(one["label"], one["value"]) for one in _TAG.finditer(text)]


def json_leaves(text: str) -> list[Leaf]:
    """The leaves of the last JSON object in a text that has a key of a verdict; empty without one."""
    found = [[*_leaves(value)] for value in objects_in(text)]
    return next((one for one in reversed(found) if any(is_verdict_label(leaf.key) for leaf in one)), [])


def _in_leaves(leaves: Sequence[Leaf], read_whole: ReadWhole, read_line: ReadWhole) -> tuple[bool, str | None]:
    """Whether an object has a verdict in its keys and texts, and the choice that it is; None where it is not one.

    Of keys of a verdict the outermost count: those of single steps or criteria are further in.
    """
    depth = min((leaf.depth for leaf in leaves if is_verdict_label(leaf.key)), default=None)
    named = [leaf for leaf in leaves if leaf.depth == depth and is_verdict_label(leaf.key)]
    exact = [(leaf.key, choice) for leaf in named if (choice := read_whole(leaf.text)) is not None]
    firm = {choice for key, choice in exact if is_firm_label(key)}
    choices = firm or {choice for _, choice in exact}
    if not choices and not any(is_firm_label(leaf.key) for leaf in named):
        choices = {choice for leaf in leaves if (choice := read_whole(leaf.text)) is not None}
    if not exact:
        choices |= {choice for leaf in named if (choice := read_line(leaf.text)) is not None}
    return bool(choices or named), choices.pop() if len(choices) == 1 else None


def objects_in(text: str) -> list[Any]:
    """The JSON objects and lists of objects in a text, in their order; those inside of others are left out."""
    return [value for value, _, _ in _objects(text)]


def _objects(text: str) -> Iterator[tuple[Any, int, int]]:
    """Each of `objects_in`, with its start and its end."""
    decoder, at = json.JSONDecoder(strict=False), 0
    for _ in range(MAX_OBJECTS):
        begin = re.compile(r"\{|\[\s*\{").search(text, at)
        if begin is None:
            return
        try:
            value, at = decoder.raw_decode(text, begin.start())
        except (ValueError, RecursionError):
            at = begin.start() + 1
        else:
            yield value, begin.start(), at


def _leaves(value: Any, key: str = "", depth: int = 0) -> Iterator[Leaf]:
    """Each text, number and truth value of an object; values of a list have the list's key."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, str(name), depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, key, depth)
    elif isinstance(value, float) and value.is_integer():
        yield Leaf(key, str(int(value)), depth)
    elif value is not None:
        yield Leaf(key, value if isinstance(value, str) else json.dumps(value), depth)
