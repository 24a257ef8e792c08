"""FuzzyMatch: the normalised completion contains a normalised answer, or the other way round; with token F1."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

from evals.eval import Report, StreamedEval
from evals.metrics import MetricsReport
from evals.record.current import record_match, record_metrics
from evals.sample import Sample
from evals.suite.match.text_matching import f1_score, fuzzy_match
from evals.suite.one_model import require_one
from evals.suite.samples.doubts import Doubt, ideal_doubts, prompt_doubts
from evals.suite.samples.ideals import accepted, require


class FuzzyMatch(StreamedEval):
    """Right if an ideal answer contains the completion, or the completion contains an ideal answer.

    Both are normalised first: lower case, no ASCII punctuation, no articles (`evals.suite.match.text_matching`).
    max_tokens: sent with each request.

    Raises:
        UsageError: not exactly one completion function.
    """

    scores_without_calls = True

    def __init__(
        self, completion_fns: Sequence[Any], samples_jsonl: str, *args: Any, max_tokens: int = 100, **kwargs: Any
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        self.samples_jsonl = samples_jsonl
        self.max_tokens = max_tokens

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has an `input`, and a text or a list of at least one text as `ideal`."""
        require(sample, "input", "ideal")
        accepted(sample)

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """Doubts about the row's `input` and `ideal`."""
        return itertools.chain(prompt_doubts(sample["input"]), ideal_doubts(sample))

    async def eval_sample(self, sample: Sample, rng: random.Random) -> None:
        """Send `input` at temperature 0 with `max_tokens`; record a `match` and a `metrics` event.

        match: `correct`; `expected`, the accepted answers; `picked`, the completion once for each answer that
        matches it, so an empty list for a wrong one (as in openai/evals). metrics: `accuracy` (0 or 1) and
        `f1_score` (in [0, 1], the best over the answers).

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        self.check_sample(sample)
        completion = await self.complete(sample["input"], temperature=0.0, max_tokens=self.max_tokens)
        answers = accepted(sample)
        matching = [answer for answer in answers if fuzzy_match(completion, answer)]
        record_match(bool(matching), expected=answers, picked=[completion for _ in matching])
        record_metrics(accuracy=float(bool(matching)), f1_score=f1_score(completion, answers))

    def new_report(self) -> Report:
        """An empty report: the means of `accuracy` and `f1_score`, each with standard error and interval."""
        return MetricsReport("accuracy", "f1_score")
