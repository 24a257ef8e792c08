"""Finds the label that a completion states, one of a fixed few such as Yes and No."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from evals.suite.graded.grading import INVALID_STR
from evals.suite.graded.verdicts import stated_choice

SHORTEST_WORD = 5
"Letters of labels that stand in a sentence for nothing else: `no` and `true` do."
MAX_CHARS = 2000
_DENIAL = re.compile(r"\b(?:not|never|no|nor|neither|without|than|instead|\w+n't)\W+(?:\w+\W+){0,2}$", re.IGNORECASE)

_WITHHELD = re.compile(
    r"\banswer\b[^\w\n]{0,9}(?:is|:|would be)[^\w\n]{0,9}(?:(?:currently|still|that|it\s+is|it's)\s+){0,2}"
    r"(?:unknown|unclear|uncertain|inconclusive|undetermined|indeterminate|dependent\b|(?:it\s+)?depends\b|based\s+on\b"
    r"|impossible\s+to|difficult\s+to|hard\s+to|cannot\s+be|can't\s+be"
    r"|not\s+(?:clear|certain|known|possible|as\s+simple|enough))",
    re.IGNORECASE,
)
"A last line whose answer is no label: `The answer is unknown.` What stands above it was not the answer."


def _denied(text: str, found: re.Match[str]) -> bool:
    return _DENIAL.search(text[max(0, found.start() - 40) : found.start()]) is not None


@dataclass(frozen=True)
class LabelRule:
    """The label that a completion states, read as the verdict of a grader is (`stated_choice`).

    A label is a whole word: `Not sure` and `I do not know` are not No. The last line that states one decides, unless
    the first line is nothing but a label and the last line has more than one: there the reasons come second. A label
    that is denied, or one of several, is no answer. Where no line states one, and each label has five letters or more,
    the only label in the text counts. Case does not count unless two labels differ by it alone.
    """

    labels: tuple[str, ...]

    def extract(self, completion: str) -> str | None:
        """The label as `labels` writes it; None if the completion states none."""
        completion = self._echo.sub("", completion)
        lines = completion.strip().splitlines()
        if lines and _WITHHELD.search(lines[-1][-MAX_CHARS:]):
            return None
        if len(lines) > 1 and (first := self._alone(lines[0])) is not None and self._alone(lines[-1]) is None:
            return first
        found = stated_choice(completion, "cot_classify", self.labels)
        return self._only_one(completion) if found == INVALID_STR else found

    @cached_property
    def _echo(self) -> re.Pattern[str]:
        """All labels in brackets, as a question names them: `the answer (Yes or No) is Yes`."""
        one = "|".join(re.escape(label) for label in self.labels)
        return re.compile(rf"\((?:{one})(?:\s*(?:,|/|\bor\b|,\s*or\b)\s*(?:{one}))+\)", re.IGNORECASE)

    def _only_one(self, completion: str) -> str | None:
        """The only label that a completion without a statement has and does not deny, if labels are no small words."""
        if min(map(len, self.labels)) < SHORTEST_WORD:
            return None
        text = completion[-MAX_CHARS:]
        found = {label for label in self.labels for hit in self._whole(label).finditer(text) if not _denied(text, hit)}
        return found.pop() if len(found) == 1 else None

    def _whole(self, label: str) -> re.Pattern[str]:
        words = r"\s+".join(map(re.escape, label.split()))
        return re.compile(rf"(?<!\w)(?<!\w-){words}(?!\w|-\w)", re.IGNORECASE)

    def _alone(self, line: str) -> str | None:
        """The label of a line that is nothing but it."""
        bare = line.strip(" \t*_`\"'#>.!()[]")
        return next((label for label in self.labels if self._folded(label) == self._folded(bare)), None)

    def same(self, answer: str, ideal: str) -> bool:
        """Whether `ideal` is the same label."""
        return self._folded(answer) == self._folded(ideal)

    def usable(self, ideal: str) -> bool:
        """Whether `ideal` is one of the labels."""
        return any(self.same(label, ideal) for label in self.labels)

    def completion_for(self, ideal: str) -> str | None:
        """`ideal` itself."""
        return ideal

    def _folded(self, text: str) -> str:
        case_counts = len({label.casefold() for label in self.labels}) < len(self.labels)
        return " ".join((text if case_counts else text.casefold()).split())


def make_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels without spaces around them, each once."""
    return tuple(dict.fromkeys(label.strip() for label in labels if label.strip()))
