"""Finds random completions that two runs took from the same cache."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Any, NamedTuple

from evals.comparison.content_hash import content_hash
from evals.comparison.scores import RunScores
from evals.record.reader import read_record


class Draw(NamedTuple):
    """The reply to one call, and how it can be recognised."""

    text: int
    "Hash of the completions and of the model's name."
    latency_s: float | None
    "Seconds that the original call took, whichever run made it; None if unknown."
    is_hot: bool
    "From the cache, and drawn at a temperature above 0."


def count_shared_draws(a: RunScores, b: RunScores) -> int:
    """The number of calls in which both runs used the same draw at a temperature above 0.

    A cached completion keeps the time that its call once took, so two equal texts with different times were drawn
    twice. Scoring a run's completions again (`evals score`) means to share them, and is not counted.
    """
    if a.n_hot_cached == 0 and b.n_hot_cached == 0:
        return 0
    there = dict(_draws(a.path))
    return sum(call in there and _is_shared(draw, there[call]) for call, draw in _draws(b.path))


def _is_shared(one: Draw, other: Draw) -> bool:
    if one.text != other.text or not (one.is_hot or other.is_hot):
        return False
    return one.latency_s is None or other.latency_s is None or one.latency_s == other.latency_s


def _draws(path: str) -> Iterator[tuple[int, Draw]]:
    """(hash of sample, prompt and how often it was sent before, reply) of each call: as the cache tells draws apart."""
    for sample in read_record(path).samples():
        n_before: collections.Counter[int] = collections.Counter()
        for data in sample.data("sampling"):
            if isinstance(data, dict) and not (data.get("request") or {}).get("replayed"):
                prompt = content_hash(data.get("prompt"))
                yield content_hash([prompt, sample.sample_id, sample.repeat, n_before[prompt]]), _draw(data)
                n_before[prompt] += 1


def _draw(data: dict[str, Any]) -> Draw:
    text = content_hash([data.get("sampled"), data.get("model")])
    return Draw(text, data.get("cached_latency_s", data.get("latency_s")), bool(data.get("cached_at_temperature")))
