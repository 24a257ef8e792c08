"""Finds the letters of all options that a completion calls right, where several are right together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evals.suite.answers.answer_places import after_phrases, last_boxed

_BETWEEN = frozenset({"and", "both", "option", "options", "choice", "choices", "letter", "letters"})
_SEPARATORS = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\b|[\u548c\u4e0e\u53ca*_`]")


@dataclass(frozen=True)
class LettersRule:
    """The letters of several options, in any order: `AD`, `A, D`, `A and D`, `(D)(A)`.

    These places are tried in order: the last `\\boxed{...}`; what follows the last of `answer_phrases` that has
    letters; the last line, if it holds nothing but letters. All letters of the ideal answer must be there, and no
    other. `A or D` is no answer.
    """

    letters: str = "ABCDE"
    answer_phrases: Sequence[str] = ()

    def extract(self, completion: str) -> str | None:
        """The letters, sorted and without separators; None if no place has any."""
        boxed = last_boxed(completion)
        if boxed is not None and (found := self._read(boxed, whole=True)):
            return found
        for rest in after_phrases(completion, self.answer_phrases):
            if found := self._read(rest, whole=False):
                return found
        return self._read(completion.strip().rpartition("\n")[2], whole=True) or None

    def same(self, answer: str, ideal: str) -> bool:
        """Whether the ideal answer has the same letters, however they are separated."""
        return answer == self._read(ideal.upper(), whole=True)

    def usable(self, ideal: str) -> bool:
        """Whether `ideal` is nothing but letters: `AD`, `A B D` or `["A", "D"]`."""
        return bool(self._read(ideal.upper(), whole=True))

    def completion_for(self, ideal: str) -> str | None:
        """The letters of `ideal`, with commas."""
        return ", ".join(self._read(ideal.upper(), whole=True))

    def _read(self, text: str, *, whole: bool) -> str:
        """The sorted letters at the beginning of a text. whole: nothing else may stand there."""
        found: set[str] = set()
        words = re.findall(r"\w+", _SEPARATORS.sub(" ", text))
        for number, word in enumerate(words):
            if set(word) <= set(self.letters):
                following = words[number + 1 : number + 2]
                if not whole and word == "A" and following and following[0].islower() and following[0] not in _BETWEEN:
                    break  # "A cat"
                found |= set(word)
            elif word.lower() == "or" or (whole and word.lower() not in _BETWEEN):
                return ""
            elif word.lower() not in _BETWEEN:
                break
        return "".join(sorted(found))
