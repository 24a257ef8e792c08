"""Finds the letters of all options that a completion calls right, where several are right together."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from evals.suite.answers.answer_places import MAX_MARKED_CHARS, MAX_MARKS, after_phrases, last_boxed

MAX_CHARS = 20_000
"How many characters at the end of a completion are searched for a sentence."
_BETWEEN = frozenset({"and", "both", "option", "options", "choice", "choices", "letter", "letters"})
_RIGHT = r"(?i:correct|right|true|valid|accurate|best)"
_NOUNS = r"(?i:options?|choices?|letters?|statements?|ones?)"
_STATED = (
    re.compile(
        rf"\b(?:(?i:answers)|{_RIGHT}\s+(?:(?i:answers?)|{_NOUNS})|{_NOUNS}\s+(?i:that|which)\s+(?i:is|are)\s+{_RIGHT})"
        r"(?:\s+(?i:here|to|for|of|in)\b[^\n.:;!?]{0,60}?)?\s+(?i:are|is|were|would be)\b\s*:?"
    ),
    re.compile(
        "(?:\u7b54\u6848|\u7b54\u3048|\u6b63\u89e3|\u6545\u9009|\u6545\u9078|\u5e94\u9009|\u61c9\u9078|\u6b63\u786e\u7684\u662f"
        "|\u9078\u629e\u80a2)[^A-Za-z0-9\n]{0,8}"
    ),
)
"What stands before the letters of a sentence: `The correct options are A and D`."
_ARE_RIGHT = rf"\W*\b(?i:are|is)\s+(?i:(?:both|all|the|only)\s+)*{_RIGHT}\b"
_DENIED = re.compile(r"(?i:\b(?:not|no|none|neither|wrong|incorrect|false)\b|n't\b)[^.\n]{0,12}$")
_AT_SCRIPTS = re.compile("(?<=[A-Za-z])(?=[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af])")
_SEPARATORS = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\b|[\u548c\u4e0e\u53ca*_`]")


@dataclass(frozen=True)
class LettersRule:
    """The letters of several options, in any order: `AD`, `A, D`, `A and D`, `(D)(A)`.

    These places are tried in order: the last `\\boxed{...}`; what follows the last of `answer_phrases` that has
    letters; a sentence, such as `The correct options are A and D` or `A and D are correct`; the last lines, as far as
    they hold nothing but letters. All letters of the ideal answer must be there, and no other. `A or D` is no answer.
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
        return self._in_sentence(completion) or self._last_lines(completion) or None

    def _in_sentence(self, completion: str) -> str:
        """The letters of the last sentence that states some and does not deny them."""
        text = re.sub(r"[*_`]+", "", unicodedata.normalize("NFKC", completion[-MAX_CHARS:]))
        one = f"[({{[]?[{re.escape(self.letters)}][)}}\\]]?"
        joined = re.compile(rf"(?<!\w)(?P<all>{one}(?:\s*(?:,|&|and|,\s*and)\s*{one}){{1,25}}){_ARE_RIGHT}")
        found = [
            (match.end(), self._read(match["all"], whole=True) if mark is joined else self._after(text, match))
            for mark in (*_STATED, joined)
            for match in deque(mark.finditer(text), maxlen=MAX_MARKS)
            if not _DENIED.search(text[max(0, match.start() - 30) : match.start()])
        ]
        return max((place for place in found if place[1]), default=(0, ""))[1]

    def _after(self, text: str, match: re.Match[str]) -> str:
        return self._read(text[match.end() : match.end() + MAX_MARKED_CHARS].partition("\n")[0], whole=False)

    def _last_lines(self, completion: str) -> str:
        """The letters of the last lines, as far as each is nothing but letters: a list may have a line for each."""
        letters: set[str] = set()
        for line in reversed(completion.strip().splitlines()[-len(self.letters) * 2 :]):
            read = self._read(line, whole=True)
            if line.strip() and (not read or (letters and len(read) > 1)):
                break
            letters |= set(read)
            if len(read) > 1:
                break
        return "".join(sorted(letters))

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
        words = re.findall(r"\w+", _SEPARATORS.sub(" ", _AT_SCRIPTS.sub(" ", text)))
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
