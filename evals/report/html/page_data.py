"""A record as plain values for pages: the numbers of its run, a row for each sample, and the samples in chunks."""

from __future__ import annotations

import collections
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evals.comparison.completed_report import completed_report
from evals.comparison.run_list import conditioned, images_of, model_of, prompt_of
from evals.comparison.run_table import with_rates
from evals.record.metric_ranges import recorded_beyond_unit
from evals.record.reader import Record
from evals.record.rows import labels_in, row_of
from evals.record.sample_record import SampleRecord
from evals.record.scores import is_finite, score_of
from evals.report.html.packing import Chunks
from evals.report.html.pictures import Pictures
from evals.report.html.run_facts import configuration, provenance, warnings_of
from evals.report.html.run_numbers import counts_rows, group_tables, metric_rows, metrics_so_far, special_parts
from evals.report.html.sample_detail import sample_detail
from evals.report.html.sample_state import FLAGS, VERDICTS, flags, verdict
from evals.report.words import counted, money, one_line, seconds
from evals.report_keys import as_count
from evals.sample import id_order
from evals.stats.intervals import mean_of

_QUANTILES = (0.5, 0.9, 0.99)


@dataclass
class RunData:
    """One run for a page."""

    summary: dict[str, Any]
    index: dict[str, Any]
    "Columns with one item a sample, in the order of the record: see `SampleIndex.columns`."
    chunks: list[str]
    "The samples, packed; `index['sizes']`: how many each holds, `index['shared']`: turns that are kept once."


def read_run(record: Record, pictures: Pictures | None = None) -> RunData:
    """Everything that a page shows of a record, read in one pass; samples are compressed as they come.

    pictures: where those are that the record keeps as digests; they come into the page.
    """
    index, chunks, work = SampleIndex(), Chunks(), Work()
    for sample in record.samples():
        index.add(sample)
        detail = sample_detail(sample)
        if pictures is not None:
            pictures.fill_in(detail)
        chunks.add(detail)
        work.add(sample)
    chunks.close()
    return RunData(
        _summary(record, index, work),
        {**index.columns(), "sizes": chunks.sizes, "shared": chunks.shared.turns},
        chunks.packed,
    )


def run_summary(record: Record) -> dict[str, Any]:
    """The numbers of a run alone: headline, metrics, groups, configuration, provenance, cost, latency, errors."""
    index, work = SampleIndex(), Work()
    for sample in record.samples():
        index.add(sample)
        work.add(sample)
    return _summary(record, index, work)


def sample_row(sample: SampleRecord) -> dict[str, Any]:
    """The small row of a sample that lists are made of: id, name, repeat, verdict, flags, score, labels."""
    return {
        "id": sample.sample_id,
        "name": sample.name,
        "repeat": sample.repeat,
        "verdict": verdict(sample),
        "flags": flags(sample),
        "score": score_of(sample.events) if sample.error is None else None,
        "labels": labels_of(sample),
    }


def labels_of(sample: SampleRecord) -> dict[str, str]:
    """The labels by which samples are grouped: of the record, else of the dataset's row."""
    found = labels_in(sample) | sample.labels
    return {str(key): one_line(str(value)) for key, value in found.items() if isinstance(value, str | int | float)}


class SampleIndex:
    """Columns over the samples of a run: what the list, the filters and the sorting of a page need."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.names: list[str] = []
        self.repeats = array("q")
        self.verdicts = array("b")
        self.flags = array("b")
        self.scores: list[float | None] = []
        self.labels: dict[str, tuple[dict[str, int], array[int]]] = {}

    def add(self, sample: SampleRecord) -> None:
        """Add one sample."""
        row, place = sample_row(sample), len(self.ids)
        self.ids.append(row["id"])
        self.names.append(row["name"])
        self.repeats.append(row["repeat"])
        self.verdicts.append(VERDICTS.index(row["verdict"]))
        self.flags.append(sum(1 << FLAGS.index(flag) for flag in row["flags"]))
        self.scores.append(row["score"])
        for key, value in row["labels"].items():
            names, codes = self.labels.setdefault(key, ({}, array("q")))
            codes.extend([-1] * (place - len(codes)))
            codes.append(names.setdefault(value, len(names)))

    def columns(self) -> dict[str, Any]:
        """The columns for the page.

        `ids`, `names` (empty where all are the ids), `repeats`, `verdicts` and `flags` (codes), `scores`, `labels`, and
        `order`: the places by id.
        """
        n = len(self.ids)
        labels = {
            key: {"names": list(names), "codes": [*codes, *[-1] * (n - len(codes))]}
            for key, (names, codes) in self.labels.items()
        }
        order = sorted(range(n), key=lambda i: (id_order(self.ids[i]), self.repeats[i]))
        return {
            "ids": self.ids,
            "names": self.names if self.names != self.ids else [],
            "repeats": list(self.repeats) if any(self.repeats) else [],
            "verdicts": list(self.verdicts),
            "flags": list(self.flags),
            "scores": [None if score is None else round(score, 6) for score in self.scores],
            "labels": labels,
            "order": order,
        }

    def counts(self) -> dict[str, int]:
        """How many samples have each verdict and each flag; those that none has are left out."""
        found = collections.Counter(VERDICTS[code] for code in self.verdicts)
        for code in self.flags:
            found.update(flag for place, flag in enumerate(FLAGS) if code >> place & 1)
        return {name: found[name] for name in (*VERDICTS, *FLAGS) if found[name]}

    @property
    def unit(self) -> str:
        """What a row is: a sample, or of a run with repeats an evaluation of one."""
        return "evaluation" if any(self.repeats) else "sample"

    def size_words(self) -> str:
        """`200 samples`, or of a run with repeats `600 evaluations of 200 samples`."""
        of = f" of {counted(len(set(self.ids)), 'sample')}" if any(self.repeats) else ""
        return counted(len(self.ids), self.unit) + of

    def sample_scores(self) -> dict[str, float]:
        """The mean score of each sample over its repeats."""
        found: dict[str, list[float]] = {}
        for name, score in zip(self.ids, self.scores, strict=True):
            if score is not None:
                found.setdefault(name, []).append(score)
        return {name: mean_of(scores) for name, scores in found.items()}


@dataclass
class Work:
    """What the samples of a run took: calls, tokens, dollars, seconds; and what failed."""

    n_calls: int = 0
    n_cached: int = 0
    usage: collections.Counter[str] = field(default_factory=collections.Counter)
    cost_usd: float | None = 0.0
    latencies: array[float] = field(default_factory=lambda: array("d"))
    errors: collections.Counter[str] = field(default_factory=collections.Counter)
    messages: dict[str, str] = field(default_factory=dict)
    "The first message of each type of error."

    def add(self, sample: SampleRecord) -> None:
        """Add one sample."""
        if sample.error is not None:
            kind = str(sample.error.get("type") or "error")
            self.errors[kind] += 1
            self.messages.setdefault(kind, str(sample.error.get("message") or ""))
        calls = [event.data for event in sample.events if event.type in ("sampling", "cond_logp")]
        for call in calls:
            if isinstance(call, dict):
                self._add_call(call)
        if calls:
            self._add_row(row_of(sample))

    def _add_row(self, row: Mapping[str, Any]) -> None:
        self.usage.update(row["usage"] or {})
        if self.cost_usd is not None:
            self.cost_usd = None if row["cost_usd"] is None else self.cost_usd + row["cost_usd"]

    def _add_call(self, call: Mapping[str, Any]) -> None:
        self.n_calls += 1
        self.n_cached += bool(call.get("cached"))
        latency = call.get("latency_s")
        if isinstance(latency, int | float) and is_finite(latency):
            self.latencies.append(latency)

    def rows(self, record: Record) -> list[list[str]]:
        """(what, how much) for people. A plug-in's calls leave no events: there the run itself has counted them."""
        n_in = self.usage["prompt_tokens"] or self.usage["input_tokens"]
        n_out = self.usage["completion_tokens"] or self.usage["output_tokens"]
        ran = record.extras.get("run")
        wall = ran.get("wall_s") if isinstance(ran, Mapping) else None
        n_calls = self.n_calls or (as_count(ran.get("n_calls")) if isinstance(ran, Mapping) else 0) or 0
        found = [["calls", f"{n_calls:,}" + (f" ({self.n_cached:,} cached)" if self.n_cached else "")]]
        if n_in or n_out:
            found.append(["tokens", f"{n_in + n_out:,} ({n_in:,} prompt, {n_out:,} completion)"])
        if self.n_calls:
            found.append(["cost", "not known" if self.cost_usd is None else money(self.cost_usd)])
        if self.latencies:
            ordered = sorted(self.latencies)
            at = [ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in _QUANTILES]
            most = ", ".join(f"{q:.0%} within {value:.3g} s" for q, value in zip(_QUANTILES[1:], at[1:], strict=True))
            found.append(["latency of a call", f"median {at[0]:.3g} s, {most} (n = {len(ordered):,})"])
        if isinstance(wall, int | float):
            found.append(["duration", seconds(wall)])
        return found


def _summary(record: Record, index: SampleIndex, work: Work) -> dict[str, Any]:
    completed = completed_report(with_rates(record.final_report or {}), record.path)
    spec, report = record.spec, completed.report
    config = spec.get("run_config")
    if record.final_report is not None:
        metrics = metric_rows(report)
    else:
        metrics = metrics_so_far(index.sample_scores(), beyond_unit="score" in recorded_beyond_unit(spec))
    return {
        "eval": conditioned(str(spec.get("eval_name") or "?"), prompt_of(config), images_of(config)),
        "model": model_of(spec),
        "record": record.path.name,
        "created_at": str(spec.get("created_at") or "")[:19],
        "ended": record.final_report is not None,
        "n_samples": len(index.ids),
        "n_samples_words": index.size_words(),
        "unit": index.unit,
        "metrics": metrics,
        "verdicts": index.counts(),
        "counts": counts_rows(report),
        "parts": special_parts(report),
        "groups": group_tables(report),
        "warnings": [*warnings_of(record, index.unit), *completed.notes],
        "work": work.rows(record),
        "errors": [[kind, n, one_line(work.messages[kind])] for kind, n in work.errors.most_common()],
        "configuration": configuration(record),
        "provenance": provenance(record),
    }
