"""Reads a record into arrays with a row for each sample: score, repeats, labels. Failures are counted."""

from __future__ import annotations

import collections
import functools
from array import array
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from evals.errors import DataError, UsageError, did_you_mean, listed
from evals.record.metric_ranges import recorded_beyond_unit
from evals.record.reader import Record, read_record
from evals.record.sample_record import SampleRecord
from evals.record.scores import SCORE_NAMES, numbers_in, recorded_name, report_name, scored_data, unparsed_in
from evals.sample import CLUSTER_KEY, IMAGES_KEY, LABEL_KEYS, WITHOUT_IMAGES, id_order
from evals.stats.arrays import Array, Codes
from evals.stats.intervals import mean_of

_LABEL_KEYS = frozenset(LABEL_KEYS)
_GROUP_KEYS = (*LABEL_KEYS, IMAGES_KEY)


@dataclass(frozen=True)
class Labels:
    """One label of every sample: codes into `names`, -1 where a sample has none."""

    names: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True)
class ScoreArrays:
    """One run as arrays in the order of sample ids: row i is the sample `sample_ids[i]`, its repeats averaged.

    Nothing here depends on the order in which samples finished. Only samples with a score are rows; what became of the
    others is counted. Arrays have shape (n,).
    """

    path: str
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
    n_unscored: int
    "Samples that finished without a number for the metric."
    errors: Mapping[str, int]
    "Failed evaluations by type; they are not scored."
    failed_ids: frozenset[str]
    "Samples of which every evaluation failed."
    n_unparsed: int
    "Completions that held no answer which could be read."
    metrics: tuple[str, ...]
    "All names that could be asked for."
    names: tuple[str, ...]
    "What people call the samples of `sample_ids`: the rows' own ids where they have some, else the same."
    beyond_unit: bool
    "The eval declares that the metric reaches beyond [0, 1], also where these scores do not."

    @property
    def n(self) -> int:
        return len(self.sample_ids)

    @property
    def n_errors(self) -> int:
        return sum(self.errors.values())

    @functools.cached_property
    def mean(self) -> float:
        """The mean score, equal to the last bit to what the run itself reports. NaN without samples."""
        return mean_of(self.scores.tolist())

    def cluster_codes(self) -> Codes | None:
        """A cluster number for each sample; those without a label are clusters of their own."""
        if self.clusters is None:
            return None
        codes, n_named = self.clusters.codes, len(self.clusters.names)
        return np.where(codes >= 0, codes, n_named + np.arange(self.n))


class SampleReader(Protocol):
    """Takes in the finished evaluations of a record beside their scores."""

    def add(self, sample: SampleRecord, row: int, *, leads: bool) -> None:
        """row: that of the sample, counted from 0 as samples finished. leads: no earlier repeat has been seen."""


class _Nothing:
    def add(self, sample: SampleRecord, row: int, *, leads: bool) -> None:
        pass


def read_score_arrays(path: str | Path, metric: str | None = None) -> ScoreArrays:
    """The scores of a record, whole or torn, ours or openai/evals' own.

    metric: `correct` (also `accuracy` where only matches were recorded), or any number in `metrics` events; without
    it the first of `SCORE_NAMES` that the record has, else its only number. Several matches of one evaluation are
    averaged.

    Raises:
        DataError: no such file, no record, or no sample of it has a score.
        UsageError: no sample has the metric, or none is named and there are several odd ones.
    """
    return read_beside(path, metric, _Nothing)[1]


_Beside = TypeVar("_Beside", bound=SampleReader)


def read_beside(
    path: str | Path, metric: str | None, beside: Callable[[], _Beside], *, all_may_fail: bool = False
) -> tuple[Record, ScoreArrays, Codes, _Beside]:
    """The record, its score arrays, for each of their rows the `row` under which `beside()` saw its sample, and that.

    all_may_fail: a record of which every sample failed gives arrays without samples.

    Raises:
        DataError, UsageError: as `read_score_arrays`.
    """
    readers = _Reader(metric), beside()
    record = read_record(path, _taker(*readers))
    if not record.gave_all:
        readers = _Reader(metric), beside()
        take = _taker(*readers)
        for sample in record.samples():
            take(sample)
    name = readers[0].chosen()
    if name is None and all_may_fail and readers[0].errors and not readers[0].rows:
        name = metric or SCORE_NAMES[0]
    if name is None:
        raise _no_metric(record, metric, readers[0])
    if metric is None and name not in SCORE_NAMES:  # the only one of the record, whose values were not kept
        return read_beside(path, name, beside)
    arrays, kept = readers[0].arrays(str(record.path), name, recorded_beyond_unit(record.spec))
    return record, arrays, kept, readers[1]


def _taker(scores: _Reader, other: SampleReader) -> Callable[[SampleRecord], None]:
    add, add_to_other = scores.add, other.add

    def take(sample: SampleRecord) -> None:
        if sample.error is not None:
            scores.add_failed(sample)
            return
        row, leads = add(sample)
        add_to_other(sample, row, leads=leads)

    return take


def _no_metric(record: Record, metric: str | None, reader: _Reader) -> DataError | UsageError:
    where, names = str(record.path), sorted(reader.names)
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
        """(rows, mean, number, variance with ddof 1) of the samples that have a value; whatever the order of `add`."""
        rows, values = np.asarray(self.rows, dtype=np.int64), np.asarray(self.values, dtype=np.float64)
        order = np.lexsort((values, rows))
        rows, values = rows[order], values[order]
        found, starts, counts = np.unique(rows, return_index=True, return_counts=True)
        means = values[starts]
        for i in np.flatnonzero(counts > 1).tolist():
            means[i] = mean_of(values[starts[i] : starts[i] + counts[i]].tolist())
        squares = np.add.reduceat((values - np.repeat(means, counts)) ** 2, starts)
        variance = np.divide(squares, counts - 1, out=np.full(len(found), np.nan), where=counts > 1)
        return found, means, counts.astype(np.int64), variance


class _Codes:
    """One label of every sample while a record is read."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.codes = array("q")

    def add(self, row: int, value: str) -> None:
        code = self.names.setdefault(value, len(self.names))
        if row == len(self.codes):  # as a rule each row has the label, in the order of rows
            self.codes.append(code)
            return
        while len(self.codes) <= row:
            self.codes.append(-1)
        self.codes[row] = code

    def fill(self, n_rows: int, value: str) -> None:
        """Give every row without the label this value."""
        code = self.names.setdefault(value, len(self.names))
        self.codes = array("q", [one if one >= 0 else code for one in self.codes])
        self.codes.extend([code] * (n_rows - len(self.codes)))

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
        self.errors: collections.Counter[str] = collections.Counter()
        self._failed: set[str] = set()
        self._values: dict[str, _Values] = {}
        self._wanted: dict[str, bool] = {}
        "By the name of a number: whether its values are kept."
        self._labels: collections.defaultdict[str, _Codes] = collections.defaultdict(_Codes)
        self._first_repeats = array("q")
        self._n_unparsed = 0
        self._own_ids: dict[str, str] = {}
        "By sample id; empty where rows have no ids of their own."

    def add_failed(self, sample: SampleRecord) -> None:
        assert sample.error is not None
        self.errors[str(sample.error.get("type") or "error")] += 1
        self._failed.add(sample.sample_id)

    def add(self, sample: SampleRecord) -> tuple[int, bool]:
        """Take in a finished evaluation; the row of its sample, and whether no earlier repeat was seen before."""
        row = self.rows.setdefault(sample.sample_id, len(self.rows))
        leads = row == len(self._first_repeats)
        if leads:
            self._first_repeats.append(sample.repeat)
            if sample.own_id is not None:
                self._own_ids[sample.sample_id] = sample.own_id
        elif sample.repeat < self._first_repeats[row]:
            self._first_repeats[row], leads = sample.repeat, True
        if leads:
            self._add_labels(row, sample)
        scored = scored_data(sample.events)
        self._n_unparsed += unparsed_in(scored)
        for name, found in numbers_in(scored).items():
            if name not in self._wanted:
                self._add_name(name)
            if self._wanted[name]:
                self._values[name].add(row, found[0] if len(found) == 1 else mean_of(found))
        return row, leads

    @property
    def names(self) -> Collection[str]:
        """The names of all numbers that were recorded."""
        return self._wanted.keys()

    def _add_name(self, name: str) -> None:
        usual = name in SCORE_NAMES
        self._wanted[name] = usual if self.metric is None else recorded_name((name,), self.metric) is not None
        self._values[name] = _Values()

    def _add_labels(self, row: int, sample: SampleRecord) -> None:
        """Labels of the record, else of the dataset's row: openai/evals records no labels."""
        labels, raw = sample.labels, sample.raw_sample
        for key, value in ({**raw, **labels} if raw else labels).items():
            if key in _LABEL_KEYS and isinstance(value, (str, int)):
                self._labels[key].add(row, str(value))
        if (images := labels.get(IMAGES_KEY)) is not None:
            self._labels[IMAGES_KEY].add(row, str(images))

    def chosen(self) -> str | None:
        """The number that is taken; None where the record does not have it, or has several and none of the usual."""
        name = recorded_name(self.names, self.metric)
        if name is None and self.metric is None and len(self.names) == 1:
            return next(iter(self.names))
        return name

    def arrays(self, path: str, name: str, beyond_unit: Collection[str]) -> tuple[ScoreArrays, Codes]:
        found, means, counts, within = self._values.get(name, _Values()).means()
        ids, n_rows = list(self.rows), len(self.rows)
        order = np.array(sorted(range(len(found)), key=lambda i: id_order(ids[found[i]])), dtype=np.int64)
        kept: Codes = found[order]
        if IMAGES_KEY in self._labels:
            self._labels[IMAGES_KEY].fill(n_rows, WITHOUT_IMAGES)
        labels = {key: self._labels[key].labels(n_rows, kept) for key in _GROUP_KEYS if key in self._labels}
        arrays = ScoreArrays(
            path=path,
            metric=name,
            sample_ids=tuple(ids[row] for row in kept),
            names=tuple(self._own_ids.get(ids[row], ids[row]) for row in kept),
            scores=means[order],
            n_repeats=counts[order],
            within_variance=within[order],
            labels={key: labels[key] for key in labels if key != CLUSTER_KEY},
            clusters=labels.get(CLUSTER_KEY),
            n_unscored=n_rows - len(kept),
            errors=most_common(self.errors),
            failed_ids=frozenset(self._failed - self.rows.keys()),
            n_unparsed=self._n_unparsed,
            metrics=tuple(sorted(self.names)),
            beyond_unit=report_name(name) in beyond_unit,
        )
        return arrays, kept


def most_common(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts, largest first; equal ones by name, not by which came first."""
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
