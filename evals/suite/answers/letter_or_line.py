"""Finds the letter of an option, or the answer in words where there is no letter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from evals.suite.answers.answer_places import after_phrases

_SEVERAL = re.compile(r"\W*([A-Z])\b\W*(?:or|and|,|/|&)\W*([A-Z])\b(?!['\u2019])")
"`(A) or (B)`: two letters where one is asked for. `A, as B is wrong` is one."


class _Rule(Protocol):
    def extract(self, completion: str) -> str | None: ...

    def same(self, answer: str, ideal: str) -> bool: ...

    def usable(self, ideal: str) -> bool: ...


@dataclass(frozen=True)
class LetterOrLineRule:
    """The letter that `letter` finds; where there is none, the last line as `last_line` reads it.

    If the last line has one of `answer_phrases`, only that line is read: with `The answer is (A) or (B)` or `The answer
    is none of them`, no letter of an earlier line is the answer. A letter is compared with ideal answers that
    are letters, with or without brackets, and a line with all others. The rule is for datasets in which a few rows name
    the right option by its text, such as BIG-Bench Hard.
    """

    letter: _Rule
    line: _Rule
    answer_phrases: Sequence[str] = ()

    def extract(self, completion: str) -> str | None:
        """The letter, else the last line with text; None for a completion without text."""
        last_line = completion.strip().rpartition("\n")[2]
        stated = next(after_phrases(last_line, self.answer_phrases), None)
        if stated is not None and _SEVERAL.match(stated):
            return self.line.extract(completion)
        letter = self.letter.extract(completion if stated is None else last_line)
        return self.line.extract(completion) if letter is None else letter

    def same(self, answer: str, ideal: str) -> bool:
        """Whether `ideal` is the same letter, or, where it is no letter, the same words."""
        return self.letter.same(answer, ideal) if self.letter.usable(ideal) else self.line.same(answer, ideal)

    def usable(self, ideal: str) -> bool:
        """Whether `ideal` is a letter, or one line with text."""
        return self.letter.usable(ideal) or self.line.usable(ideal)

    def completion_for(self, ideal: str) -> str | None:
        """`ideal` itself."""
        return ideal
