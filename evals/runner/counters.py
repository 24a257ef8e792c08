"""Counts a run while it goes on: samples done and failed, the running score, tokens, cost."""

from __future__ import annotations

import collections
from collections.abc import Callable, Sequence
from typing import Any

from evals.engine.samples import NullObserver, Observer, WorkItem
from evals.metrics import Mean
from evals.record.recorders import Event
from evals.record.scores import is_finite, n_unparsed, score_of


class RunCounters:
    """An observer that counts what it sees, and passes it on to another observer.

    Sums are exact (whole numbers, scores without rounding), so they do not depend on the order of samples. `n_total`,
    `n_before` (done by an earlier run), `n_finished`, `n_errors`: evaluations, each repeat on its own. `n_unparsed`:
    completions without a readable answer. `usage`: tokens by the provider's name of the count.
    """

    def __init__(self, inner: Observer) -> None:
        self._inner = inner
        self.n_total = 0
        self.n_before = 0
        self.n_finished = 0
        self.n_unparsed = 0
        self.errors: collections.Counter[str] = collections.Counter()
        "Failed evaluations by type of error."
        self.first_error = ""
        "The message of the first sample that failed."
        self.usage: collections.Counter[str] = collections.Counter()
        self.models: collections.Counter[str] = collections.Counter()
        "Calls by the name that the server gave its model."
        self.scores = Mean(repeats=1)
        "The scores of the finished evaluations, each repeat on its own."
        # Dollars as whole numbers of 1e-12: float sums would depend on the order of samples.
        self._pico_usd = 0
        self._n_priced = 0
        self._n_sampled = 0

    @property
    def n_errors(self) -> int:
        return sum(self.errors.values())

    @property
    def error_kinds(self) -> str:
        """The four most frequent types of error with their counts: `timed out 3, rate limit 1`."""
        kinds = sorted(self.errors.items(), key=lambda one: (-one[1], one[0]))
        return ", ".join(f"{kind} {count}" for kind, count in kinds[:4])

    @property
    def cost_usd(self) -> float | None:
        """Cost of the finished samples in dollars; None if the price of any call is not known."""
        return self._pico_usd / 1e12 if self._n_priced and self._n_priced == self._n_sampled else None

    def started(self, n_items: int, n_done_before: int) -> None:
        self.n_total += n_items
        self.n_before += n_done_before
        self._tell(lambda: self._inner.started(n_items, n_done_before))

    def finished(self, item: WorkItem, events: Sequence[Event]) -> None:
        self.n_finished += 1
        self.add_finished(events)
        self._tell(lambda: self._inner.finished(item, events))

    def failed(self, item: WorkItem, error: dict[str, Any]) -> None:
        self.add_failed(error)
        self._tell(lambda: self._inner.failed(item, error))

    def _tell(self, news: Callable[[], None]) -> None:
        """Tell the inner observer, until it cannot print any more: a closed terminal or pipe must not end a run."""
        try:
            news()
        except OSError:
            self._inner = NullObserver()

    def add_failed(self, error: dict[str, Any]) -> None:
        """Count a sample that failed. error: the data of its `error` event."""
        self.errors[str(error.get("type", "error"))] += 1
        self.first_error = self.first_error or str(error.get("message", ""))

    def add_finished(self, events: Sequence[Event]) -> None:
        """Add the calls and the score of a finished evaluation, of this run or of the one that it resumes."""
        for event in events:
            if not isinstance(event.data, dict):
                continue
            if event.type == "sampling" or (event.type == "cond_logp" and "usage" in event.data):
                self._add_call(event.data)
        self.n_unparsed += n_unparsed(events)
        score = score_of(events)
        if score is not None:
            self.scores.add("", score)

    def _add_call(self, data: dict[str, Any]) -> None:
        self._n_sampled += 1
        if data.get("model"):
            self.models[str(data["model"])] += 1
        cost = data.get("cost_usd")
        if isinstance(cost, int | float) and is_finite(cost):
            self._n_priced += 1
            self._pico_usd += round(cost * 1e12)
        for key, value in flat_usage(data.get("usage")):
            self.usage[key] += value

    def usage_keys(self, report: dict[str, Any]) -> dict[str, int]:
        """`usage_<key>` sums for the final report, without keys that `report` has already: those are the eval's own."""
        keys = {f"usage_{key}": total for key, total in sorted(self.usage.items())}
        return {key: total for key, total in keys.items() if key not in report}


def flat_usage(usage: Any, prefix: str = "") -> list[tuple[str, int]]:
    """The token counts of a provider's usage object as (name, count); inner objects join their names with `_`.

    Inner counts of 0 are left out. Anything else than an object gives an empty list.
    """
    if not isinstance(usage, dict):
        return []
    counts: list[tuple[str, int]] = []
    for key, value in usage.items():
        if isinstance(value, int) and not isinstance(value, bool):
            counts.append((f"{prefix}{key}", value))
        elif isinstance(value, dict):
            counts.extend((name, count) for name, count in flat_usage(value, f"{prefix}{key}_") if count)
    return counts
