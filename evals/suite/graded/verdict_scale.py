"""Finds the number that a sentence gives on a scale: behind a verb (`I'd give it a 4`), before `stars` or `/5`."""

from __future__ import annotations

_RATES = (
    r"(?:give[sn]?|gave|giving|award(?:s|ed|ing)?|assign(?:s|ed|ing)?|rat(?:e|es|ed|ing)|scor(?:e|es|ed|ing)"
    r"|grad(?:e|es|ed|ing)|deserves?|earns?|merits?|receives?)"
)
"Verbs of somebody who gives a number."
_NOUNS = r"(?:score|rating|grade|mark)\s+of\s+"
_REASON = r"because|since|as|due|given|for|but|-"


def rating_pattern(number: str, top: str) -> str:
    """A regular expression that ends where `number` begins, in a sentence that gives a number on a scale.

    number: a pattern without groups of a name. top: the highest number.
    """
    out_of = rf"\s*(?:/\s*{top}|(?:stars?\s+)?out\s+of\s+{top})(?![\d.,]*\d|\s+of\b)"
    ends = (
        rf"(?:{out_of}|[\s-]*(?:stars?|points?)\b)?"
        rf"(?=[\s\W_]*$|[*_\"')\]]*[.,:;!?](?!\d)|\s+(?:{_REASON})\b)"
    )
    behind_verb = rf"\b(?:{_RATES}\b[^\n.:;!?]{{0,60}}?|{_NOUNS})(?={number}{ends})"
    return rf"(?:{behind_verb}|(?={number}(?:{out_of}|\s*stars?\b)))"
