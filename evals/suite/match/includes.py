"""Includes: an accepted answer must stand anywhere in the completion."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from evals.errors import UsageError
from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.record.current import record_match
from evals.sample import Sample
from evals.suite.samples.ideals import accepted, require


def includes_any(completion: str, answers: Sequence[str], ignore_case: bool = False) -> bool:
    """Whether one of the answers is a part of `completion`."""
    if ignore_case:
        completion, answers = completion.lower(), [answer.lower() for answer in answers]
    return any(answer in completion for answer in answers)


class Includes(StreamedEval):
    """One of the sample's ideal answers must stand anywhere in the completion."""

    scores_without_calls = True

    def __init__(
        self, completion_fns: Sequence[Any], samples_jsonl: str, ignore_case: bool = False, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        if len(completion_fns) != 1:
            raise UsageError(f"Includes takes one completion function, got {len(completion_fns)}")
        self.samples_jsonl = samples_jsonl
        self.ignore_case = ignore_case

    def check_sample(self, sample: Any) -> None:
        require(sample, "input", "ideal")
        accepted(sample, may_be_none=True)

    async def eval_sample(self, sample: Sample, *_: random.Random) -> bool:
        self.check_sample(sample)
        completion = await self.complete(sample["input"])
        found = includes_any(completion, accepted(sample, may_be_none=True), self.ignore_case)
        record_match(found, expected=sample["ideal"], picked=completion, sampled=completion)
        return found

    def new_report(self) -> Report:
        return MatchReport("boostrap_std")
