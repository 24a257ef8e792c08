"""Finds completions that two runs took from one cache although they were drawn by chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evals.comparison.scores import RunScores, content_hash
from evals.run_log import read_log


@dataclass(frozen=True)
class Draw:
    """One recorded call: which one it was, what came back, and when it was drawn."""

    call: int
    "Hash of sample, repeat, number of the call, prompt."
    text: int
    "Hash of the completions and of the model's name."
    latency_s: float | None
    "Of the original call, whoever made it."
    cached_above_0: bool


def count_shared_draws(a: RunScores, b: RunScores) -> int:
    """Calls of both runs that are one and the same draw at a temperature above 0.

    A cached completion keeps the time that its call once took, so two equal texts with different times were drawn
    twice. Scoring one run's completions again (`evals score`) is no second draw either, and is not counted.
    """
    if a.n_hot_cached == 0 and b.n_hot_cached == 0:
        return 0
    hot, other = (a, b) if a.n_hot_cached else (b, a)
    n_shared = sum(_same(draw, there) for draw, there in _pairs(hot.path, other.path) if draw.cached_above_0)
    if other.n_hot_cached:
        n_shared += sum(_same(draw, there) and not there.cached_above_0 for draw, there in _pairs(other.path, hot.path) if draw.cached_above_0)
    return n_shared


def _pairs(path: str, other: str) -> Iterator[tuple[Draw, Draw]]:
    known = {draw.call: draw for draw in _draws(path) if draw.cached_above_0}
    for draw in _draws(other):
        if draw.call in known:
            yield known[draw.call], draw


def _same(one: Draw, other: Draw) -> bool:
    if one.text != other.text:
        return False
    if one.latency_s is None or other.latency_s is None:
        return True
    return one.latency_s == other.latency_s


def _draws(path: str) -> Iterator[Draw]:
    for sample in read_log(path).samples():
        for number, data in enumerate(sample.data("sampling")):
            if isinstance(data, dict) and not (data.get("request") or {}).get("replayed"):
                yield _draw([sample.sample_id, sample.repeat, number, data.get("prompt")], data)


def _draw(call: list[Any], data: dict[str, Any]) -> Draw:
    return Draw(
        call=content_hash(call),
        text=content_hash([data.get("sampled"), data.get("model")]),
        latency_s=data.get("cached_latency_s", data.get("latency_s")),
        cached_above_0=bool(data.get("cached_at_temperature")),
    )
