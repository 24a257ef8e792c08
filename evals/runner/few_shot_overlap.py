"""Samples that stand among the few-shot examples of their own eval, or nearly do, in sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from evals.errors import listed
from evals.eval import Eval

MAX_ROWS = 5
LOOKED_AT = 1000
"Rows that a run looks at: reading and comparing one takes 20 us. `evals check` looks at all."


def few_shot_warnings(evaluation: Eval, samples: Sequence[Any], indices: Iterable[int]) -> list[str]:
    """A sentence on samples that are few-shot examples too, and one on near copies; none where there are none."""
    overlap = _overlap_of(evaluation)
    if overlap is None:
        return []
    rows: dict[str | None, list[int]] = defaultdict(list)
    for index in indices:
        rows[overlap(samples[index])].append(index + 1)
    return [text for text in (_same(rows["same"]), _near(rows["near"])) if text]


def _overlap_of(evaluation: Eval) -> Callable[[Any], str | None] | None:
    """The eval's `few_shot_overlap`; None if it has none, or has one for another `eval_sample`: see `hook_of`.

    None too if there are no examples: then rows need not be read again.
    """
    if not getattr(evaluation, "few_shot", getattr(evaluation, "num_few_shot", True)):
        return None
    for cls in type(evaluation).__mro__:
        if "few_shot_overlap" in vars(cls):
            found: Callable[[Any], str | None] = getattr(evaluation, "few_shot_overlap")  # noqa: B009
            return found
        if "eval_sample" in vars(cls):
            break
    return None


def _same(rows: list[int]) -> str:
    if not rows:
        return ""
    what = "1 sample is" if len(rows) == 1 else f"{len(rows)} samples are"
    return f"{what} among the few-shot examples too (rows {listed(rows, MAX_ROWS)}): each is left out of its own prompt"


def _near(rows: list[int]) -> str:
    if not rows:
        return ""
    what = "1 sample is nearly the same as" if len(rows) == 1 else f"{len(rows)} samples are nearly the same as"
    return f"{what} a few-shot example (rows {listed(rows, MAX_ROWS)}): the prompt may give the answer away"
