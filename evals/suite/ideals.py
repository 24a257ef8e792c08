"""What a sample must hold: fields that are there, and accepted answers that are texts."""

from __future__ import annotations

from typing import Any

from evals.errors import BadSample


def require(sample: Any, *keys: str) -> None:
    """Raise BadSample unless `sample` is an object with these keys.

    Raises:
        BadSample: names the first key that is missing, and the keys that were found.
    """
    if not isinstance(sample, dict):
        raise BadSample(f"a sample must be an object, got {type(sample).__name__}", sample)
    for key in keys:
        if key not in sample:
            fix = "add the accepted answer as 'ideal', or a list of them" if key == "ideal" else f"add {key!r}"
            raise BadSample(f"no {key!r}", sample, fix=fix)


def accepted(sample: Any, may_be_none: bool = False) -> list[str]:
    """The accepted answers of `sample`: its `ideal`, as a list.

    may_be_none: an empty list is an answer that no completion can give, as openai/evals has it where it can.

    Raises:
        BadSample: `ideal` is missing, empty, or holds something that is no text.
    """
    require(sample, "ideal")
    ideal = sample["ideal"]
    answers = ideal if isinstance(ideal, list) else [ideal]
    if not answers and not may_be_none:
        raise BadSample("'ideal' is an empty list", sample, fix="add at least one accepted answer")
    for answer in answers:
        if not isinstance(answer, str):
            raise BadSample(f"'ideal' holds {answer!r}, which is no text", sample, fix=_quoted(answer))
    return answers


def _quoted(answer: Any) -> str:
    if isinstance(answer, bool):
        word = "Yes" if answer else "No"
        return f'put it in quotes: "{word}" (YAML reads a bare {word} as a boolean)'
    return f'put it in quotes: "{answer}"'
