"""Reads a record into arrays, one number a sample: what comparisons and gates are made of."""

from __future__ import annotations

import collections
import hashlib
import math
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evals.comparison.facts import RunFacts, facts_of
from evals.errors import DataError, UsageError, did_you_mean, listed
from evals.record.reader import Record, read_record
from evals.record.sample_record import SampleRecord
from evals.sample import LABEL_KEYS, id_order
from evals.stats.arrays import Array, Codes

CLUSTER_KEY = "cluster"
GROUP_KEYS = tuple(key for key in LABEL_KEYS if key != CLUSTER_KEY)

DEFAULT_METRICS = ("correct", "score", "accuracy")
"What a sample's score is where no metric is named: the first of these that its record has."

_TAGS = frozenset(LABEL_KEYS)
_LABELS = frozenset({*LABEL_KEYS, "id"})


@dataclass(frozen=True)
class Labels:
    """One label of every sample: codes into `names`, -1 where a sample has none."""

    names: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True)
class RunScores:
    """One run as arrays in the order of sample ids: row i is the sample `sample_ids[i]`, its repeats averaged.

    Nothing here depends on the order in which samples finished.

    Only samples with a score are rows; what became of the others is counted.
    """

    path: str
    facts: RunFacts
    metric: str
    "`correct` for matches, else a key of `metrics` events."
    sample_ids: tuple[str, ...]
    scores: Array
    n_repeats: Codes
    "Scored evaluations of each sample."
    within_variance: Array
    "Variance of a sample's repeats (ddof 1); NaN where it was evaluated once."
    labels: Mapping[str, Labels]
    "Groups by key (category, subject, ...), as far as the samples carry them."
    clusters: Labels | None
    "Samples that share a passage or a template; None where none is labelled."
    prompt_hashes: Codes
    "Of what was sent first for each sample; 0 where no call was recorded."
    row_hashes: Codes
    "Of the dataset's row without its labels; 0 where it was not recorded, as most evals do not."
    question_hashes: Codes
    "Of the last message that was sent first, with the expected answer: what is known of an unrecorded row."
    n_unscored: int
    "Samples that finished without a number for the metric."
    errors: Mapping[str, int]
    "Failed evaluations by type; they are not scored."
    failed_ids: frozenset[str]
    "Samples of which every evaluation failed."
    n_unparsed: int
    "Evaluations whose completion held no answer that could be read."
    models: Mapping[str, int]
    "Names that the servers gave, with the number of calls."
    n_hot_cached: int
    "Calls answered by the cache with a completion drawn at a temperature above 0."
    metrics: tuple[str, ...] = field(default=())
    "All names that could be asked for."

    @property
    def n(self) -> int:
        return len(self.sample_ids)

    @property
    def n_errors(self) -> int:
        return sum(self.errors.values())

    @property
    def mean(self) -> float:
        return float(self.scores.mean()) if self.n else math.nan

    def cluster_codes(self) -> Codes | None:
        """A cluster number for each sample; those without a label are clusters of their own."""
        if self.clusters is None:
            return None
        codes, n_named = self.clusters.codes, len(self.clusters.names)
        return np.where(codes >= 0, codes, n_named + np.arange(self.n))


def read_scores(path: str | Path, metric: str | None = None) -> RunScores:
    """The scores of a record, whole or torn, ours or openai/evals' own.

    metric: `correct` (also `accuracy` where only matches were recorded), or any number in `metrics` events; without
    it, the first of `DEFAULT_METRICS` that the record has. Several matches of one evaluation are averaged.

    Raises:
        DataError: no such file, or no record.
        UsageError: no sample has the metric.
    """
    log = read_record(path)
    reader = _Reader(metric)
    for sample in log.samples():
        reader.add(sample)
    name = reader.chosen()
    if name is None:
        raise _no_metric(log, metric, reader)
    if metric is None and name not in DEFAULT_METRICS:
        return read_scores(path, name)
    return reader.finished(log, name)


def _no_metric(log: Record, metric: str | None, reader: _Reader) -> DataError | UsageError:
    where, names = str(log.path), sorted(reader.names)
    if not reader.rows and not reader.errors:
        return DataError("the record holds no finished sample", where=where, fix="run it to its end: --resume")
    if metric is not None:
        seen = f"metrics: {listed(names, 12)}" if names else "no sample recorded a number"
        return UsageError(
            f"no sample has the metric '{metric}'", where=where, notes=[did_you_mean(metric, names), seen]
        )
    if not names:
        return DataError("no sample of this record has a score", where=where, fix=f"see: evals view {where}")
    return UsageError(
        "the record has several metrics and none of the usual ones",
        where=where,
        notes=[f"metrics: {listed(names, 12)}"],
        fix=f"choose one: --metric {names[0]}",
    )


class _Values:
    """Every value of one metric with the row of its sample, in the order in which samples finished."""

    def __init__(self) -> None:
        self.rows, self.values = array("q"), array("d")

    def add(self, row: int, value: float) -> None:
        self.rows.append(row)
        self.values.append(value)

    def means(self) -> tuple[Codes, Array, Codes, Array]:
        """(rows, mean, number, variance with ddof 1) of the samples that have a value; whatever the order of `add`.

        Values are added up smallest first, as distances from the smallest, so that equal ones have just that mean.
        """
        rows, values = np.asarray(self.rows, dtype=np.int64), np.asarray(self.values, dtype=np.float64)
        order = np.lexsort((values, rows))
        rows, values = rows[order], values[order]
        found, starts, counts = np.unique(rows, return_index=True, return_counts=True)
        smallest = values[starts]
        means = smallest + np.add.reduceat(values - np.repeat(smallest, counts), starts) / counts
        squares = np.add.reduceat((values - np.repeat(means, counts)) ** 2, starts)
        variance = np.divide(squares, counts - 1, out=np.full(len(found), np.nan), where=counts > 1)
        return found, means, counts.astype(np.int64), variance


class _Codes:
    """One label of every sample while a record is read."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.codes = array("q")

    def add(self, row: int, value: Any) -> None:
        while len(self.codes) <= row:
            self.codes.append(-1)
        self.codes[row] = self.names.setdefault(str(value), len(self.names))

    def labels(self, n_rows: int, kept: Codes) -> Labels:
        """The labels of the rows `kept`, names sorted: which sample finished first leaves no trace."""
        names = sorted(self.names)
        number = {self.names[name]: i for i, name in enumerate(names)}
        renumbered = np.array([*(number[i] for i in range(len(names))), -1], dtype=np.int64)
        codes = np.full(n_rows, -1, dtype=np.int64)
        codes[: len(self.codes)] = self.codes
        return Labels(tuple(names), renumbered[codes[kept]])


class _Reader:
    """Takes in samples one by one and keeps numbers only."""

    def __init__(self, metric: str | None) -> None:
        self.metric = metric
        self.rows: dict[str, int] = {}
        self.names: set[str] = set()
        self.errors: collections.Counter[str] = collections.Counter()
        self._failed: set[str] = set()
        self._values: dict[str, _Values] = {}
        self._labels: dict[str, _Codes] = {}
        self._prompts, self._rows, self._questions = array("q"), array("q"), array("q")
        self._hashed_repeats = array("q")
        self._models: collections.Counter[str] = collections.Counter()
        self._n_unparsed = self._n_hot = 0

    def add(self, sample: SampleRecord) -> None:
        if sample.error is not None:
            self.errors[str(sample.error.get("type") or "error")] += 1
            self._failed.add(sample.sample_id)
            return
        row = self.rows.get(sample.sample_id)
        if row is None:
            row = self.rows[sample.sample_id] = len(self.rows)
            for hashes in (self._prompts, self._rows, self._questions, self._hashed_repeats):
                hashes.append(0)
            self._take_row(row, sample)
        elif sample.repeat < self._hashed_repeats[row]:
            self._take_row(row, sample)
        values: dict[str, list[float]] = {}
        for event in sample.events:
            data = event.data
            if not isinstance(data, dict):
                continue
            if event.type == "sampling":
                self._add_call(data)
            elif event.type == "match" or event.type == "metrics":
                self._n_unparsed += data.get("parsed") is False
                for name, value in _numbers(event.type, data):
                    values.setdefault(name, []).append(value)
        self._add_values(row, values)

    def _add_values(self, row: int, values: Mapping[str, list[float]]) -> None:
        self.names.update(values)
        for name, found in values.items():
            if self._is_wanted(name):
                value = found[0] if len(found) == 1 else math.fsum(found) / len(found)
                self._values.setdefault(name, _Values()).add(row, value)

    def _is_wanted(self, name: str) -> bool:
        if self.metric is None:
            return name in DEFAULT_METRICS
        return name == self.metric or _is_accuracy(self.metric, name)

    def _take_row(self, row: int, sample: SampleRecord) -> None:
        """Hashes and labels of a sample are those of its first repeat, whichever finished first."""
        prompt = raw = expected = None
        for event in sample.events:
            if event.type == "raw_sample" and raw is None:
                raw = event.data
            elif event.type == "sampling" and prompt is None and isinstance(event.data, dict):
                prompt = event.data.get("prompt")
            elif event.type == "match" and isinstance(event.data, dict):
                expected = event.data.get("expected")
        self._hashed_repeats[row] = sample.repeat
        self._prompts[row] = 0 if prompt is None else content_hash(prompt)
        self._rows[row] = 0 if raw is None else row_hash(raw)
        last = prompt[-1] if isinstance(prompt, list) and prompt else prompt
        self._questions[row] = 0 if prompt is None else content_hash([last, expected])
        self._add_labels(row, raw if isinstance(raw, dict) else {}, sample.labels)

    def _add_labels(self, row: int, raw: Mapping[str, Any], labels: Mapping[str, Any]) -> None:
        """Labels of the record, else of the dataset's row: openai/evals records no labels."""
        for key in _TAGS & (raw.keys() | labels.keys()):
            value = labels.get(key, raw.get(key))
            if isinstance(value, str | int):
                self._labels.setdefault(key, _Codes()).add(row, value)

    def _add_call(self, data: dict[str, Any]) -> None:
        model = data.get("model")
        if model:
            self._models[str(model)] += 1
        self._n_hot += bool(data.get("cached_at_temperature"))

    def chosen(self) -> str | None:
        """The metric that is compared; None where the record does not have it, or has several and none usual."""
        if self.metric is not None:
            wanted = [self.metric, "correct"] if _is_accuracy(self.metric, "correct") else [self.metric]
        else:
            wanted = [*DEFAULT_METRICS] + (list(self.names) if len(self.names) == 1 else [])
        return next((name for name in wanted if name in self.names), None)

    def finished(self, log: Record, name: str) -> RunScores:
        found, means, counts, within = self._values[name].means()
        ids, n_rows = list(self.rows), len(self.rows)
        order = np.array(sorted(range(len(found)), key=lambda i: id_order(ids[found[i]])), dtype=np.int64)
        kept: Codes = found[order]
        labels = {key: self._labels[key].labels(n_rows, kept) for key in LABEL_KEYS if key in self._labels}
        return RunScores(
            path=str(log.path),
            facts=facts_of(log),
            metric=name,
            sample_ids=tuple(ids[row] for row in kept),
            scores=means[order],
            n_repeats=counts[order],
            within_variance=within[order],
            labels={key: labels[key] for key in labels if key != CLUSTER_KEY},
            clusters=labels.get(CLUSTER_KEY),
            prompt_hashes=np.asarray(self._prompts, dtype=np.int64)[kept],
            row_hashes=np.asarray(self._rows, dtype=np.int64)[kept],
            question_hashes=np.asarray(self._questions, dtype=np.int64)[kept],
            n_unscored=n_rows - len(kept),
            errors=most_common(self.errors),
            failed_ids=frozenset(self._failed - self.rows.keys()),
            n_unparsed=self._n_unparsed,
            models=most_common(self._models),
            n_hot_cached=self._n_hot,
            metrics=tuple(sorted(self.names)),
        )


def _is_accuracy(metric: str | None, name: str) -> bool:
    return metric == "accuracy" and name == "correct"


def _numbers(type: str, data: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The metrics of one event: every number of `metrics`, and `correct` with other numbers of a match."""
    for name, value in data.items():
        if isinstance(value, bool):
            if type == "metrics" or name == "correct":
                yield name, float(value)
        elif isinstance(value, int | float) and math.isfinite(value):
            yield name, float(value)


def most_common(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts, largest first; equal ones by name, not by which came first."""
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def content_hash(value: Any) -> int:
    """64 bits that tell parsed prompts and rows apart; never 0.

    `repr` is three times as fast as JSON, and most of the time goes here; an object's own keys are put in order.
    """
    if isinstance(value, dict):
        value = sorted(value.items())
    text = value if isinstance(value, str) else repr(value)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


def row_hash(row: Any) -> int:
    """`content_hash` of a dataset's row without its labels: a new category is no new question."""
    if isinstance(row, dict) and not _LABELS.isdisjoint(row):
        row = {key: value for key, value in row.items() if key not in _LABELS}
    return content_hash(row)
