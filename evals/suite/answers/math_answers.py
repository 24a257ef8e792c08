"""Mathematical expressions as answers: math-verify reads and compares them in processes with a deadline."""

from __future__ import annotations

import functools
import importlib.util
import logging
import re
from collections import deque
from collections.abc import Sequence

from evals.errors import MissingExtra
from evals.suite.answers.answer_places import before_run_on, last_boxes
from evals.suite.answers.boxed_rule import boxed_forms
from evals.suite.answers.math_pool import Ended, MathPool, shared_pool
from evals.suite.answers.math_worker import OVERRULED
from evals.suite.answers.same_answer import bare_latex

MAX_CHARS = 20_000
"How many characters at the end of a completion are searched."

_DOLLARS = re.compile(r"\\(?:text|mathrm|mbox)\{\s*\\?\$\s*\}|\\\$|\\textdollar\b\s*")
"Dollar signs as signs of money, as in `\\$32,\\!348`."

_GROUPS = re.compile(r"(?<=\d)(?:\\[,;:! ]|\{,\}|,\s*\\!\s*|\\hspace\{[^{}]*\}|~)(?=\d{3}(?!\d))")
"Marks between groups of digits: `1\\,000` is a product of 1 and 0 to math-verify."

_NUMBER_IN_TEXT = re.compile(r"\\(?:text|mbox)\{\s*(-?\d[\d.,]*)(?:\s+[A-Za-z][A-Za-z ]{0,30})?\s*\}")
"`\\text{3 apples}` is a text to math-verify."

logger = logging.getLogger(__name__)


class MathRule:
    """The last expression of the completion, compared as mathematics: `1/2` is `0.5`.

    A boxed expression comes before others. An ideal answer is LaTeX or a plain expression. math-verify compares
    decimals to 6 places and leaves bases out, so what it takes for the same is also compared as numbers of 50 digits
    (`evals.suite.answers.math_numbers`). If math-verify does not read an expression within the pool's deadline (5 s),
    there is no answer; if it does not compare two within the deadline, they are not the same. Both are logged as a
    warning.

    Raises:
        MissingExtra: the package math-verify is not installed.
    """

    is_slow = True
    "Its methods wait for another process. Do not call them on the event loop."

    def __init__(self, pool: MathPool | None = None) -> None:
        if importlib.util.find_spec("math_verify") is None:
            raise MissingExtra("extract: math", "math")
        self._pool = pool or shared_pool()
        self._overruled: set[tuple[str, str]] = set()
        self._read = functools.lru_cache(maxsize=20_000)(self._reading)

    def extract(self, completion: str) -> str | None:
        """The expression as math-verify writes it; None if none was found or read in time.

        Of several boxes the last one counts, with those that are joined to it by a comma or `and`.
        """
        text = before_run_on(completion)[-MAX_CHARS:]
        return self._reading(_tidied(_final_answer(text) or last_boxes(text) or text))

    def same(self, answer: str, ideal: str) -> bool:
        """Whether both are the same mathematics, by math-verify and as numbers, within the deadline.

        Of an answer that names an option with its text, `(B) 5`, the letter and the text count too.
        """
        ideal = _answer_of(ideal)
        return any(self._same(form, ideal) for form in boxed_forms(answer))

    def _same(self, answer: str, ideal: str) -> bool:
        if bare_latex(answer) == bare_latex(ideal):
            return True  # math-verify does not read all that it can be given, such as `\\frac\\pi4`
        answer, ideal = _without_common_minus(answer, ideal)
        try:
            verdict = self._pool.ask({"text": _as_latex(answer), "ideal": _as_latex(ideal)})
        except Ended as why:
            logger.warning("%r was not compared with %r (%s): scored as not the same", answer[:80], ideal[:80], why)
            return False
        if verdict == OVERRULED:
            self._overruled.add((answer, ideal))
        return verdict is True

    def overruled(self, answer: str, ideals: Sequence[str]) -> bool:
        """Whether `same` found that math-verify takes the answer for one of `ideals`, and that their values differ."""
        return any((answer, _answer_of(ideal)) in self._overruled for ideal in ideals)

    def usable(self, ideal: str) -> bool:
        """Whether math-verify reads `ideal` as an expression."""
        return self._read(_as_latex(_answer_of(ideal))) is not None

    def completion_for(self, ideal: str) -> str | None:
        """`ideal` in a LaTeX box, without dollar signs around it."""
        answer = _answer_of(ideal)
        return answer if "\\boxed" in answer else rf"\boxed{{{answer.strip().strip('$')}}}"

    def _reading(self, text: str) -> str | None:
        try:
            found: str | None = self._pool.ask({"text": text})
            return found
        except Ended as why:
            logger.warning("no expression was read from %r (%s)", text[-80:], why)
            return None


def _without_common_minus(answer: str, ideal: str) -> tuple[str, str]:
    """Both texts without a minus that both begin with, if one is a percentage: math-verify reads `5\\%` as 5 alone."""
    found = [_NEGATIVE.match(text) for text in (answer, ideal)]
    if "%" not in answer + ideal or found[0] is None or found[1] is None:
        return answer, ideal
    return answer[found[0].end() :], ideal[found[1].end() :]


_NEGATIVE = re.compile(r"\s*\$?\s*-\s*(?=[\d.]+\s*(?:\\?%)?\s*\$?\s*$)")


def _answer_of(ideal: str) -> str:
    """The boxed answer of an ideal that is a worked solution, as those of MATH are; else the ideal."""
    if len(ideal) < 400 and ideal.count("\\boxed") < 2 and not re.search(r"[A-Za-z]{3,} [A-Za-z]{2,} ", ideal):
        return ideal
    return last_boxes(ideal) or ideal


def _final_answer(text: str) -> str | None:
    """A formula behind `final answer is` that follows the last box; None without one."""
    found = next(reversed(deque(_FINAL.finditer(text), maxlen=1)), None)
    if found is None or _BOXED.search(text, found.start()):
        return None
    return found["formula"]


_FINAL = re.compile(r"final answer is:?\s{0,3}(?P<formula>\$[^$\n]{1,400}\$)", re.IGNORECASE)
_BOXED = re.compile(r"\\(?:boxed|fbox)")


def _as_latex(text: str) -> str:
    # math-verify takes `\$` for the end of the mathematics, and then reads nothing.
    text = _tidied(text)
    text = text if text.endswith("..") else text.rstrip(".,; ")
    return text if "$" in text or "\\boxed" in text else f"${text}$"


def _tidied(text: str) -> str:
    """LaTeX without signs of money, spaces and braces between groups of three digits, and `\\text` around a number."""
    return _GROUPS.sub("", _NUMBER_IN_TEXT.sub(r"\1", _DOLLARS.sub("", text)))
