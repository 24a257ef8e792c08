"""Rules that take an answer out of a completion and compare it with an accepted one."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from evals.errors import UsageError, did_you_mean
from evals.suite.answers.numbers import last_number, numbers_in, plain, to_number

MAX_MARKS = 8
"How many marks of one kind are looked at, from the end of a completion."
MAX_MARKED_CHARS = 4000
"How much text a mark is taken to belong to."
ANSWER_PHRASES = ("answer is", "answer:")
RULES = ("number", "last_number", "marked_number", "boxed", "math", "letter", "last_line", "regex")

_LOOSE = r"[\s*_]*"
_HASH_LINE = re.compile(r"####[ \t*]*([^\n]{1,100}?)[ \t*]*$", re.MULTILINE)
_OPERATOR = re.compile(r"(?:[-+*/×÷·]|(?<=\s)x|\\times|\\cdot|\\div)[\s(\[{$€£]*$")
_UNITS = re.compile(r"\\(?:text|mathrm|mbox)\{[^{}]*\}|\^\{?\\circ\}?|^\s*[A-Za-z]\s*=")


class AnswerRule(Protocol):
    """How to find an answer and when it is right."""

    def extract(self, completion: str) -> str | None:
        """The answer as the completion has it; None where there is none."""

    def same(self, answer: str, ideal: str) -> bool:
        """Whether an extracted answer is the accepted one."""

    def usable(self, ideal: str) -> bool:
        """Whether an extracted answer could ever be the same as `ideal`."""

    def completion_for(self, ideal: str) -> str | None:
        """A completion that gives the ideal answer; None where none can be made up."""


@dataclass(frozen=True)
class NumberRule:
    """A number of the completion, compared by value: `18.00`, `18` and `36/2` are the same.

    It is the last number of the completion: `last_number`, the protocol of the GPT-4 Technical Report for GSM8K.
    With boxes_win (`number`) these go before it: a number that is alone on its line after `####`, and the last number
    in the last `\\boxed{...}`. With phrases (`marked_number`) what comes next is the number after the last phrase that
    has one on its line: the first one, or the right side where an equation begins there (`The answer is 5 + 3 = 8
    apples.`). tolerance: the allowed difference as a share of the accepted value. decimal_comma: see
    `evals.suite.answers.numbers`.
    """

    boxes_win: bool = True
    phrases: Sequence[str] = ()
    decimal_comma: bool = False
    tolerance: float = 0.0

    def extract(self, completion: str) -> str | None:
        found = self._in_box(completion) if self.boxes_win else None
        if found is None:
            rests = after_phrases(completion, self.phrases)
            answers = (answer_number(rest, self.decimal_comma) for rest in rests)
            found = next((answer for answer in answers if answer is not None), None)
        return self._last(completion) if found is None else found

    def _in_box(self, completion: str) -> str | None:
        """The number after the last `####` that has one alone on its line, else the last one in the last box."""
        for match in reversed(deque(_HASH_LINE.finditer(completion), maxlen=MAX_MARKS)):
            if self._value(match[1]) is not None:
                return match[1].strip()
        boxed = last_boxed(completion)
        return None if boxed is None else self._last(boxed)

    def _last(self, text: str) -> str | None:
        number = last_number(text, self.decimal_comma)
        return None if number is None else number.text

    def same(self, answer: str, ideal: str) -> bool:
        return same_number(self._value(answer), self._value(ideal), self.tolerance)

    def usable(self, ideal: str) -> bool:
        return self._value(ideal) is not None

    def completion_for(self, ideal: str) -> str | None:
        return ideal

    def _value(self, text: str) -> Fraction | None:
        return to_number(text, self.decimal_comma)


@dataclass(frozen=True)
class BoxedRule:
    """What stands in the last whole `\\boxed{...}`.

    Numbers are compared by value, without `x =` before and units in `\\text{...}` after them; other answers as
    LaTeX text.
    """

    decimal_comma: bool = False
    tolerance: float = 0.0

    def extract(self, completion: str) -> str | None:
        return last_boxed(completion)

    def same(self, answer: str, ideal: str) -> bool:
        left, right = (to_number(_UNITS.sub(" ", text), self.decimal_comma) for text in (answer, ideal))
        return same_number(left, right, self.tolerance) or bare_latex(answer) == bare_latex(ideal)

    def usable(self, ideal: str) -> bool:
        return bool(bare_latex(ideal))

    def completion_for(self, ideal: str) -> str | None:
        return rf"\boxed{{{ideal}}}"


@dataclass(frozen=True)
class LetterRule:
    """The letter of a choice, one of `letters`.

    The first of these that is there: the last `\\boxed{B}`; a letter after the last phrase of `answer_phrases`; a
    completion that begins with a letter, alone or closed by `)`, `.`, `:` or `,`; the last line that is nothing but
    a letter; the last letter in brackets. Brackets and emphasis around a letter do not matter; small letters count
    only in a box or alone in a completion.
    """

    letters: str = "ABCDE"
    answer_phrases: Sequence[str] = ANSWER_PHRASES

    def extract(self, completion: str) -> str | None:
        bare = re.sub(r"[*_`]+", "", completion).strip()
        one = f"[{re.escape(self.letters)}]"
        boxed = (last_boxed(completion) or bare).strip("()[].{} ").removeprefix(r"\text{").upper()
        if len(boxed) == 1 and boxed in self.letters:
            return boxed
        for text in after_phrases(bare, self.answer_phrases):
            found = re.match(rf"\W*(?:option|choice)?\W*({one})(?!\w)", text)
            if found:
                return found[1]
        found = re.match(rf"[(\[]?({one})(?:[)\].:,]|\s*$|\s*\n)", bare)
        if found:
            return found[1]
        last = [*re.finditer(rf"^\W*({one})\W*$", bare, re.MULTILINE)] or [*re.finditer(rf"[(\[]({one})[)\]]", bare)]
        return last[-1][1] if last else None

    def same(self, answer: str, ideal: str) -> bool:
        return answer == ideal.strip("() ").upper()

    def usable(self, ideal: str) -> bool:
        letter = ideal.strip("() ").upper()
        return len(letter) == 1 and letter in self.letters

    def completion_for(self, ideal: str) -> str | None:
        return ideal


@dataclass(frozen=True)
class LastLineRule:
    """The last line with text, without emphasis, a phrase of `answer_phrases` before it and a point after it.

    Numbers are compared by value, other answers without regard to case and spaces.
    """

    decimal_comma: bool = False
    tolerance: float = 0.0
    answer_phrases: Sequence[str] = ANSWER_PHRASES

    def extract(self, completion: str) -> str | None:
        lines = [line.strip("*_` \t\r") for line in completion.strip().splitlines()]
        lines = [line for line in lines if line]
        if not lines:
            return None
        answer = next(after_phrases(lines[-1], self.answer_phrases), lines[-1])
        return answer.strip("*_` \t").removesuffix(".") or None

    def same(self, answer: str, ideal: str) -> bool:
        return same_text(answer, ideal, self.decimal_comma, self.tolerance)

    def usable(self, ideal: str) -> bool:
        return bool(ideal.strip()) and "\n" not in ideal.strip()

    def completion_for(self, ideal: str) -> str | None:
        return ideal


@dataclass(frozen=True)
class PatternRule:
    r"""The last match of a regular expression: its group `answer`, else its first group, else all of it.

    Numbers are compared by value, other answers without regard to case and spaces. `.` stops at line ends unless the
    pattern says `(?s)`.
    """

    pattern: re.Pattern[str]
    decimal_comma: bool = False
    tolerance: float = 0.0

    def extract(self, completion: str) -> str | None:
        last = None
        for match in self.pattern.finditer(completion):
            last = match
        if last is None:
            return None
        group: int | str = "answer" if "answer" in self.pattern.groupindex else min(1, self.pattern.groups)
        found = last[group]
        return found.strip() or None if found is not None else None

    def same(self, answer: str, ideal: str) -> bool:
        return same_text(answer, ideal, self.decimal_comma, self.tolerance)

    def usable(self, ideal: str) -> bool:
        return bool(ideal.strip())

    def completion_for(self, ideal: str) -> str | None:
        return None


def make_rule(
    extract: str,
    *,
    pattern: str | None = None,
    letters: str = "ABCDE",
    decimal_comma: bool = False,
    tolerance: float = 0.0,
    answer_phrases: Sequence[str] = ANSWER_PHRASES,
) -> AnswerRule:
    """The rule called `extract` in YAML, one of RULES.

    Raises:
        UsageError: no such rule, or arguments that it cannot use.
    """
    if extract not in RULES:
        raise UsageError(f"extract: {extract!r} is no rule", notes=[did_you_mean(extract, RULES)], fix=_ONE_OF)
    if (pattern is not None) != (extract == "regex"):
        raise UsageError("`pattern` and `extract: regex` belong together", fix="give both, or neither")
    phrases = tuple(answer_phrases)
    if extract == "regex":
        return PatternRule(_compiled(str(pattern)), decimal_comma, tolerance)
    if extract == "boxed":
        return BoxedRule(decimal_comma, tolerance)
    if extract == "math":
        from evals.suite.answers.math_answers import MathRule

        return MathRule()
    if extract == "letter":
        return LetterRule(letters.upper(), phrases)
    if extract == "last_line":
        return LastLineRule(decimal_comma, tolerance, phrases)
    boxes_win, phrases = extract != "last_number", phrases if extract == "marked_number" else ()
    return NumberRule(boxes_win, phrases, decimal_comma, tolerance)


_ONE_OF = f"one of {', '.join(RULES)}"


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UsageError(f"pattern {pattern!r} is no regular expression: {error}") from None


def answer_number(text: str, decimal_comma: bool = False) -> str | None:
    """The first number of a text that follows a mark; if an equation begins there, the one on its right side.

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


def after_phrases(text: str, phrases: Sequence[str]) -> Iterator[str]:
    """What follows the phrases on their lines (on the next one, where nothing does), from the last phrase backwards."""
    if not phrases:
        return
    words = (_LOOSE.join(map(re.escape, re.findall(r"\w+|[^\w\s]", phrase))) for phrase in phrases)
    found = deque(re.finditer("|".join(words), text, re.IGNORECASE), maxlen=MAX_MARKS)
    for match in reversed(found):
        rest = text[match.end() : match.end() + MAX_MARKED_CHARS]
        line = next((line for line in rest.splitlines() if line.strip("*_`:$[\\ \t")), "")
        if line:
            yield line


def last_boxed(text: str) -> str | None:
    """What stands in the last whole `\\boxed{...}` or `\\fbox{...}`; braces may be nested."""
    found = deque(re.finditer(r"\\(?:boxed|fbox)\s*\{", text), maxlen=MAX_MARKS)
    for match in reversed(found):
        depth = 1
        for at, char in enumerate(text[match.end() : match.end() + MAX_MARKED_CHARS], start=match.end()):
            depth += (char == "{") - (char == "}")
            if depth == 0:
                return text[match.end() : at].strip() or None
    return None


def bare_latex(text: str) -> str:
    """LaTeX without what does not change its meaning: spaces, dollar signs, sizes of brackets and fractions."""
    text = re.sub(r"\\(?:left|right|displaystyle|[,;:!> ])|\$|\s|\^\{?\\circ\}?", "", text)
    text = re.sub(r"\\(?:text|mathrm|textbf|mathbf)\{([^{}]*)\}", r"\1", text)
    return re.sub(r"\\[dt]frac", r"\\frac", text).removesuffix(".")


def same_number(answer: Fraction | None, ideal: Fraction | None, tolerance: float = 0.0) -> bool:
    """Whether both are numbers and differ by at most `tolerance` times the ideal."""
    if answer is None or ideal is None:
        return False
    return abs(answer - ideal) <= Fraction(tolerance) * abs(ideal)


def same_text(answer: str, ideal: str, decimal_comma: bool = False, tolerance: float = 0.0) -> bool:
    """Whether two texts are the same number, or the same words without regard to case, spaces and a closing point."""
    left, right = to_number(answer, decimal_comma), to_number(ideal, decimal_comma)
    if left is not None and right is not None:
        return same_number(left, right, tolerance)
    return _folded(answer) == _folded(ideal)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).removesuffix(".")
