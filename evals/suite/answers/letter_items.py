"""Tells a letter that a completion chooses from letters that number parts, name quantities or are listed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

MAX_SMALL_LINE = 200
"Characters of a first line behind a small letter: `a) Paris` is a choice, `a) The work function is ...` a part."

_ROMAN = {"I": "II", "i": "ii"}


def begins_items(head: str, marker: str) -> bool:
    """Whether a text that begins with an item such as `(a)` has the item that comes next (`(b)`) in the same form.

    marker: the beginning of `head` with the letter and what closes it. `(i)` is followed by `(j)` or by `(ii)`.
    """
    letter = next(char for char in marker if char.isalpha())
    opening, closing = marker.partition(letter)[0].strip("'\""), marker.partition(letter)[2].strip()[:1]
    if letter == "I" and closing == ",":
        return True  # the word
    if closing not in tuple(".):"):
        return False
    for following in (chr(ord(letter) + 1), _ROMAN.get(letter)):
        item = following and rf"(?<![^\s,;]){re.escape(opening + following + closing)}(?=\s)"
        if item and re.search(item, head):
            return True
    return False


def is_part_of_prose(head: str, letter: str) -> bool:
    """Whether a small letter at the start of a text stands before a long line, as the first of several parts does."""
    return letter.islower() and len(head.partition("\n")[0]) > MAX_SMALL_LINE


class Bracketed:
    """Letters in brackets, `(B)`, that name an option.

    letters: those of the options, in upper case. Not read: an argument (`P(A)`, `det(B)`), a letter that is denied
    behind its bracket (`(B) is incorrect`), and items of a list, `(A) ... (B) ...`, each at the start of a sentence.
    """

    def __init__(self, letters: str) -> None:
        one = f"[{re.escape(letters)}]" if letters else "(?!)"
        self.pattern = re.compile(rf"(?<![A-Za-z0-9)\]}}|^~\u00ac])[(\[](?P<a>{one})[)\]](?![A-Za-z0-9^/=|])")

    def is_chosen(self, text: str, found: re.Match[str]) -> bool:
        """Whether a match of `pattern` in `text` is neither denied behind its bracket nor an item of a list."""
        if _DENIED_BEHIND.match(text, found.end()) or announces_list(text, found.start()):
            return False
        if not _begins_sentence(text, found.start()):
            return True
        others = {other["a"] for other in self.pattern.finditer(text) if _begins_sentence(text, other.start())}
        return not others & {chr(ord(found["a"]) - 1), chr(ord(found["a"]) + 1)}


_DENIED_BEHIND = re.compile(
    r"[^\w\n]{0,3}\s*(?:is|are|was|were|seems?|would be|can be|must be)\s+"
    r"(?:not\b|n't|also not|incorrect|wrong|false|untrue|invalid|ruled out|eliminated|impossible|out\b)"
    r"|[^\w\n]{0,3}\s*(?:isn't|aren't|wasn't|cannot|can't|does not|doesn't)\b",
    re.IGNORECASE,
)


def announces_list(text: str, at: int) -> bool:
    """Whether what stands before a place announces all options: `Consider each choice:`."""
    return _ANNOUNCED.search(text[max(0, at - 100) : at]) is not None


_ANNOUNCED = re.compile(
    r"\b(?:each|every|all|both|these|following|(?:options|choices|statements) are)\b[^.\n]{0,60}:\s*\Z", re.IGNORECASE
)


def _begins_sentence(text: str, at: int) -> bool:
    before = text[max(0, at - 20) : at]
    bare = before.rstrip()
    return not bare or bare[-1] in ".!?:;," or "\n" in before[len(bare) :]


NO_LETTER = re.compile(
    r"\W{0,9}(?:(?:none|neither)\b(?! other)"
    r"|not (?:listed|given|provided|among|in|one of|available|present|shown|any)\b"
    r"|(?:cannot|can't|could not|can not) be\b|unable to\b|unknown\b|undetermined\b|impossible to\b"
    r"|there is (?:no|not)\b|no (?:correct|right|option|answer)\b)",
    re.IGNORECASE,
)
"What follows an answer phrase that says that no option is right: `The answer is none of the above.`"


def states_others(rest: str, letters: str) -> bool:
    """Whether what follows an answer phrase is one letter that no option has, `(K)`, or several in a row, `(CE)`.

    `(X)` stands for any letter where a model repeats its instruction.
    """
    found = _STATED.match(rest)
    if found is None:
        return False
    named = found["bracketed"] or found["bare"]
    if len(named) == 1:
        return named not in letters and named not in "XY" and found["bracketed"] is not None
    ascending = "".join(sorted(set(named))) == named
    return set(named) <= set(letters) and (ascending or found["bracketed"] is not None)


_STATED = re.compile(
    r"\W{0,9}(?:(?:therefore|thus|then|option|options|choice|choices|the)\b\W{0,9}){0,3}?"
    r"(?:[(\[](?P<bracketed>[A-Z]{1,10})[)\]]|(?<![A-Za-z])(?P<bare>[A-Z]{2,10})(?=[*_\s]*(?:[.!\n]|\Z)))"
)


def option_of(text: str, letters: str, texts: Sequence[str]) -> str | None:
    """The letter of the one option that a text names with its whole text: `The peak is D. 40 Hz`, or `40 Hz` alone.

    texts: of the options, in the order of `letters`. None where no option is named so, or several are.
    """
    whole = _folded(text)
    items = set(re.findall(rf"(?<![^\W_])[{re.escape(letters)}](?=['\")\]]*[.):]\s)", text))
    if len(items) > 1:
        return None  # the options are discussed one by one
    named = []
    for letter, option in zip(letters, map(_folded, texts), strict=False):
        labelled = rf"(?<![^\W_]){re.escape(letter)}['\")\]]*[.):]\s*(?i:{re.escape(option)})(?![^\W_])"
        if option and (whole.casefold() == option.casefold() or re.search(labelled, whole)):
            named.append(letter)
    return named[0] if len(named) == 1 else None


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[*_`$\\]+", "", unicodedata.normalize("NFKC", text)).split()).rstrip(".")
