"""FuzzyMatch: completion and answer, normalised, one inside the other; and their token F1."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from evals.errors import UsageError
from evals.eval import Report, StreamedEval
from evals.metrics import MetricsReport
from evals.record.current import record_match, record_metrics
from evals.sample import Sample
from evals.suite.match.text_matching import f1_score, fuzzy_match
from evals.suite.samples.ideals import accepted, require


class FuzzyMatch(StreamedEval):
    """An ideal answer must contain the completion or stand in it, after case, punctuation and articles are dropped."""

    scores_without_calls = True

    def __init__(
        self, completion_fns: Sequence[Any], samples_jsonl: str, *args: Any, max_tokens: int = 100, **kwargs: Any
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        if len(completion_fns) != 1:
            raise UsageError(f"FuzzyMatch takes one completion function, got {len(completion_fns)}")
        self.samples_jsonl = samples_jsonl
        self.max_tokens = max_tokens

    def check_sample(self, sample: Any) -> None:
        require(sample, "input", "ideal")
        accepted(sample)

    async def eval_sample(self, sample: Sample, rng: random.Random) -> None:
        self.check_sample(sample)
        completion = await self.complete(sample["input"], temperature=0.0, max_tokens=self.max_tokens)
        answers = accepted(sample)
        matching = [answer for answer in answers if fuzzy_match(completion, answer)]
        record_match(bool(matching), expected=answers, picked=[completion for _ in matching])
        record_metrics(accuracy=float(bool(matching)), f1_score=f1_score(completion, answers))

    def new_report(self) -> Report:
        return MetricsReport("accuracy", "f1_score")
