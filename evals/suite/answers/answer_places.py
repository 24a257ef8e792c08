"""Finds the places of answers in a completion: after a phrase, or in a LaTeX box."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evals.suite.answers.numbers import numbers_in, plain

MAX_MARKS = 8
"How many marks of one kind (phrases, boxes, `####` lines) are tried, counted from the end of a completion."
MAX_MARKED_CHARS = 4000
"How many characters after a mark are searched."

_LOOSE = r"[\s*_]*"
_OPERATOR = re.compile(r"(?:[-+*/×÷·]|(?<=\s)x|\\times|\\cdot|\\div)[\s(\[{$€£]*$")


def answer_number(text: str, decimal_comma: bool = False) -> str | None:
    """The number that a text after a mark gives as the answer; None if it has no number.

    It is the first number, or the number on the right side if an equation begins there.

    >>> answer_number(" 5 + 3 = 8 apples, 2 of them red")
    '8'
    """
    numbers = numbers_in(text, decimal_comma)
    first, second = next(numbers, None), next(numbers, None)
    if first is None:
        return None
    flat = plain(text)
    if second is not None and _OPERATOR.search(flat[first.end : second.start]):
        right = flat[second.end :].partition("=")[2]
        return answer_number(right, decimal_comma) or first.text
    return first.text


def before_run_on(text: str) -> str:
    """The text up to where the model runs on with a question of its own, after an answer that it has marked.

    A marked answer is a number after `####`, a box, or words behind `answer is` or `Answer:`. The next question is a
    line that begins with `Question:`, `Q:`, `Problem:`, `Human:`, `User:` or `Input:`; after anything but `####` an
    empty line stands before it. Models do so where no stop text ends them (base models, servers that ignore `stop`).
    """
    hashed, marked = _HASHED.search(text), _MARKED.search(text)
    for start in _NEXT_QUESTION.finditer(text):
        if "\n" not in start["gap"]:
            continue
        if hashed is not None and hashed.end() <= start.start():
            return text[: start.start()]
        if marked is not None and marked.end() <= start.start() and start["gap"].count("\n") > 1:
            return text[: start.start()]
    return text


_NEXT_QUESTION = re.compile(
    r"(?P<gap>(?<!\s)\s+)(?:[*#]+\s*)?(?:Question|Q|Problem|Human|User|Input)(?:\s*\d{1,3})?(?:\*\*)?\s*:"
)
_HASHED = re.compile(r"^####[ \t*]*[^\w\n]{0,3}\d[^\n]{0,40}$", re.MULTILINE)
_MARKED = re.compile(r"\\boxed\s*[\{\d\\]|\banswer\s*(?:is\b|:)\W*\w", re.IGNORECASE)


def after_phrases(text: str, phrases: Sequence[str]) -> Iterator[str]:
    """The rest of the line after each phrase, from the last phrase in `text` back to the first.

    If nothing follows a phrase on its line, the next line with text is taken. Upper and lower case are the same, and
    spaces, `*` and `_` between the words of a phrase are ignored. At most MAX_MARKS phrases are tried.
    """
    if not phrases:
        return
    words = (_LOOSE.join(map(re.escape, re.findall(r"\w+|[^\w\s]", phrase))) for phrase in phrases)
    found = deque(re.finditer("|".join(words), text, re.IGNORECASE), maxlen=MAX_MARKS)
    for match in reversed(found):
        rest = text[match.end() : match.end() + MAX_MARKED_CHARS]
        line = next((line for line in rest.splitlines() if line.strip("*_`\"':$[\\ \t")), "")
        if line:
            yield line


def last_boxed(text: str) -> str | None:
    """The content of the last complete `\\boxed{...}` or `\\fbox{...}`, stripped; None without one, or if it is empty.

    Braces may be nested, or left out: `\\boxed 12`, `\\boxed\\frac12`. What a box without braces holds ends with the
    formula, or with the number, the letter or the command. A box longer than MAX_MARKED_CHARS does not count.
    """
    boxes = _complete_boxes(text)
    last = next(boxes, None)
    return None if last is None else text[last.start : last.end].strip() or None


def of_solution(ideal: str) -> str:
    """The answer of an accepted answer that is a worked solution: behind a last `####`, or in the last box.

    An ideal that is no solution stays as it is.
    """
    answer = ideal.rpartition("####")[2]
    return (last_boxed(answer) or answer) if "\\boxed" in answer or "\\fbox" in answer else answer


def last_boxes(text: str) -> str | None:
    """The last complete box as LaTeX, with the boxes before it that only a comma, `and` or `or` parts from it.

    None without a box. Boxes that are further apart correct one another.
    """
    found: list[_Box] = []
    for box in _complete_boxes(text):
        if found and not _JOINED.fullmatch(text[box.after : found[0].mark]):
            break
        found.insert(0, box)
    return ", ".join(f"$\\boxed{{{text[box.start : box.end]}}}$" for box in found) or None


_JOINED = re.compile(
    r"(?:[\s$,;]|\\[()\[\]]|\\q?quad\b|\\[,;:! ]|\b(?:and|or)\b"
    r"|\\(?:text|mathrm|mbox)\{[^{}]{0,40}?\b(?:and|or)\b[^{}]{0,10}\}"
    r"|[A-Za-z](?:_\{?\w{1,3}\}?)?\s*=)*"
)
"What may stand between two boxes that are one answer: marks, `and`, the left side of the next equation."


@dataclass(frozen=True)
class _Box:
    mark: int
    "Where `\\boxed` begins."
    start: int
    end: int
    after: int
    "Where the text goes on behind the box."


def _complete_boxes(text: str) -> Iterator[_Box]:
    """The complete boxes among the last MAX_MARKS, from the last one back."""
    for match in reversed(deque(_BOX.finditer(text), maxlen=MAX_MARKS)):
        if match["brace"] is None:
            bare = _BARE_CONTENT.match(text, match.end())
            if bare is not None:
                yield _Box(match.start(), bare.start(), bare.end(), bare.end())
            continue
        end = _closing_brace(text, match.end())
        if end is not None:
            yield _Box(match.start(), match.end(), end, end + 1)


def _closing_brace(text: str, start: int) -> int | None:
    depth = 1
    for at, char in enumerate(text[start : start + MAX_MARKED_CHARS], start=start):
        depth += (char == "{") - (char == "}")
        if depth == 0:
            return at
    return None


_BOX = re.compile(r"\\(?:boxed|fbox|framebox)(?![a-zA-Z])\s*(?P<brace>\{)?")
_BARE_CONTENT = re.compile(
    r"(?=\S)(?:[^$\n]{1,100}?(?=\s*[.,;]?\s*(?:\$|\\\)|\\\]))"
    r"|-?\d(?:[\d.,/]*\d)?"
    r"|\\[a-zA-Z]+(?:\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})+"
    r"|\\[dt]?frac\s*\d\s*\d|[A-Za-z](?![A-Za-z]))"
)
