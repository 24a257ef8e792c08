"""Finds the number that a grader without structured outputs states: in JSON, in tags, in a line, behind a label."""

from __future__ import annotations

import re

from evals.suite.graded.verdict_fields import Leaf, json_leaves, tags_of
from evals.suite.graded.verdict_labels import is_firm_label, is_verdict_label
from evals.suite.graded.verdict_lines import plain

_NUMBER = r"(?P<number>[-+]?(?:\d+(?:\.\d+)?|\.\d+))(?![.,]?\d)(?:\s*(?:/|\bout\s+of\b)\s*(?P<top>\d+(?:\.\d+)?))?"
_ALONE = re.compile(rf"[^\w.+-]*{_NUMBER}(?!\s*%)[^\w%]*", re.IGNORECASE)
_LABELLED = re.compile(
    rf"[\W_]*(?P<label>[^\W\d_][^:=|()\n]{{0,60}}?)[*_\"'\s]*(?:\([^()]*\))?[*_\"')\]\s]*[:=|][^\w.+-]*{_NUMBER}"
    r"(?!\s*%)(?=[^\w%]*(?:$|[\s.,;(|*\"]))(?!\s*(?:-|to\b|or\b)\s*\d)(?P<rest>.*)",
    re.IGNORECASE,
)


def stated_number(answer: str, top: float) -> float | None:
    """The number that an answer states; None if it states none, or two of the same rank.

    Keys and tags of a verdict come first (`score`, `rating`, ...), then double brackets, then the last line that is a
    number or has one behind a label of a verdict; such a line behind all of these wins, since reasons may quote them. A
    number out of another maximum than `top`, and a percentage, is none.
    """
    behind = _last_line_of(re.split(r"[}>\]]", answer)[-1].partition("\n")[2], top)
    if behind is not None:
        return behind
    leaves = [leaf for leaf in json_leaves(answer) if is_verdict_label(leaf.key)] or [
        Leaf(label, text, 0) for label, text in tags_of(answer) if is_verdict_label(label)
    ]
    if leaves:
        outer = [leaf for leaf in leaves if leaf.depth == min(one.depth for one in leaves)]
        firm = [leaf for leaf in outer if is_firm_label(leaf.key)]
        found = {number for leaf in firm or outer if (number := _alone(leaf.text, top)) is not None}
        return found.pop() if len(found) == 1 else None
    bracketed = re.findall(r"\[\[\s*([^\[\]\n]{1,40}?)\s*\]\]", answer)
    if bracketed:
        return _alone(bracketed[-1], top)
    return _last_line_of(answer, top)


def _last_line_of(text: str, top: float) -> float | None:
    lines = (" ".join(plain(line).split()) for line in reversed(text.splitlines()) if line.strip())
    return next((number for line in lines if (number := _in_line(line, top)) is not None), None)


def _in_line(line: str, top: float) -> float | None:
    alone = _alone(line, top)
    if alone is not None:
        return alone
    found = _LABELLED.fullmatch(line)
    return _value(found, top) if found is not None and is_verdict_label(found["label"]) else None


def _alone(text: str, top: float) -> float | None:
    found = _ALONE.fullmatch(text.strip())
    return None if found is None else _value(found, top)


def _value(found: re.Match[str], top: float) -> float | None:
    return float(found["number"]) if found["top"] is None or float(found["top"]) == top else None
