"""Few-shot examples: rows of solved samples, and their place in a prompt."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.chat import is_chat_prompt
from evals.completion import ChatPrompt
from evals.data import iter_jsonls
from evals.errors import BadSample

logger = logging.getLogger(__name__)


def read_few_shot(path: str | Path, num_few_shot: int | None = None) -> list[dict[str, Any]]:
    """The first `num_few_shot` rows of a file of examples, all of them without a number.

    Fewer rows than asked for are a warning, as old evals may have it so.

    Raises:
        BadSample: a row that is no object, or whose `sample` is no list of messages.
    """
    rows = list(itertools.islice(iter_jsonls(path), num_few_shot))
    for line, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not is_chat_prompt(row.get("sample", [])):
            raise BadSample("a few-shot example needs a list of messages as 'sample'", row, where=f"{path}:{line}")
    if num_few_shot is not None and len(rows) < num_few_shot:
        logger.warning("%s few-shot examples asked for, %s has %s", num_few_shot, path, len(rows))
    return rows


def sample_messages(rows: Sequence[Mapping[str, Any]]) -> ChatPrompt:
    """The messages under `sample` of all rows, one after the other."""
    return [message for row in rows for message in row["sample"]]


def insert_few_shot(prompt: Any, messages: ChatPrompt) -> Any:
    """The chat `prompt` with `messages` right before its last one; the prompt itself where there are none.

    Raises:
        BadSample: there are examples, and the prompt is no list of messages.
    """
    if not messages:
        return prompt
    if not is_chat_prompt(prompt) or not prompt:
        raise BadSample(
            "few-shot examples need an 'input' that is a list of messages",
            fix='write it as [{"role": "user", "content": "..."}]',
        )
    return [*prompt[:-1], *messages, prompt[-1]]
