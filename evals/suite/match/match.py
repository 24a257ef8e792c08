"""Match: the completion must begin with an accepted answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from evals.completion import Prompt
from evals.errors import BadSample, UsageError
from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.record.current import record_match
from evals.sample import Sample
from evals.suite.samples.few_shot import insert_few_shot, read_few_shot, sample_messages
from evals.suite.samples.ideals import accepted, require


def find_match(completion: str, options: Sequence[str], separator: Callable[[str], bool] | None = None) -> str | None:
    """The first option that `completion` starts with, as it stands: no stripping, no folding; None without.

    separator: must hold for the character right after the option, unless the completion ends there.
    """
    for option in options:
        if not completion.startswith(option):
            continue
        rest = completion[len(option) :]
        if separator is None or not rest or separator(rest[0]):
            return option
    return None


def record_and_check_match(
    prompt: Any,
    sampled: str,
    expected: str | Sequence[str],
    separator: Callable[[str], bool] | None = None,
    options: Sequence[str] | None = None,
) -> str | None:
    """Record whether `sampled` begins with an expected answer, and return the option that it begins with.

    options: what may be picked; the expected answers when it is not given. `prompt` is not looked at.
    """
    answers = [expected] if isinstance(expected, str) else list(expected)
    choices = answers if options is None else list(options)
    picked = find_match(sampled, choices, separator)
    record_match(picked in answers, expected=answers, picked=picked, sampled=sampled, options=choices)
    return picked


class Match(StreamedEval):
    """The completion must begin with one of the sample's ideal answers, to the letter.

    num_few_shot, few_shot_jsonl: solved samples put before the last message of each prompt. max_tokens is
    kept for plug-ins and not sent, as in openai/evals.
    """

    scores_without_calls = True

    def __init__(
        self,
        completion_fns: Sequence[Any],
        samples_jsonl: str,
        *args: Any,
        max_tokens: int = 500,
        num_few_shot: int = 0,
        few_shot_jsonl: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        if len(completion_fns) != 1:
            raise UsageError(f"{type(self).__name__} takes one completion function, got {len(completion_fns)}")
        self.samples_jsonl = samples_jsonl
        self.max_tokens = max_tokens
        self.num_few_shot = num_few_shot
        self.few_shot_jsonl = few_shot_jsonl
        self.few_shot = self._read_few_shot() if num_few_shot > 0 else []

    def _read_few_shot(self) -> list[dict[str, Any]]:
        if self.few_shot_jsonl is None:
            raise UsageError(
                f"num_few_shot is {self.num_few_shot} and no file is named", fix="set few_shot_jsonl in the eval's args"
            )
        rows = read_few_shot(self._prefix_registry_path(self.few_shot_jsonl), self.num_few_shot)
        for row in rows:
            require(row, "sample")
        return rows

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless there are `input` and `ideal`, and a chat where examples are to go into it."""
        require(sample, "input", "ideal")
        accepted(sample, may_be_none=True)
        try:
            self.first_prompt(sample)
        except BadSample as error:
            raise BadSample(error.what, sample, fix=error.fix) from None

    def first_prompt(self, sample: Sample) -> Prompt:
        prompt: Prompt = insert_few_shot(sample["input"], sample_messages(self.few_shot))
        return prompt

    async def eval_sample(self, sample: Sample, rng: random.Random) -> str | None:
        self.check_sample(sample)
        prompt = self.first_prompt(sample)
        completion = await self.complete(prompt, temperature=0.0)
        return record_and_check_match(prompt, completion, accepted(sample, may_be_none=True))

    def new_report(self) -> Report:
        return MatchReport("boostrap_std")
