"""JsonValidator: the completion must be valid JSON; its content does not matter."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.record.current import record_match
from evals.sample import Sample
from evals.suite.one_model import require_one
from evals.suite.samples.ideals import require


def is_valid_json(text: str) -> bool:
    """Whether the whole of `text` is JSON. `NaN` and `Infinity` count, as for Python's `json`."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class JsonValidator(StreamedEval):
    """Right if the completion parses as JSON. Samples need no `ideal`.

    Raises:
        UsageError: not exactly one completion function.
    """

    scores_without_calls = True

    def __init__(self, completion_fns: Sequence[Any], samples_jsonl: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        self.samples_jsonl = samples_jsonl

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has an `input` that can be sent."""
        require(sample, "input")

    async def eval_sample(self, sample: Sample, *_: random.Random) -> None:
        """Send `input` at temperature 0 and record a `match` event.

        match: `correct`; `expected`, always None; `picked`, the completion.

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        self.check_sample(sample)
        completion = await self.complete(sample["input"], temperature=0.0)
        record_match(is_valid_json(completion), expected=None, picked=completion)

    def new_report(self) -> Report:
        """An empty report: `accuracy` with standard error and interval, and `boostrap_std`."""
        return MatchReport("boostrap_std")
