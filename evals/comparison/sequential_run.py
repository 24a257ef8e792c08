"""Ends a run as soon as its difference to a baseline is settled, by a test that is valid after every sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.comparison.baseline import Baseline, find_baseline
from evals.comparison.gate_conditions import refuse_other_direction
from evals.comparison.scores import read_scores
from evals.engine.sample_order import sample_order
from evals.engine.samples import WorkItem
from evals.errors import SettledEarly, UsageError
from evals.record.recorders import Event
from evals.record.scores import score_of
from evals.runner.prepare import PreparedRun
from evals.runner.run import RunObserver
from evals.sample import sample_id
from evals.stats.sequential import BettingSequence, Decision


@dataclass(frozen=True)
class SequentialOutcome:
    """The outcome of a sequential run. Differences are this run minus the baseline."""

    decision: Decision
    n_used: int
    "Samples that the decision was made with."
    n_planned: int
    difference: float
    low: float
    high: float
    alpha: float
    delta: float
    n_calls_saved: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the final report, under its key `sequential`."""
        return {
            "decision": self.decision.value,
            "n_used": self.n_used,
            "n_planned": self.n_planned,
            "difference": self.difference,
            "interval": [self.low, self.high],
            "confidence": 1 - self.alpha,
            "delta": self.delta,
            "samples_saved": self.n_calls_saved,
        }


class SequentialRule:
    """An observer that ends a run when the test has decided (`evals.stats.sequential.BettingSequence`).

    Samples count in the run's shuffled order, not in the order in which they finish. Otherwise quick samples would
    count first, and the same run could stop at different samples.

    place: a baseline, a folder of baselines, or a record. alpha: the error rate. delta: a difference below it counts as
    none, as a fraction. The scores are those of the baseline's metric.
    """

    def __init__(self, inner: RunObserver, place: Path, *, alpha: float, delta: float) -> None:
        self._inner = inner
        self._place = place
        self._delta = delta
        self._sequence = BettingSequence(alpha)
        self._order: list[str] = []
        self._next = 0
        self._waiting: dict[str, float | None] = {}
        self._baseline: dict[str, float] = {}
        self._metric: str | None = None
        self._decision = Decision.UNDECIDED
        self._n_finished = 0

    def prepare(self, prepared: PreparedRun) -> None:
        """Read the baseline and the order of the samples. Call it before the run begins.

        Raises:
            UsageError: the run has repeats or no dataset, or the baseline has other data or clustered samples.
            DataError: there is no baseline.
        """
        n_samples = prepared.preflight.n_samples
        if n_samples is None or prepared.request.repeats > 1:
            raise UsageError("--sequential needs an eval with a dataset, and --repeats 1")
        name = str(prepared.eval_spec.key)
        baseline = against(self._place, name)
        refuse_other_direction(baseline, higher_is_better=prepared.higher_is_better, run=name)
        data = prepared.preflight.data_sha256
        if baseline.data_sha256 is not None and data is not None and baseline.data_sha256 != data:
            raise UsageError(
                "the baseline was made from other data", where=baseline.where, fix="make it again, or use that data"
            )
        if baseline.clusters is not None and len(set(baseline.clusters)) < len(baseline.clusters):
            raise UsageError(
                "--sequential cannot be used with clustered samples, because they depend on one another",
                fix="run all samples, and use `evals gate` or `evals compare`",
            )
        sign = 1.0 if baseline.higher_is_better else -1.0
        self._sign = sign
        self._metric = baseline.metric
        self._baseline = dict(zip(baseline.sample_ids, map(float, baseline.scores), strict=True))
        order = sample_order(n_samples, prepared.request.max_samples)
        self._order = [sample_id(name, index) for index in order]

    def watch(self, counters: Any, counts: Any) -> None:
        self._inner.watch(counters, counts)

    def started(self, n_items: int, n_done_before: int) -> None:
        self._inner.started(n_items, n_done_before)

    def failed(self, item: WorkItem, error: dict[str, Any]) -> None:
        self._inner.failed(item, error)
        self._take(item.sample_id, None)

    def moved(self, n_finished: int, n_failed: int) -> None:
        self._inner.moved(n_finished, n_failed)

    def finished(self, item: WorkItem, events: Sequence[Event]) -> None:
        self._inner.finished(item, events)
        self._take(item.sample_id, score_of(events, self._metric))

    def _take(self, name: str, score: float | None) -> None:
        self._n_finished += 1
        self._waiting[name] = score
        while self._next < len(self._order) and self._order[self._next] in self._waiting:
            self._see(self._order[self._next])
            self._next += 1

    def _see(self, name: str) -> None:
        score, before = self._waiting.pop(name), self._baseline.get(name)
        if self._decision is not Decision.UNDECIDED or score is None or before is None:
            return
        self._sequence.update(self._sign * (score - before))
        self._decision = self._sequence.decision(self._delta)
        if self._decision is not Decision.UNDECIDED:
            raise SettledEarly("the comparison is settled")

    def outcome(self) -> SequentialOutcome:
        """The outcome so far."""
        interval = self._sequence.interval
        return SequentialOutcome(
            decision=self._decision,
            n_used=self._sequence.n,
            n_planned=len(self._order),
            difference=self._sequence.mean,
            low=interval.low,
            high=interval.high,
            alpha=self._sequence.alpha,
            delta=self._delta,
            n_calls_saved=max(0, len(self._order) - self._n_finished),
        )


def against(place: Path, eval_name: str) -> Baseline:
    """The baseline in a file or a folder, or the scores of a record (`.jsonl`) as a baseline."""
    return Baseline.of(read_scores(place)) if place.suffix == ".jsonl" else find_baseline(place, eval_name)
