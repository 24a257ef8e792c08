"""Samples that stand among the few-shot examples of their own eval, or nearly do, in sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from evals.errors import listed
from evals.eval import Eval, hook_of

MAX_ROWS = 5


def few_shot_warnings(evaluation: Eval, samples: Sequence[Any], indices: Iterable[int]) -> list[str]:
    """A sentence on samples that are few-shot examples too, and one on near copies; none where there are none."""
    overlap = hook_of(evaluation, "few_shot_overlap")
    if getattr(overlap, "__func__", None) is Eval.few_shot_overlap or not hasattr(overlap, "__func__"):
        return []
    rows: dict[str | None, list[int]] = defaultdict(list)
    for index in indices:
        rows[overlap(samples[index])].append(index + 1)
    return [text for text in (_same(rows["same"]), _near(rows["near"])) if text]


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
