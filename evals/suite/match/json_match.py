"""JsonMatch: the completion, read as JSON, must equal an accepted answer, element by element."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from evals.errors import BadSample, UsageError
from evals.eval import Report, StreamedEval
from evals.metrics import MetricsReport
from evals.record.current import record_match, record_metrics
from evals.sample import Sample
from evals.suite.samples.ideals import accepted, require


def json_match(sampled_json: Any, correct_json: Any) -> bool:
    """Whether two JSON values are equal. A null equals nothing, not even a null; a missing key is a null."""
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
    """The JSON value of `text`; None where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class JsonMatch(StreamedEval):
    """The sample's `ideal` is one or more JSON texts; one must equal the completion."""

    scores_without_calls = True

    def __init__(
        self, completion_fns: Sequence[Any], samples_jsonl: str, *args: Any, max_tokens: int = 512, **kwargs: Any
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        if len(completion_fns) != 1:
            raise UsageError(f"JsonMatch takes one completion function, got {len(completion_fns)}")
        self.samples_jsonl = samples_jsonl
        self.max_tokens = max_tokens

    def check_sample(self, sample: Any) -> None:
        require(sample, "input", "ideal")
        for answer in accepted(sample, may_be_none=True):
            try:
                json.loads(answer)
            except ValueError as error:
                raise BadSample(f"'ideal' is no JSON: {error}", sample, fix="write the answer as JSON text") from error

    async def eval_sample(self, sample: Sample, rng: random.Random) -> None:
        self.check_sample(sample)
        completion = await self.complete(sample["input"], temperature=0.0, max_tokens=self.max_tokens)
        answers = accepted(sample, may_be_none=True)
        found = parsed_or_none(completion)
        matching = [answer for answer in answers if json_match(found, json.loads(answer))]
        record_match(bool(matching), expected=answers, picked=[completion for _ in matching])
        record_metrics(accuracy=float(bool(matching)))

    def new_report(self) -> Report:
        return MetricsReport("accuracy")
