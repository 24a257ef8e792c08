"""StatedConfidence: an answer with the confidence that the model states, or with the share of draws that agree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Any

from evals.engine.context import in_thread
from evals.errors import UsageError
from evals.eval import Report
from evals.metrics import MatchReport, Mean, with_keys
from evals.record.current import record_event, record_match
from evals.record.recorders import Event
from evals.sample import Sample
from evals.suite.answers.answer_rules import AnswerRule
from evals.suite.answers.extract import ExtractAnswer
from evals.suite.samples.ideals import accepted

ASK = (
    'Then write a last line of the form "Confidence: N", where N is a number from 0 to 100: '
    "in how many of 100 such cases your answer would be right."
)
KINDS = ("verbal", "agreement")
_STATED = re.compile(
    r"confidence(?:\s+(?:level|score|rating|estimate))?(?:\s*\([^()\n]{0,40}\))?[\s*_]*(?:is|=|:)?"
    r"[\s*_]*(?:(?:about|around|roughly|approximately|approx\.|~|\u2248)\s*)?(?:\\boxed\{|[\[($])?\s*"
    r"(?P<number>\d{1,3}(?:\.\d+)?|\.\d+)(?![\d.,]*\d)[\s*_]*\\?"
    r"(?P<unit>%|percent\b|(?:/|out\s+of|of)\s*(?P<whole>\d{1,3})\b)?(?P<range>\s*(?:-|\u2013|to\b)\s*\d)?",
    re.IGNORECASE,
)


class StatedConfidence(ExtractAnswer):
    """Answers with a confidence, for models that give no log probabilities.

    The arguments are those of ExtractAnswer, and these. kind: `verbal` asks for a confidence from 0 to 100 after the
    answer; `ask` is the sentence that asks. `agreement` draws `n_completions` at `temperature` (by default 1); the
    answer is the one that most completions give, and its confidence is their share. Neither number is a probability
    that the model assigns to an option. If the confidence is missing or above 100, it is recorded as null and the
    answer still counts.

    Raises:
        UsageError: an unknown `kind`; `agreement` with fewer than 2 completions or at temperature 0; and what
            ExtractAnswer raises.
    """

    scores_without_calls = True

    def __init__(
        self, *args: Any, kind: str = "verbal", ask: str = ASK, n_completions: int = 10, **kwargs: Any
    ) -> None:
        if kind not in KINDS:
            raise UsageError(f"kind is {kind!r}", fix=f"choose one of {', '.join(KINDS)}")
        if kind == "agreement":
            kwargs.setdefault("temperature", 1.0)
            if n_completions < 2 or not kwargs["temperature"] > 0:
                raise UsageError("agreement needs n_completions of 2 or more, at a temperature above 0")
        else:
            kwargs["instruction"] = " ".join(filter(None, [kwargs.get("instruction"), ask]))
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.n_completions = n_completions if kind == "agreement" else 1

    def ideal_completions(self, sample: Any) -> list[str]:
        """The completions of ExtractAnswer; with `Confidence: 100` as a last line for `verbal`."""
        texts = super().ideal_completions(sample)
        return [f"{text}\nConfidence: 100" for text in texts] if self.kind == "verbal" else texts

    async def eval_sample(self, sample: Sample, rng: Random) -> None:  # type: ignore[override]
        """Ask once (`verbal`) or `n_completions` times (`agreement`); record a `match` and a `confidence` event.

        match: as for ExtractAnswer. confidence: `kind`; `confidence`, in [0, 1] or null; `correct`; `n_completions`.

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        await in_thread(lambda: self.check_sample(sample))
        prompt = self.first_prompt(sample)
        completions = [await self.complete(prompt, **self.request) for _ in range(self.n_completions)]
        ideals = accepted(sample)
        answer, confidence, correct = await in_thread(lambda: self.judged(completions, ideals))
        record_match(correct, expected=sample["ideal"], picked=answer, parsed=answer is not None)
        record_event(
            "confidence",
            {"kind": self.kind, "confidence": confidence, "correct": correct, "n_completions": self.n_completions},
        )

    def judged(self, completions: Sequence[str], ideals: Sequence[str]) -> tuple[str | None, float | None, bool]:
        """The answer (None for none), its confidence in [0, 1] (None for none), and whether it is one of `ideals`."""
        if self.kind == "verbal":
            text, confidence, after = split_confidence(completions[0])
            answer = self.rule.extract(text)
            # Some models state the confidence first.
            answer = self.rule.extract(after) if answer is None and after.strip() else answer
        else:
            answer, confidence = agreed([self.rule.extract(text) for text in completions], self.rule)
        return answer, confidence, answer is not None and any(self.rule.same(answer, ideal) for ideal in ideals)

    def new_report(self) -> Report:
        """An empty report: that of ExtractAnswer, and the mean `confidence` over `confidence_n` samples."""
        return _ConfidenceReport()


def split_confidence(completion: str) -> tuple[str, float | None, str]:
    """What stands before the last stated confidence, that confidence in [0, 1], and what follows it.

    `85`, `85%` and `85/100` are 0.85, as is `0.85`: with a point, and at most 1, it is no percent unless a sign says
    so. Without a stated confidence: the whole completion, None and "". A number above 100 and a range give None too.

    >>> split_confidence("The answer is 4.  Confidence: 85%")
    ('The answer is 4.  ', 0.85, '')
    """
    found = [*_STATED.finditer(completion)]
    if not found:
        return completion, None, ""
    last = found[-1]
    return completion[: last.start()], None if last["range"] else _share(last), completion[last.end() :]


def _share(stated: re.Match[str]) -> float | None:
    """The number of a stated confidence as a share; None where it is above its whole."""
    value, whole = float(stated["number"]), 100.0
    if stated["whole"]:
        whole = float(stated["whole"])
    elif not stated["unit"] and "." in stated["number"] and value <= 1:
        whole = 1.0
    return value / whole if 0 <= value <= whole != 0 else None


def agreed(answers: Sequence[str | None], rule: AnswerRule) -> tuple[str | None, float | None]:
    """The answer that most completions give (the first of several equal ones), and the share that give it.

    answers: one a completion; None where it gave no answer, which counts in the share and agrees with nothing. Two
    answers agree if `rule.same` says so. Without any answer: (None, None).
    """
    groups: list[tuple[str, int]] = []
    for answer in answers:
        if answer is None:
            continue
        place = next((i for i, (known, _) in enumerate(groups) if rule.same(answer, known)), None)
        if place is None:
            groups.append((answer, 1))
        else:
            groups[place] = (groups[place][0], groups[place][1] + 1)
    if not groups:
        return None, None
    best, count = max(groups, key=lambda group: group[1])
    return best, count / len(answers)


class _ConfidenceReport(MatchReport):
    """Accuracy, and the mean confidence with its own `confidence_n`."""

    def __init__(self) -> None:
        super().__init__()
        self.confidence = Mean()

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        super().add(sample_id, events)
        for event in events:
            if event.type == "confidence" and event.data["confidence"] is not None:
                self.confidence.add(sample_id, event.data["confidence"])

    def as_dict(self) -> dict[str, Any]:
        return {**with_keys(super().as_dict(), "confidence", self.confidence), "confidence_n": self.confidence.n}
