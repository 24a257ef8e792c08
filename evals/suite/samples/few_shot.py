"""Few-shot examples: reads solved samples from a file, and puts them into a prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evals.chat import is_chat_prompt
from evals.completion import ChatPrompt
from evals.data import iter_jsonls
from evals.errors import BadSample
from evals.suite.samples.example_pool import Example, ExamplePool, solved_messages, until_enough
from evals.suite.samples.ideals import require
from evals.suite.samples.messages import CHAT_EXAMPLE, problem_of_messages


def read_examples(
    path: str | Path, num_few_shot: int | None, example_of: Callable[[dict[str, Any]], Example]
) -> ExamplePool:
    """The first `num_few_shot` rows of a file as examples, and others for where one of them is asked; None: all rows.

    example_of: the example in a row, an object of which `sample`, if there is one, is a list of messages.
    The file may have fewer rows; evals say so before the first call (`few_shot_doubts`).

    Raises:
        BadSample: a row is not an object, or its `sample` is not a list of messages; whatever `example_of` raises.
        DataError: the file cannot be read.
    """
    made = (example_of(_checked(row, f"{path}:{line}")) for line, row in enumerate(iter_jsonls(path), start=1))
    return ExamplePool(list(until_enough(made, num_few_shot, lambda example: example.solved.question)), num_few_shot)


def _checked(row: Any, where: str) -> dict[str, Any]:
    if not isinstance(row, dict) or not is_chat_prompt(row.get("sample", [])):
        raise BadSample("a few-shot example needs a list of messages as 'sample'", row, where=where)
    problem = problem_of_messages(row["sample"], "sample") if "sample" in row else None
    if problem is not None:
        raise BadSample(problem, row, where=where, fix=CHAT_EXAMPLE)
    return row


def example_of_sample(row: Mapping[str, Any]) -> Example:
    """The example in a row whose messages stand under `sample`.

    Raises:
        BadSample: there is no `sample`.
    """
    require(row, "sample")
    messages: ChatPrompt = row["sample"]
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
