"""Checks of a sample: required fields, an input that can be sent, and accepted answers that are texts."""

from __future__ import annotations

from typing import Any

from evals.errors import BadSample
from evals.json_text import dumps
from evals.suite.samples.messages import CHAT_EXAMPLE, problem_of_messages

_MISSING = {
    "input": "add 'input', or name the column that holds it among the eval's args: input_key: question",
    "ideal": "add the accepted answer as 'ideal', or a list of them, or name its column: ideal_key: answer",
}


def require(sample: Any, *keys: str) -> None:
    """Raise BadSample unless `sample` is an object with these keys.

    If `input` is one of them, it must be a text, a list of messages that can be sent (a role that servers know, and a
    content), or a list of texts or token numbers, which the completions endpoint takes.

    Raises:
        BadSample: names the first key that is missing, and the keys that were found.
    """
    if not isinstance(sample, dict):
        raise BadSample(f"a sample must be an object, got {type(sample).__name__}", sample)
    for key in keys:
        if key not in sample:
            raise BadSample(f"no {key!r}", sample, fix=_MISSING.get(key, f"add {key!r}"))
        if key == "input":
            _check_input(sample)


def _check_input(sample: dict[str, Any]) -> None:
    """Raise BadSample unless `input` is a text, a list of messages, or a list for the completions endpoint."""
    prompt = sample["input"]
    if isinstance(prompt, str):
        return
    if not isinstance(prompt, list):
        raise BadSample(
            f"'input' is {dumps(prompt)[:40]}, neither a text nor a list of messages", sample, fix=CHAT_EXAMPLE
        )
    problem = problem_of_messages(prompt)
    if problem is not None:
        raise BadSample(problem, sample, fix=CHAT_EXAMPLE)


def accepted(sample: Any, may_be_none: bool = False) -> list[str]:
    """The accepted answers of `sample`: its `ideal` as a list.

    may_be_none: allow an empty list, which makes every completion wrong; some classes of openai/evals allow it.

    Raises:
        BadSample: `ideal` is missing, is empty, or contains something that is not a text.
    """
    require(sample, "ideal")
    ideal = sample["ideal"]
    answers = ideal if isinstance(ideal, list) else [ideal]
    if not answers and not may_be_none:
        raise BadSample("'ideal' is an empty list", sample, fix="add at least one accepted answer")
    for answer in answers:
        if not isinstance(answer, str):
            raise BadSample(f"'ideal' holds {dumps(answer)[:40]}, which is not a text", sample, fix=_quoted(answer))
    return answers


def _quoted(answer: Any) -> str:
    if isinstance(answer, bool):
        word = "Yes" if answer else "No"
        return f'put it in quotes: "{word}" (YAML reads a bare {word} as a boolean)'
    if answer is None or isinstance(answer, list | dict):
        return "write the accepted answer as a text, or a list of texts"
    return f'put it in quotes: "{answer}"'
