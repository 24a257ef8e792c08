"""Lambada: the last word of a passage, from all that comes before it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any
from urllib.parse import quote

from evals.completion import Prompt
from evals.errors import BadSample, UsageError
from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.suite.match.match import record_and_check_match
from evals.suite.samples.ideals import require


class Lambada(StreamedEval):
    """The completion must begin with the last word of the passage, to the letter.

    subset: a configuration of EleutherAI/lambada_openai (`default`, `en`, `de`, ...); its test split is used.
    Paperno et al. 2016, arXiv:1606.06031, asked as an instruction, as openai/evals does: not comparable with scores
    of plain continuation.
    """

    scores_without_calls = True

    def __init__(self, completion_fns: Sequence[Any], subset: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        if len(completion_fns) != 1:
            raise UsageError(f"Lambada takes one completion function, got {len(completion_fns)}")
        self.subset = subset
        self.samples_jsonl = f"hf://EleutherAI/lambada_openai?name={quote(subset)}&split=test"

    def check_sample(self, sample: Any) -> None:
        split_last_word(sample)

    def first_prompt(self, sample: Any) -> Prompt:
        context, _ = split_last_word(sample)
        return f"Which word comes next? Reply with that word alone.\n\n{context}"

    def ideal_completions(self, sample: Any) -> list[str]:
        return [split_last_word(sample)[1]]

    async def eval_sample(self, sample: Any, rng: Random) -> None:
        prompt = self.first_prompt(sample)
        completion = await self.complete(prompt, temperature=0.0, max_tokens=8)
        record_and_check_match(prompt=prompt, sampled=completion, expected=split_last_word(sample)[1])

    def new_report(self) -> Report:
        return MatchReport()


def split_last_word(sample: Any) -> tuple[str, str]:
    """The passage without its last word, single-spaced, and that word.

    Raises:
        BadSample: no `text`, or fewer than two words in it.
    """
    require(sample, "text")
    words = sample["text"].split() if isinstance(sample["text"], str) else []
    if len(words) < 2:
        raise BadSample("'text' is no passage of two words or more", sample, fix="leave the row out")
    return " ".join(words[:-1]), words[-1]
