"""JsonMatch: the completion must be the same JSON value as an accepted answer."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from evals.errors import BadSample
from evals.eval import Report, StreamedEval
from evals.metrics import MetricsReport
from evals.record.current import record_match, record_metrics
from evals.sample import Sample
from evals.suite.one_model import require_one
from evals.suite.samples.doubts import Doubt, ideal_doubts, prompt_doubts
from evals.suite.samples.ideals import accepted, require


def json_match(sampled_json: Any, correct_json: Any) -> bool:
    """Whether two JSON values are equal, by the rules of openai/evals.

    Objects are compared key by key in any order, lists item by item. A null equals nothing, not even another null.
    A missing key counts as a null. Numbers are compared by value: 1 equals 1.0, and true equals 1.
    """
    if sampled_json is None or correct_json is None:
        return False
    if isinstance(sampled_json, dict) and isinstance(correct_json, dict):
        keys = {*sampled_json, *correct_json}
        return all(json_match(sampled_json.get(key), correct_json.get(key)) for key in keys)
    if isinstance(sampled_json, list) and isinstance(correct_json, list):
        return len(sampled_json) == len(correct_json) and all(map(json_match, sampled_json, correct_json))
    if isinstance(sampled_json, dict | list) or isinstance(correct_json, dict | list):
        return False
    return bool(sampled_json == correct_json)


def parsed_or_none(text: str) -> Any:
    """The JSON value of `text`; None if `text` is not JSON, and for the JSON value null."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class JsonMatch(StreamedEval):
    """Right if the completion, read as JSON, equals one of the JSON texts in the sample's `ideal`.

    max_tokens: sent with each request.

    Raises:
        UsageError: not exactly one completion function.
    """

    scores_without_calls = True

    def __init__(
        self, completion_fns: Sequence[Any], samples_jsonl: str, *args: Any, max_tokens: int = 512, **kwargs: Any
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        self.samples_jsonl = samples_jsonl
        self.max_tokens = max_tokens

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has an `input`, and an `ideal` of JSON texts (one, or a list, maybe empty)."""
        require(sample, "input", "ideal")
        for answer in accepted(sample, may_be_none=True):
            try:
                json.loads(answer)
            except ValueError as error:
                raise BadSample(f"'ideal' is not JSON: {error}", sample, fix="write the answer as JSON text") from error

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """Doubts about the row's `input` and `ideal`."""
        return itertools.chain(prompt_doubts(sample["input"]), ideal_doubts(sample))

    async def eval_sample(self, sample: Sample, rng: random.Random) -> None:
        """Send `input` at temperature 0 with `max_tokens`; record a `match` and a `metrics` event.

        match: `correct`; `expected`, the accepted JSON texts; `picked`, the completion once for each text that
        it equals, so an empty list for a wrong one (as in openai/evals). metrics: `accuracy` (0 or 1). A
        completion that is not JSON is wrong.

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        self.check_sample(sample)
        completion = await self.complete(sample["input"], temperature=0.0, max_tokens=self.max_tokens)
        answers = accepted(sample, may_be_none=True)
        found = parsed_or_none(completion)
        matching = [answer for answer in answers if json_match(found, json.loads(answer))]
        record_match(bool(matching), expected=answers, picked=[completion for _ in matching])
        record_metrics(accuracy=float(bool(matching)))

    def new_report(self) -> Report:
        """An empty report: the mean of `accuracy` with standard error and interval."""
        return MetricsReport("accuracy")
