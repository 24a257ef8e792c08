"""Includes: the completion must contain an accepted answer, at any place."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.record.current import record_match
from evals.sample import Sample
from evals.suite.one_model import require_one
from evals.suite.samples.doubts import Doubt, ideal_doubts, prompt_doubts
from evals.suite.samples.ideals import accepted, require
from evals.suite.unfinished import complete_whole, ends_by_itself


def includes_any(completion: str, answers: Sequence[str], ignore_case: bool = False) -> bool:
    """Whether `completion` contains one of the answers. The empty answer is in every completion."""
    if ignore_case:
        completion, answers = completion.lower(), [answer.lower() for answer in answers]
    return any(answer in completion for answer in answers)


class Includes(StreamedEval):
    """Right if the completion contains one of the sample's ideal answers, at any place.

    ignore_case: compare in lower case.

    Raises:
        UsageError: not exactly one completion function.
    """

    scores_without_calls = True

    def __init__(
        self, completion_fns: Sequence[Any], samples_jsonl: str, ignore_case: bool = False, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        self.samples_jsonl = samples_jsonl
        self.ignore_case = ignore_case

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has an `input`, and an `ideal` that is a text or a list of texts.

        An empty list and an empty text are doubts (`doubtful_sample`): errors before a run, except in entries of
        openai/evals form.
        """
        require(sample, "input", "ideal")
        accepted(sample, may_be_none=True)

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """Doubts about the row's `input` and `ideal`."""
        return itertools.chain(prompt_doubts(sample["input"]), ideal_doubts(sample))

    async def eval_sample(self, sample: Sample, *_: random.Random) -> bool:
        """Send `input` without any option, record a `match` event, and return whether the completion is right.

        match: `correct`; `expected`, the sample's `ideal`; `picked` and `sampled`, both the whole completion.

        Raises:
            BadSample: `check_sample` refuses the row. CallFailed: the limit on tokens came before any answer.
        """
        self.check_sample(sample)
        answers = accepted(sample, may_be_none=True)

        def is_whole(text: str) -> bool:
            return not ends_by_itself(self.completion_fn) or includes_any(text, answers, self.ignore_case)

        completion = await complete_whole(self, sample["input"], is_whole)
        found = includes_any(completion, answers, self.ignore_case)
        record_match(found, expected=sample["ideal"], picked=completion, sampled=completion)
        return found

    def new_report(self) -> Report:
        """An empty report: `accuracy` with standard error and interval, and `boostrap_std`."""
        return MatchReport("boostrap_std")
