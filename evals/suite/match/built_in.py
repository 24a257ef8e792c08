"""TestMatch: an eval without a data file, for trying out a completion function."""

from __future__ import annotations

from typing import Any

from evals.suite.match.match import Match

_TASK = "Continue the user's text with the missing word and write nothing else."
_SAMPLES = (
    ("Roses are red, violets are ", "blue"),
    ("Monday, Tuesday, ", "Wednesday"),
    ("The capital of France is ", "Paris"),
)


class TestMatch(Match):
    """Match on three built-in samples. `samples_jsonl` is ignored."""

    scores_without_calls = True
    __test__ = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "samples_jsonl": ""})

    def get_samples(self) -> list[Any]:
        """The three samples: a system message that states the task, a user message, and one ideal answer."""
        return [
            {"input": [{"role": "system", "content": _TASK}, {"role": "user", "content": text}], "ideal": ideal}
            for text, ideal in _SAMPLES
        ]
