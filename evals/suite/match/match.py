"""Match: the completion must begin with an accepted answer."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from evals.completion import Prompt
from evals.errors import BadSample, UsageError
from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.record.current import record_match
from evals.sample import Sample
from evals.suite.one_model import require_one
from evals.suite.samples.doubts import Doubt, few_shot_doubts, ideal_doubts, prompt_doubts
from evals.suite.samples.example_pool import ExamplePool, solved_prompt
from evals.suite.samples.few_shot import example_of_sample, insert_few_shot, read_examples
from evals.suite.samples.ideals import accepted, require


def find_match(completion: str, options: Sequence[str], separator: Callable[[str], bool] | None = None) -> str | None:
    """The first option that `completion` starts with; None if it starts with no option.

    Nothing is stripped, and upper and lower case differ. separator: must be true of the character right after the
    option, unless the completion ends there.
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
    """The option that `sampled` begins with (None for none), after recording a `match` event.

    options: the texts that may be picked; by default the expected answers. separator: as for `find_match`.
    `prompt` is not used; openai/evals has it in the signature.
    match: `correct`, whether the picked option is an expected answer; `expected`; `picked`; `sampled`; `options`.
    """
    answers = [expected] if isinstance(expected, str) else list(expected)
    choices = answers if options is None else list(options)
    picked = find_match(sampled, choices, separator)
    record_match(picked in answers, expected=answers, picked=picked, sampled=sampled, options=choices)
    return picked


class Match(StreamedEval):
    """Right if the completion begins with one of the sample's ideal answers, letter for letter.

    num_few_shot: how many rows of the file `few_shot_jsonl` are put before the last message of each prompt. A row
    has a list of messages as `sample`, or `input` and `ideal` as samples have. Where it is the row that is asked, the
    next one is taken. max_tokens: kept for plug-ins, and not sent, as in openai/evals.

    Raises:
        UsageError: not exactly one completion function, or `num_few_shot` without `few_shot_jsonl`.
        BadSample: a row of `few_shot_jsonl` has neither `sample` nor `input` and `ideal`.
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
        require_one(self, completion_fns)
        self.samples_jsonl = samples_jsonl
        self.max_tokens = max_tokens
        self.num_few_shot = num_few_shot
        self.few_shot_jsonl = few_shot_jsonl
        self.few_shot = self._read_few_shot() if num_few_shot > 0 else ExamplePool()

    def _read_few_shot(self) -> ExamplePool:
        if self.few_shot_jsonl is None:
            raise UsageError(
                f"num_few_shot is {self.num_few_shot}, but few_shot_jsonl is not set",
                fix="name the file of few-shot examples as few_shot_jsonl in the eval's args",
            )
        path, fields = self._prefix_registry_path(self.few_shot_jsonl), self.row_fields
        return read_examples(path, self.num_few_shot, lambda row: example_of_sample(row, fields))

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has an `input`, and an `ideal` that is a text or a list of texts.

        With few-shot examples, `input` must be a list of messages. An empty list of ideal answers, and an empty text,
        are doubts (`doubtful_sample`): errors before a run, except in entries of openai/evals form.
        """
        require(sample, "input", "ideal")
        accepted(sample, may_be_none=True)
        try:
            self.first_prompt(sample)
        except BadSample as error:
            raise BadSample(error.what, sample, fix=error.fix) from None

    def first_prompt(self, sample: Sample) -> Prompt:
        """The sample's `input`, with the few-shot examples before its last message; never the sample itself.

        Raises:
            BadSample: there are few-shot examples, and `input` is not a list of messages.
        """
        asked = [solved_prompt(sample["input"])] if self.few_shot else []
        prompt: Prompt = insert_few_shot(sample["input"], self.few_shot.messages_for(asked))
        return prompt

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """Doubts about the row's `input` and `ideal`."""
        return itertools.chain(prompt_doubts(sample["input"]), ideal_doubts(sample))

    def doubtful_setup(self) -> Iterator[Doubt]:
        """A doubt about a few-shot file that is too short."""
        return few_shot_doubts(self.num_few_shot, len(self.few_shot), self.few_shot_jsonl)

    def few_shot_overlap(self, sample: Sample) -> str | None:
        """`same` if the sample is one of the few-shot examples, `near` if it is nearly one, else None."""
        return self.few_shot.overlap([solved_prompt(sample["input"], accepted(sample, may_be_none=True))])

    async def eval_sample(self, sample: Sample, rng: random.Random) -> str | None:
        """Send the prompt at temperature 0, record a `match` event, and return the answer that was picked.

        The event is that of `record_and_check_match`. No `max_tokens` is sent.

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        self.check_sample(sample)
        prompt = self.first_prompt(sample)
        completion = await self.complete(prompt, temperature=0.0)
        return record_and_check_match(prompt, completion, accepted(sample, may_be_none=True))

    def new_report(self) -> Report:
        """An empty report: `accuracy` with standard error and interval, and `boostrap_std`."""
        return MatchReport("boostrap_std")
