"""Few-shot examples: reads solved samples from a file, and puts them into a prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evals.chat import is_chat_prompt
from evals.completion import ChatPrompt
from evals.data import open_samples
from evals.datasets.row_fields import RowFields
from evals.errors import BadSample
from evals.sample import Sample
from evals.suite.samples.example_pool import Example, ExamplePool, solved_messages, until_enough
from evals.suite.samples.ideals import accepted
from evals.suite.samples.messages import CHAT_EXAMPLE, problem_of_messages

SAMPLE_EXAMPLE = 'write {"sample": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}'


def read_examples(path: str | Path, num_few_shot: int | None, example_of: Callable[[Sample], Example]) -> ExamplePool:
    """The first `num_few_shot` rows of a file as examples, and others for where one of them is asked; None: all rows.

    path: a file of any form that samples may have, or a folder of JSON lines. example_of: the example in a row, an
    object of which `sample`, if there is one, is a list of messages. The file may have fewer rows; evals say so before
    the first call (`few_shot_doubts`).

    Raises:
        BadSample: a row is not an object, or its `sample` is not a list of messages; whatever `example_of` raises.
        DataError: the file cannot be read.
    """
    made = (example_of(_checked(row)) for row in open_samples(path))
    return ExamplePool(list(until_enough(made, num_few_shot, lambda example: example.solved.question)), num_few_shot)


def _checked(row: Sample) -> Sample:
    if not is_chat_prompt(row.get("sample", [])):
        raise BadSample("a few-shot example needs a list of messages as 'sample'", row, fix=SAMPLE_EXAMPLE)
    problem = problem_of_messages(row["sample"], "sample") if "sample" in row else None
    if problem is not None:
        raise BadSample(problem, row, fix=CHAT_EXAMPLE)
    return row


def example_of_sample(row: Mapping[str, Any], fields: RowFields | None = None) -> Example:
    """The example in a row: the messages under `sample`, else its `input` with its first `ideal` as the reply.

    fields: which columns hold `input` and `ideal`, as for the samples themselves.

    Raises:
        BadSample: there is neither a `sample` nor an `input` with an `ideal`.
    """
    if "sample" in row:
        messages: ChatPrompt = row["sample"]
        return Example(messages, solved_messages(messages))
    sample = fields.fitted(row) if fields is not None and isinstance(row, Sample) else row
    if "input" not in sample or not accepted(sample):
        what = "a few-shot example needs 'sample', a list of messages, or 'input' and 'ideal'"
        raise BadSample(what, row, fix=SAMPLE_EXAMPLE)
    asked = sample["input"]
    question = [{"role": "user", "content": asked}] if isinstance(asked, str) else list(asked)
    messages = [*question, {"role": "assistant", "content": accepted(sample)[0]}]
    return Example(messages, solved_messages(messages))


def insert_few_shot(prompt: Any, messages: ChatPrompt) -> Any:
    """The chat `prompt` with `messages` before its last message; `prompt` itself if there are no messages.

    Raises:
        BadSample: there are messages, and the prompt is not a list of messages.
    """
    if not messages:
        return prompt
    if not is_chat_prompt(prompt) or not prompt:
        raise BadSample(
            "few-shot examples need an 'input' that is a list of messages",
            fix='write it as [{"role": "user", "content": "..."}]',
        )
    return [*prompt[:-1], *messages, prompt[-1]]
