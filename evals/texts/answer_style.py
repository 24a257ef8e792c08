"""The style of an answer in counts: letters, list items, headings and bold passages of Markdown. Pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCED = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*+\u2022]|\d{1,3}[.)])[ \t]+\S", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE)
_BOLD = re.compile(r"\*\*(?=\S)[^*\n]+?(?<=\S)\*\*|(?<!\w)__(?=\S)[^_\n]+?(?<=\S)__(?!\w)")


@dataclass(frozen=True)
class AnswerStyle:
    """What an answer looks like, whatever it says."""

    characters: int
    lists: int
    "Items of lists."
    headings: int
    bold: int
    "Bold passages."


def style_of(text: str) -> AnswerStyle:
    """The style of `text`, read as Markdown. The lines of a fenced block of code are no list and no heading.

    The features are those of the style control of LMArena (Li et al. 2024, "Does style matter?"), with characters
    for tokens.
    """
    prose = _FENCED.sub("\n", text) if "```" in text or "~~~" in text else text
    counts = (len(pattern.findall(prose)) for pattern in (_LIST_ITEM, _HEADING, _BOLD))
    return AnswerStyle(len(text), *counts)
