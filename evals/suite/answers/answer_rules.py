"""Rules that extract an answer from a completion and compare it with an accepted answer."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from evals.errors import UsageError, did_you_mean
from evals.suite.answers.answer_places import (
    MAX_MARKED_CHARS,
    MAX_MARKS,
    answer_number,
    before_run_on,
    last_boxed,
    of_solution,
)
from evals.suite.answers.answer_places import after_phrases as after_phrases
from evals.suite.answers.boxed_rule import BoxedRule as BoxedRule
from evals.suite.answers.label_rule import LabelRule, make_labels
from evals.suite.answers.letter_or_line import LetterOrLineRule
from evals.suite.answers.letter_rule import ANSWER_PHRASES as ANSWER_PHRASES
from evals.suite.answers.letter_rule import LetterRule as LetterRule
from evals.suite.answers.numbers import last_number, plain, to_number
from evals.suite.answers.same_answer import same_number_text, same_text, undressed
from evals.suite.answers.several_letters import LettersRule

_NUMBERS, _LETTERS = ("number", "last_number", "marked_number"), ("letter", "letters", "letter_or_line")
RULES = (*_NUMBERS, "boxed", "math", *_LETTERS, "label", "last_line", "regex")

_HASH_LINE = re.compile(r"####[ \t*]*([^\n]{1,100})")
_AFTER_HASHED = re.compile(
    r"(?:<\||</?s>|\s(?:Question|Q|Problem|Human|User|Input)\s*:).*$|(?<=[\d)%])(?:\s+[A-Za-z]{1,15}){1,3}[.!]?$"
)
"What may follow a number on its line: an end token, a next question, or a unit of up to three words."
_NO_PLAIN_NUMBER = re.compile(
    r"\\(?:[dt]?frac|sqrt|pi|tau|theta|alpha|beta|phi|ln|log|exp|sin|cos|tan|binom|infty|sum|prod|int)(?![a-zA-Z])|[π√∞]"
)
_SENTENCE_END = re.compile(r"[.!?:)]\W*\Z")
_CLOSING = re.compile(
    r"\b(?:hope (?:this|that|it)|let me know|feel free|happy to (?:help|explain)|glad to help"
    r"|any (?:other |more )?questions"
    r"|if you (?:need|have|want|would like)|have a (?:nice|great|good))\b",
    re.IGNORECASE,
)
_END_TOKEN = re.compile(r"(?:<\|[^|<>]{1,40}\|>|</?s>|<(?:eos|end_of_turn)>|\[/INST\])$")
_ANSWER_LINE = re.compile(r"<(answer|final_answer)>\s*(.*?\S)\s*</\1>", re.IGNORECASE)
_RULE = re.compile(
    r"[-*_=\u2014\u2500 ]{3,}|`{3,}\w*|</?(?:answer|final_answer)>|\\[\[\]()]|\$\$|[\"']{3,}", re.IGNORECASE
)
"A line that holds no answer: a horizontal rule, the edge of a block of code or of a formula, a tag alone."
_DECORATION = re.compile(
    r"^(?:[-+>\u2022]|\*(?!\*))[ \t]+(?=[*_`(]*[^\W\d_])"
    r"|[\s.!]*[\u2705\u2713\u2714\u2728\ufe0f\u200d\U0001f300-\U0001faff]+$"
)
"A list's bullet, and emoji at the end."


def _unmarked(line: str) -> str:
    """The line without tokens that end a text, and without an answer's tag around all of it."""
    line = line.strip()
    if len(line) > MAX_MARKED_CHARS:
        return line
    for _ in range(MAX_MARKS):
        line = _END_TOKEN.sub("", line).rstrip()
    tagged = _ANSWER_LINE.fullmatch(line) if line.endswith(">") else None
    return tagged[2] if tagged else line


def _is_sentence(line: str) -> bool:
    """Whether a line has three words or more and ends as a sentence does."""
    return len(re.findall(r"\w+", line[:400])) > 2 and _SENTENCE_END.search(line[-60:]) is not None


class AnswerRule(Protocol):
    """How an answer is found in a completion, and when it is right."""

    def extract(self, completion: str) -> str | None:
        """The answer as the completion writes it; None if the completion has no answer."""

    def same(self, answer: str, ideal: str) -> bool:
        """Whether the extracted `answer` equals the accepted answer `ideal`."""

    def usable(self, ideal: str) -> bool:
        """Whether any extracted answer could equal `ideal`. Rows with other ideals are refused before a run."""

    def completion_for(self, ideal: str) -> str | None:
        """A completion whose extracted answer is `ideal`; None if the rule cannot make one. Used by `evals check`."""


@dataclass(frozen=True)
class NumberRule:
    """A number of the completion, compared by value: `18.00`, `18` and `36/2` are the same.

    Three rules of YAML differ in where they look. `last_number` takes the last number of the completion, as the
    GPT-4 Technical Report (arXiv:2303.08774) does for GSM8K. `number` sets boxes_win: a number alone on its line
    after `####` comes first, then the last number in the last `\\boxed{...}`, then the last number of all.
    A box with roots, letters such as `\\pi` or fractions of these is no plain number, and then there is no answer.
    What a model writes when it runs on with a next question (`before_run_on`) is not read by these two.
    `marked_number` has phrases too. After the boxes it takes the number on the line of the last phrase that has one:
    the first number there, or the right side of an equation (`The answer is 5 + 3 = 8 apples.` gives 8).

    tolerance: the allowed difference as a share of the accepted value. decimal_comma: see
    `evals.suite.answers.numbers`.
    """

    boxes_win: bool = True
    phrases: Sequence[str] = ()
    decimal_comma: bool = False
    tolerance: float = 0.0

    def extract(self, completion: str) -> str | None:
        """The number as the completion writes it, by the order in the text of this class; None without a number."""
        if self.boxes_win:
            completion = before_run_on(completion)
        found = self._in_box(completion) if self.boxes_win else None
        if found is None and self.boxes_win and _NO_PLAIN_NUMBER.search(plain(last_boxed(completion) or "")):
            return None
        if found is None:
            rests = after_phrases(completion, self.phrases)
            answers = (answer_number(rest, self.decimal_comma) for rest in rests)
            found = next((answer for answer in answers if answer is not None), None)
        return self._last(completion) if found is None else found

    def _in_box(self, completion: str) -> str | None:
        """The number after the last `####` that has one alone, or with its unit; else the last one in the last box."""
        for match in reversed(deque(_HASH_LINE.finditer(completion), maxlen=MAX_MARKS)):
            number = _AFTER_HASHED.sub("", match[1].strip("* \t")).strip("* \t.")
            if self._value(number) is not None:
                return number
        boxed = last_boxed(completion)
        # With its bracket: a minus and a space that begin a box are a sign, and no item of a list.
        return None if boxed is None or _NO_PLAIN_NUMBER.search(plain(boxed)) else self._last("{" + boxed)

    def _last(self, text: str) -> str | None:
        number = last_number(text, self.decimal_comma)
        return None if number is None else number.text

    def same(self, answer: str, ideal: str) -> bool:
        """Whether both texts are numbers that differ by at most the tolerance."""
        return same_number_text(answer, of_solution(ideal), self.decimal_comma, self.tolerance)

    def usable(self, ideal: str) -> bool:
        """Whether `ideal` is one number, or a solution that ends in `#### NUMBER`, or has it in a last box."""
        return self._value(of_solution(ideal)) is not None

    def completion_for(self, ideal: str) -> str | None:
        """`ideal` itself: the only number of a completion is its last one."""
        return ideal

    def _value(self, text: str) -> Fraction | None:
        return to_number(text, self.decimal_comma)


@dataclass(frozen=True)
class LastLineRule:
    """The last line with text, without a phrase of `answer_phrases` before it.

    Emphasis, quotes, boxes and a point around it do not count (`undressed`). A closing (`I hope this helps!`) is
    left out. Where a sentence follows a line that begins with a phrase and a colon (`Answer: Paris`), that line is
    taken. Answers are compared by `evals.suite.answers.same_answer.same_text`: numbers by value, words without case.
    """

    decimal_comma: bool = False
    tolerance: float = 0.0
    answer_phrases: Sequence[str] = ANSWER_PHRASES

    def extract(self, completion: str) -> str | None:
        """The last line with text, without what stands around it; None for a completion without text."""
        lines = [_unmarked(line) for line in before_run_on(completion).strip().splitlines()]
        lines = [line for line in lines if not _RULE.fullmatch(line)] or lines
        # A lone ">" is an empty quote in Markdown, and a whole answer in BIG-Bench Hard (dyck_languages).
        lines = [line for line in lines if line.strip("*_` \t#>")] or [line for line in lines if line.strip("*_` \t#")]
        while len(lines) > 1 and _CLOSING.search(lines[-1]):
            lines.pop()
        if not lines:
            return None
        boxed = last_boxed(lines[-1])
        if boxed is not None:
            return undressed(boxed) or None
        answer = next(after_phrases(lines[-1], self.answer_phrases), None)
        if answer is None and _is_sentence(lines[-1]):
            answer = self._marked(lines)
        answer = answer and (answer.lstrip(":\uff1a \t") or answer)
        return undressed(undressed(answer or lines[-1]).strip("*_` \t")) or None

    def _marked(self, lines: Sequence[str]) -> str | None:
        """What the last line that begins with an answer phrase gives, where a closing sentence follows it."""
        phrases = tuple(phrase.casefold() for phrase in self.answer_phrases if phrase.endswith(":"))
        for at in range(len(lines) - 1, -1, -1):
            begins = lines[at].lstrip("*_`#> ").casefold().replace("*", "").removeprefix("the ").removeprefix("final ")
            if begins.startswith(phrases):
                return next(after_phrases("\n".join(lines[at : at + 2]), self.answer_phrases), None)
        return None

    def same(self, answer: str, ideal: str) -> bool:
        """Whether both are the same number within the tolerance, or the same words.

        A list's bullet before the answer and emoji behind it do not count, unless the ideal answer has them too.
        """
        # Only here, and not in `extract`: "> ) }" and "- 5" may be whole answers.
        forms = (answer, _DECORATION.sub("", answer))
        return any(same_text(form, ideal, self.decimal_comma, self.tolerance) for form in forms if form)

    def usable(self, ideal: str) -> bool:
        """Whether `ideal` is one line with text."""
        return bool(ideal.strip()) and "\n" not in ideal.strip()

    def completion_for(self, ideal: str) -> str | None:
        """`ideal` itself."""
        return ideal


@dataclass(frozen=True)
class PatternRule:
    r"""The last match of a regular expression: its group `answer`, else its first group, else the whole match.

    Answers are compared by `evals.suite.answers.same_answer.same_text`: numbers by value, words without case. `.`
    does not match a line end unless the pattern begins with `(?s)`.
    """

    pattern: re.Pattern[str]
    decimal_comma: bool = False
    tolerance: float = 0.0

    def extract(self, completion: str) -> str | None:
        """The group of the last match, stripped; None without a match, or if the group is empty or took no part."""
        last = None
        for match in self.pattern.finditer(completion):
            last = match
        if last is None:
            return None
        group: int | str = "answer" if "answer" in self.pattern.groupindex else min(1, self.pattern.groups)
        found = last[group]
        return found.strip() or None if found is not None else None

    def same(self, answer: str, ideal: str) -> bool:
        """Whether both are the same number within the tolerance, or the same words."""
        return same_text(answer, ideal, self.decimal_comma, self.tolerance)

    def usable(self, ideal: str) -> bool:
        """Whether `ideal` has text. The pattern itself is not tried on it."""
        return bool(ideal.strip())

    def completion_for(self, ideal: str) -> str | None:
        """None: a text that the pattern matches cannot be made from the pattern."""
        return None


def make_rule(
    extract: str,
    *,
    pattern: str | None = None,
    letters: str = "ABCDE",
    labels: Sequence[str] = (),
    decimal_comma: bool = False,
    tolerance: float = 0.0,
    answer_phrases: Sequence[str] = ANSWER_PHRASES,
) -> AnswerRule:
    """The rule that YAML names with `extract`, one of RULES.

    letters: for `letter`, `letters` and `letter_or_line`. labels: two or more, for `label` and only there. pattern:
    for `regex`, and only there. answer_phrases: for
    `marked_number`, `last_line` and the rules of letters; the other rules ignore it.

    Raises:
        UsageError: no rule has that name, `pattern` is missing, misplaced or no regular expression, a letter
            stands twice in `letters`, or `labels` are missing, misplaced or fewer than two.
        MissingExtra: `math` without the package math-verify.
    """
    if extract not in RULES:
        raise UsageError(f"extract: there is no rule {extract!r}", notes=[did_you_mean(extract, RULES)], fix=_ONE_OF)
    if (pattern is not None) != (extract == "regex"):
        raise UsageError("`pattern` is used with `extract: regex` and only there", fix="give both, or neither")
    if len(set(letters.upper())) < len(letters):
        raise UsageError(f"letters has a letter twice: {letters!r}", fix="give each option a letter of its own")
    if (len(make_labels(labels)) >= 2) != (extract == "label") or (labels and extract != "label"):
        fix = 'labels: ["Yes", "No"], with extract: label'
        raise UsageError("`labels` is used with `extract: label` and only there, two or more", fix=fix)
    phrases = tuple(answer_phrases)
    if extract == "label":
        return LabelRule(make_labels(labels))
    if extract == "regex":
        return PatternRule(_compiled(str(pattern)), decimal_comma, tolerance)
    if extract == "boxed":
        return BoxedRule(decimal_comma, tolerance)
    if extract == "math":
        from evals.suite.answers.math_answers import MathRule

        return MathRule()
    if extract == "letter":
        return LetterRule(letters.upper(), phrases)
    if extract == "letters":
        return LettersRule(letters.upper(), phrases)
    if extract == "letter_or_line":
        line = LastLineRule(decimal_comma, tolerance, phrases)
        return LetterOrLineRule(LetterRule(letters.upper(), phrases), line, phrases)
    if extract == "last_line":
        return LastLineRule(decimal_comma, tolerance, phrases)
    boxes_win, phrases = extract != "last_number", phrases if extract == "marked_number" else ()
    return NumberRule(boxes_win, phrases, decimal_comma, tolerance)


_ONE_OF = f"one of {', '.join(RULES)}"


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UsageError(f"pattern {pattern!r} is not a regular expression: {error}", fix="correct it") from None
