"""Metrics of a run from its events: streaming means with their uncertainty, and the functions of openai/evals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from evals.engine.context import current_plan
from evals.record.recorders import Event
from evals.report_keys import defined as defined
from evals.report_keys import metric_keys
from evals.stats.intervals import mean_of
from evals.stats.moments import Moments

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from evals.stats.estimate import Estimate


class Report(Protocol):
    """The report of a run, built while samples finish. The result must not depend on their order."""

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        """Add the events of one finished sample."""

    def as_dict(self) -> dict[str, Any]:
        """The final report so far."""


class Mean:
    """The mean of one number for each sample, added up while samples finish, in any order.

    Repeats of a sample are averaged first, so n counts samples, and the standard error is that over samples (clusters
    of equal size: Miller 2024, arXiv:2411.00640, section 2.2). NaN stands for what is not defined.
    Where the run's plan names clusters, error and interval are those of `evals.stats.standard_error` over clusters.
    repeats: values that each sample will have; the run's plan says it unless it is given. name: of the metric, by which
    the plan says whether it reaches beyond [0, 1]; without one the scores that come decide.
    """

    def __init__(self, repeats: int | None = None, *, name: str | None = None) -> None:
        plan = current_plan()
        self._repeats = repeats if repeats is not None else plan.repeats if plan is not None else 1
        self._cluster_of = plan.cluster_of if plan is not None else None
        self._open: dict[str, list[float]] = {}
        self._beyond_unit = plan is not None and name in plan.beyond_unit
        self._closed = Moments(beyond_unit=self._beyond_unit)
        self._kept: dict[str, float] = {}
        "The means of closed samples, where there are clusters."
        self.n_values = 0

    def add(self, sample_id: str, value: float) -> None:
        """Add one value of a sample: its score in one evaluation."""
        self.n_values += 1
        if self._repeats == 1:
            self._close(sample_id, float(value))
            return
        values = self._open.setdefault(sample_id, [])
        values.append(float(value))
        if len(values) == self._repeats:
            self._close(sample_id, mean_of(self._open.pop(sample_id)))

    def merge(self, other: Mean) -> None:
        """Add the samples of `other`, none of which may be among those of this mean. Exact, so order does not count."""
        self.n_values += other.n_values
        self._closed.merge(other._closed)
        self._open.update(other._open)
        self._kept.update(other._kept)

    def _close(self, sample_id: str, value: float) -> None:
        self._closed.add(value)
        if self._cluster_of is not None:
            self._kept[sample_id] = value

    @property
    def moments(self) -> Moments:
        """Of the samples' means, including those of samples whose repeats are not complete yet."""
        return self._closed.with_values(map(mean_of, self._open.values())) if self._open else self._closed

    @property
    def n(self) -> int:
        """Number of samples with at least one value."""
        return self._closed.n + len(self._open)

    @property
    def mean(self) -> float:
        """What `mean_of` gives for the samples, to the last bit. NaN without samples."""
        return self.moments.mean

    @property
    def variance(self) -> float:
        """Sample variance over samples (ddof = 1); NaN for fewer than two."""
        return self.moments.variance

    @property
    def stderr(self) -> float:
        """Standard error of the mean; NaN for fewer than two samples or clusters, which show no spread."""
        clustered = self.clustered()
        return self.moments.stderr if clustered is None else clustered.stderr

    @property
    def ci95(self) -> tuple[float, float]:
        """The 95 % interval, which lies in [0, 1] where all samples do: by Wilson, or Wilson with the effective n.

        Scores beyond [0, 1]: Student's t.
        """
        clustered = self.clustered()
        return self.moments.ci95 if clustered is None else (clustered.interval.low, clustered.interval.high)

    @property
    def method(self) -> str:
        """How `ci95` is made: `wilson`, `effective wilson`, `student t`, `clustered t (CR2)`."""
        clustered = self.clustered()
        return self.moments.method if clustered is None else clustered.method

    def clustered_samples(self) -> list[tuple[float, Hashable]]:
        """(mean, cluster) of each sample; empty unless the run's plan names clusters."""
        clusters = self._cluster_of
        if clusters is None:
            return []
        values = {**self._kept, **{name: mean_of(values) for name, values in self._open.items()}}
        return [(value, clusters.get(name, name)) for name, value in values.items()]

    def clustered(self) -> Estimate | None:
        """The estimate over clusters; None where the plan names none. It loads numpy."""
        samples = self.clustered_samples()
        if not samples:
            return None
        from evals.stats.means import estimate

        values, clusters = zip(*samples, strict=True)
        return estimate(values, clusters, beyond_unit=self._beyond_unit)

    @property
    def bootstrap_std(self) -> float:
        """The quantity that `get_bootstrap_accuracy_std` of openai/evals estimates, in closed form."""
        return half_sample_std(self.n, self.variance)


def half_sample_std(n: int, variance: float) -> float:
    """Standard deviation of the mean of a random half, drawn without replacement, of n values.

    openai/evals draws 1,000 such halves with an unseeded generator; this is what that converges to:
    sqrt(s^2 / m * (1 - m / n)) with m = n // 2 (Cochran 1977, theorem 2.2). NaN for fewer than two values.
    """
    m = n // 2
    return math.sqrt(variance / m * (1 - m / n)) if m else math.nan


def report_keys(name: str, mean: Mean) -> dict[str, Any]:
    """`name` with `_stderr`, `_ci95` and `_method`, `n`, and `n_clusters` where there are some. None: not defined."""
    clustered = mean.clustered()
    if clustered is None:
        return metric_keys(name, mean.mean, mean.stderr, mean.ci95, mean.n, mean.method)
    ends = (clustered.interval.low, clustered.interval.high)
    keys = metric_keys(name, mean.mean, clustered.stderr, ends, clustered.n, clustered.method)
    return keys if clustered.n_clusters == clustered.n else {**keys, "n_clusters": clustered.n_clusters}


def with_keys(report: dict[str, Any], name: str, mean: Mean) -> dict[str, Any]:
    """`report` with the `report_keys` of one more metric: `name_n` where its n is not that of the report."""
    keys = report_keys(name, mean)
    own: dict[str, Any] = {key: keys.pop(key) for key in ("n", "n_clusters") if key in keys}
    if "n" not in report:
        return {**report, **keys, **own}
    if own["n"] != report["n"]:
        keys.update({f"{name}_{key}": value for key, value in own.items()})
    return {**report, **keys}


class MatchReport:
    """Accuracy over samples with `match` events, and `unparsed`, the rate of unreadable completions, if events tell.

    Several matches of one evaluation are averaged first: they are one score.

    bootstrap_keys: the names under which openai/evals reports the spread of the class.
    """

    def __init__(self, *bootstrap_keys: str) -> None:
        self.accuracy = Mean(name="accuracy")
        self._bootstrap_keys = bootstrap_keys
        self._unparsed: Mean | None = None
        self._n_decided: Counter[str] = Counter()

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        matches = [event.data for event in events if event.type == "match"]
        self._n_decided.update(match["decided_by"] for match in matches if "decided_by" in match)
        if matches:
            self.accuracy.add(sample_id, mean_of([float(match["correct"]) for match in matches]))
        unparsed = [float(not match["parsed"]) for match in matches if "parsed" in match]
        if unparsed:
            self._unparsed = self._unparsed or Mean()
            self._unparsed.add(sample_id, mean_of(unparsed))

    def merge(self, other: MatchReport) -> None:
        """Add the samples of another report of the same eval."""
        self.accuracy.merge(other.accuracy)
        self._n_decided.update(other._n_decided)
        if other._unparsed is not None:
            self._unparsed = self._unparsed or Mean(repeats=1)
            self._unparsed.merge(other._unparsed)

    def as_dict(self) -> dict[str, Any]:
        report = report_keys("accuracy", self.accuracy)
        report.update(dict.fromkeys(self._bootstrap_keys, defined(self.accuracy.bootstrap_std)))
        if self._unparsed is not None:
            report = with_keys(report, "unparsed", self._unparsed)
        decided = {f"n_decided_by_{by.replace(' ', '_')}": count for by, count in sorted(self._n_decided.items())}
        return {**report, **decided}


class MetricsReport:
    """The mean of each named key of `metrics` events over samples; `others` adds keys that are no plain means.

    Several values of one evaluation are averaged first.
    """

    def __init__(self, *names: str, others: Callable[[], dict[str, Any]] | None = None) -> None:
        self.means = {name: Mean(name=name) for name in names}
        self._others = others

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        found = [event.data for event in events if event.type == "metrics"]
        for name, mean in self.means.items():
            values = [float(data[name]) for data in found if data.get(name) is not None]
            if values:
                mean.add(sample_id, mean_of(values))

    def merge(self, other: MetricsReport) -> None:
        """Add the samples of another report of the same eval."""
        for name, mean in self.means.items():
            mean.merge(other.means[name])

    def as_dict(self) -> dict[str, Any]:
        report: dict[str, Any] = {}
        for name, mean in self.means.items():
            report = with_keys(report, name, mean)
        return report | (self._others() if self._others is not None else {})


def get_accuracy(events: Sequence[Event]) -> float:
    """Share of `match` events that are correct; NaN for none."""
    return sum(int(event.data["correct"]) for event in events) / len(events) if events else math.nan


def get_bootstrap_accuracy_std(events: Sequence[Event], num_samples: int = 1000) -> float:
    """Spread of the accuracy of random halves, in closed form: the same at every call. NaN for one event.

    num_samples is accepted for plug-ins: a closed form draws nothing.
    """
    n = len(events)
    p = get_accuracy(events)
    return half_sample_std(n, p * (1 - p) * n / (n - 1)) if n > 1 else math.nan


def get_confusion_matrix(matches: Sequence[Event], class_labels: Collection[Any] | None = None) -> NDArray[numpy.int_]:
    """Counts by expected label (rows) and picked label (columns; the last one is "none of them").

    Raises:
        ValueError: an expected label that is not among `class_labels`.
    """
    import numpy as np

    seen = {match.data["expected"] for match in matches}
    if class_labels is not None and not seen <= set(class_labels):
        raise ValueError(f"labels {sorted(map(str, seen - set(class_labels)))} are not among class_labels")
    labels = {label: i for i, label in enumerate(sorted(seen) if class_labels is None else class_labels)}
    counts = np.zeros((len(labels), len(labels) + 1), dtype=int)
    for match in matches:
        counts[labels[match.data["expected"]], labels.get(match.data["picked"], len(labels))] += 1
    return counts


def compute_matthew_corr(confusion_matrix: NDArray[Any]) -> float:
    """Matthews correlation of a 2 x 3 matrix; picks outside both labels count as the first label.

    Matthews 1975, BBA 405:442.
    """
    if confusion_matrix.shape != (2, 3):
        raise ValueError(f"needs the 2 x 3 matrix of two labels, got shape {confusion_matrix.shape}")
    r = confusion_matrix[:, :2].astype(float)
    r[:, 0] += confusion_matrix[:, 2]
    margins = r[1, :].sum() * r[0, :].sum() * r[:, 0].sum() * r[:, 1].sum()
    return float((r[1, 1] * r[0, 0] - r[1, 0] * r[0, 1]) / math.sqrt(margins)) if margins else math.nan


def compute_precision(confusion_matrix: NDArray[Any], idx: int = 0) -> float:
    """Of those picked as label `idx`, the share that is; NaN when it was never picked."""
    return _ratio(confusion_matrix[idx, idx], confusion_matrix[:, idx].sum())


def compute_recall(confusion_matrix: NDArray[Any], idx: int = 0) -> float:
    """Of those that are label `idx`, the share picked as such; NaN when there are none."""
    return _ratio(confusion_matrix[idx, idx], confusion_matrix[idx, :].sum())


def compute_f_score(confusion_matrix: NDArray[Any], idx: int = 0, beta: float = 1.0) -> float:
    """F-beta of label `idx`: (1 + b^2) P R / (b^2 P + R). van Rijsbergen 1979."""
    precision, recall = compute_precision(confusion_matrix, idx), compute_recall(confusion_matrix, idx)
    return _ratio((1 + beta**2) * precision * recall, beta**2 * precision + recall)


def compute_averaged_f_score(confusion_matrix: NDArray[Any], beta: float = 1.0, average: str = "macro") -> float:
    """The plain mean of all labels' F-beta."""
    if average != "macro":
        raise ValueError(f"only the average 'macro' is known, got {average!r}")
    scores = [compute_f_score(confusion_matrix, idx, beta) for idx in range(confusion_matrix.shape[0])]
    return math.fsum(scores) / len(scores)


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator else math.nan
