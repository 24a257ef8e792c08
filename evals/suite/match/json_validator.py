"""JsonValidator: the completion must be JSON, whatever it says."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from evals.errors import UsageError
from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.record.current import record_match
from evals.sample import Sample
from evals.suite.samples.ideals import require


def is_valid_json(text: str) -> bool:
    """Whether `text` as a whole is JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class JsonValidator(StreamedEval):
    """Right where the completion parses as JSON; samples need no `ideal`."""

    scores_without_calls = True

    def __init__(self, completion_fns: Sequence[Any], samples_jsonl: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        if len(completion_fns) != 1:
            raise UsageError(f"JsonValidator takes one completion function, got {len(completion_fns)}")
        self.samples_jsonl = samples_jsonl

    def check_sample(self, sample: Any) -> None:
        require(sample, "input")

    async def eval_sample(self, sample: Sample, *_: random.Random) -> None:
        self.check_sample(sample)
        completion = await self.complete(sample["input"], temperature=0.0)
        record_match(is_valid_json(completion), expected=None, picked=completion)

    def new_report(self) -> Report:
        return MatchReport("boostrap_std")
