"""Doubts about a row: what openai/evals takes and nobody means, as an ideal answer that every completion matches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Doubt:
    """A doubt about a row or an argument. The same problem has the same `what`, so that rows can be counted."""

    what: str
    fix: str
    where: str | None = None
    "Where it is not the row itself."
    is_legal: bool = False
    "True for what may be meant: a warning in every entry."


def ideal_doubts(sample: Any) -> Iterator[Doubt]:
    """Doubts about `ideal`: an empty list, which nothing matches, and an empty text, which everything matches."""
    ideal = sample["ideal"]
    if ideal == []:
        yield Doubt("'ideal' is an empty list, so that every completion is wrong", "add at least one accepted answer")
    for answer in ideal if isinstance(ideal, list) else [ideal]:
        if isinstance(answer, str) and not answer.strip():
            yield Doubt("'ideal' holds an empty text, which every completion matches", "write the accepted answer")
            return


def prompt_doubts(prompt: Any) -> Iterator[Doubt]:
    """A doubt about a text, or a list of messages, that says nothing."""
    if isinstance(prompt, str):
        is_empty = not prompt.strip()
    else:
        is_empty = isinstance(prompt, list) and bool(prompt) and all(map(_says_nothing, prompt))
    if is_empty:
        yield Doubt("the prompt is empty", "write the question as 'input'")


def _says_nothing(message: Any) -> bool:
    if not isinstance(message, dict):
        return False
    content = message.get("content")
    if isinstance(content, list):
        return all(isinstance(part, dict) and part.get("type") == "text" and not part.get("text") for part in content)
    return isinstance(content, str) and not content.strip()


def option_doubts(options: Sequence[str], right: Sequence[int]) -> Iterator[Doubt]:
    """Doubts about options: only one, blank ones, and equal ones. right: the indices of right options.

    Options that are equal and all right, or all wrong, are a doubt that `is_legal`: published data has some.
    """
    if len(options) < 2:
        yield Doubt("there is only one option, so that every choice is right", "add the wrong options")
    if any(not option.strip() for option in options):
        yield Doubt("an option is blank", "write every option, or leave it out")
    wrong = [option for index, option in enumerate(options) if index not in right]
    if not wrong and len(options) > 1:
        yield Doubt("every option is right", "add a wrong option")
    elif any(options[index] in wrong for index in right):
        yield Doubt("a wrong option is equal to the right one", "change one of the two")
    elif len(set(options)) < len(options):
        yield Doubt("two options are equal", "change one of the two", is_legal=True)


def few_shot_doubts(n_asked: int, n_found: int, path: object) -> Iterator[Doubt]:
    """A doubt about a file of few-shot examples with fewer rows than asked for."""
    if n_found < n_asked:
        rows = "1 row" if n_found == 1 else f"{n_found} rows"
        yield Doubt(
            f"num_few_shot is {n_asked}, and few_shot_jsonl has {rows}", "add rows, or lower num_few_shot", str(path)
        )
