"""Finds the option that a completion names by its text, where the texts of the options are known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from evals.suite.graded.grading import INVALID_STR
from evals.suite.graded.verdicts import stated_choice

LONGEST_LABEL = 40
"Characters of the longest option that is read as a label; longer ones are repeated word for word, or not at all."


def option_of(text: str, letters: str, texts: Sequence[str]) -> str | None:
    """The letter of the one option that a text names with its whole text: `The peak is D. 40 Hz`, or `40 Hz` alone.

    texts: of the options, in the order of `letters`. None where no option is named so, where several are, or where the
    text goes through them one by one.
    """
    if _lists_options(text, letters):
        return None
    whole = _folded(text)
    alone = re.sub(r"^A\s*:\s*", "", whole).casefold()  # "A: no" is an answer, whatever option A says
    named = []
    for letter, option in zip(letters, map(_folded, texts), strict=False):
        labelled = rf"(?<![^\W_]){re.escape(letter)}['\")\]]*[.):]\s*(?i:{re.escape(option)})(?![^\W_])"
        if option and (option.casefold() in (whole.casefold(), alone) or re.search(labelled, whole)):
            named.append(letter)
    return named[0] if len(named) == 1 else None


def stated_option(text: str, letters: str, texts: Sequence[str]) -> str | None:
    """The letter of the option whose text the last line states: `No, it is not.`, `So the angle is 65 degrees.`

    Only for short texts that are no single letters, and not where the completion says that no option is right. Of a
    completion of one paragraph the first line is read too.
    """
    labels = [" ".join(option.split()) for option in texts]
    is_readable = all(1 < len(label) <= LONGEST_LABEL or label.isdecimal() for label in labels)
    if not is_readable or len(set(map(str.casefold, labels))) < len(labels):
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or _lists_options(text, letters) or _WITHHELD.search(text[-400:]):
        return None
    if len(text) > SHORT and not _ENDED.search(text[-20:]):
        return None  # cut off
    ends = (lines[-1], lines[0]) if len(text) <= SHORT else (lines[-1],)
    # Only those that occur: the patterns of ten options cost 50 ms to compile, and each question has its own.
    named = [label for label in labels if any(label.casefold() in line.casefold() for line in ends)]
    stated = (stated_choice(line, "cot_classify", named) for line in ends if named)
    found = next((label for label in stated if label != INVALID_STR), None)
    return None if found is None else letters[labels.index(found)]


def same_as_option(content: str, letters: str, texts: Sequence[str]) -> str | None:
    """The letter of the one option whose text is all of `content`, what stands in a box or behind an answer phrase."""
    bare = _folded(content).strip(" :\"'")
    same = [letter for letter, option in zip(letters, texts, strict=False) if bare and _folded(option) == bare]
    return same[0] if len(same) == 1 else None


SHORT = 300
"Characters of a completion that is an answer as a whole, not reasons with an answer at their end."
_WITHHELD = re.compile(
    r"\b(?:not|isn't)\s+(?:\w+\s+){0,2}?(?:in|among|one of|available|listed|provided|given|present)\b"
    r"[^.\n]{0,30}\b(?:choices|options)"
    r"|\bnone of the\b|\b(?:mistake|error) in the\b|\bnot the (?:correct|right)\b"
    r"|\bnot (?:\w+ ){0,2}(?:enough|sufficient)\b"
    r"|\b(?:cannot|can't|could not|unable to|impossible to|not possible to)\s+(?:\w+\s+){0,2}?"
    r"(?:answer|determine|tell|provide|choose|decide|say)",
    re.IGNORECASE,
)
"What a completion says that gives no answer, or finds none among the options."


_ENDED = re.compile(r"[.!?)\]}*\"'$\u3002]\s*\Z")


def _lists_options(text: str, letters: str) -> bool:
    items = re.findall(rf"(?<![^\W_])[{re.escape(letters)}](?=['\")\]]*[.):]\s)", text)
    return len(set(items)) > 1


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[*_`$\\]+", "", unicodedata.normalize("NFKC", text)).split()).rstrip(".")
