"""StatedConfidence: an answer with how sure the model says it is, or with how many of its completions agree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Any

from evals.engine.context import in_thread
from evals.errors import UsageError
from evals.eval import Report
from evals.metrics import MatchReport, Mean, report_keys
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
_STATED = re.compile(r"confidence[\s*_]*(?:is|=|:)?[\s*_]*(\d{1,3}(?:\.\d+)?)(?![\d.]*\d)", re.IGNORECASE)


class StatedConfidence(ExtractAnswer):
    """How sure a model without log probabilities is: the arguments are those of ExtractAnswer, and these.

    kind: `verbal` asks for a confidence from 0 to 100 beside the answer (`ask` is that request). `agreement` draws
    n_completions at `temperature` (1 unless given); the answer is the one that most of them give, its confidence is
    their share. Neither is a probability that the model gives to an option. A confidence that is missing or above 100
    is none; the answer counts all the same.

    Each sample records a `confidence` event: `kind`, `confidence` in [0, 1] or null, `correct`, `n_completions`.
    """

    def __init__(
        self, *args: Any, kind: str = "verbal", ask: str = ASK, n_completions: int = 10, **kwargs: Any
    ) -> None:
        if kind not in KINDS:
            raise UsageError(f"kind: {kind!r}", fix=f"one of {', '.join(KINDS)}")
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
        texts = super().ideal_completions(sample)
        return [f"{text}\nConfidence: 100" for text in texts] if self.kind == "verbal" else texts

    async def eval_sample(self, sample: Sample, rng: Random) -> None:  # type: ignore[override]
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
        """The answer, its confidence, and whether it is one of `ideals`."""
        if self.kind == "verbal":
            text, confidence = split_confidence(completions[0])
            answer = self.rule.extract(text)
        else:
            answer, confidence = agreed([self.rule.extract(text) for text in completions], self.rule)
        return answer, confidence, answer is not None and any(self.rule.same(answer, ideal) for ideal in ideals)

    def new_report(self) -> Report:
        return _ConfidenceReport()


def split_confidence(completion: str) -> tuple[str, float | None]:
    """The completion without its last stated confidence, and that as a share; None where there is none up to 100.

    >>> split_confidence("The answer is 4.  Confidence: 85%")
    ('The answer is 4.  ', 0.85)
    """
    found = [*_STATED.finditer(completion)]
    if not found:
        return completion, None
    value = float(found[-1][1])
    return completion[: found[-1].start()], value / 100 if value <= 100 else None


def agreed(answers: Sequence[str | None], rule: AnswerRule) -> tuple[str | None, float | None]:
    """The answer that most give, the first of several such, and the share of all that give it; no answer agrees."""
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
    """Accuracy, and the mean confidence beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.confidence = Mean()

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        super().add(sample_id, events)
        for event in events:
            if event.type == "confidence" and event.data["confidence"] is not None:
                self.confidence.add(sample_id, event.data["confidence"])

    def as_dict(self) -> dict[str, Any]:
        keys = report_keys("confidence", self.confidence)
        return {**super().as_dict(), **{k: v for k, v in keys.items() if k != "n"}, "confidence_n": keys["n"]}
