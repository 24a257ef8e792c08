"""Lambada: the model must name the last word of a passage from the text before it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any
from urllib.parse import quote

from evals.completion import Prompt
from evals.errors import BadSample
from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.suite.match.match import record_and_check_match
from evals.suite.one_model import require_one
from evals.suite.samples.ideals import require


class Lambada(StreamedEval):
    """Right if the completion begins with the last word of the passage, letter for letter.

    subset: a configuration of EleutherAI/lambada_openai (`default`, `en`, `de`, ...). The test split is used.
    Paperno et al. 2016, arXiv:1606.06031. The question is asked as an instruction, as in openai/evals. Scores are
    not comparable with those of models that continue the passage.

    Raises:
        UsageError: not exactly one completion function.
    """

    scores_without_calls = True
    reads_beginning = True

    def __init__(self, completion_fns: Sequence[Any], subset: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        self.subset = subset
        self.samples_jsonl = f"hf://EleutherAI/lambada_openai?name={quote(subset)}&split=test"

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has a `text` of two words or more."""
        split_last_word(sample)

    def first_prompt(self, sample: Any) -> Prompt:
        """The instruction, a blank line, and the passage without its last word.

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        context, _ = split_last_word(sample)
        return f"Which word comes next? Reply with that word alone.\n\n{context}"

    def ideal_completions(self, sample: Any) -> list[str]:
        """The last word of the passage."""
        return [split_last_word(sample)[1]]

    async def eval_sample(self, sample: Any, rng: Random) -> None:
        """Send the prompt at temperature 0 with 8 tokens; record a `match` event as `record_and_check_match` does.

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        prompt = self.first_prompt(sample)
        completion = await self.complete(prompt, temperature=0.0, max_tokens=8)
        record_and_check_match(prompt=prompt, sampled=completion, expected=split_last_word(sample)[1])

    def new_report(self) -> Report:
        """An empty report: `accuracy` with standard error and interval."""
        return MatchReport()


def split_last_word(sample: Any) -> tuple[str, str]:
    """The passage without its last word, with single spaces between words; and that last word.

    Raises:
        BadSample: the row has no `text`, or the text has fewer than two words.
    """
    require(sample, "text")
    words = sample["text"].split() if isinstance(sample["text"], str) else []
    if len(words) < 2:
        raise BadSample("'text' is not a passage of two words or more", sample, fix="leave the row out")
    return " ".join(words[:-1]), words[-1]
