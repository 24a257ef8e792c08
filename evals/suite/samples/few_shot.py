"""Few-shot examples: reads solved samples from a file, and puts them into a prompt."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.chat import is_chat_prompt
from evals.completion import ChatPrompt
from evals.data import iter_jsonls
from evals.errors import BadSample
from evals.suite.samples.messages import CHAT_EXAMPLE, problem_of_messages


def read_few_shot(path: str | Path, num_few_shot: int | None = None) -> list[dict[str, Any]]:
    """The first `num_few_shot` rows of a file of few-shot examples; all rows if the number is None.

    The file may have fewer rows; evals say so before the first call (`few_shot_doubts`).

    Raises:
        BadSample: a row is not an object, or its `sample` is not a list of messages.
        DataError: the file cannot be read.
    """
    rows = list(itertools.islice(iter_jsonls(path), num_few_shot))
    for line, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not is_chat_prompt(row.get("sample", [])):
            raise BadSample("a few-shot example needs a list of messages as 'sample'", row, where=f"{path}:{line}")
        problem = problem_of_messages(row["sample"], "sample") if "sample" in row else None
        if problem is not None:
            raise BadSample(problem, row, where=f"{path}:{line}", fix=CHAT_EXAMPLE)
    return rows


def sample_messages(rows: Sequence[Mapping[str, Any]]) -> ChatPrompt:
    """The messages under `sample` of all rows, in order."""
    return [message for row in rows for message in row["sample"]]


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
