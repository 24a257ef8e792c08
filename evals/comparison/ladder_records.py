"""Reads the models of a ladder from records: compute from the spec line or the registry, a metric, or passes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from evals.comparison.ladder import Rung
from evals.errors import DataError, UsageError, did_you_mean, listed
from evals.record.reader import Record, read_record
from evals.registry.lookup import Registry
from evals.report_keys import kind_of

LOSSES = ("nats_per_token", "bits_per_byte", "answer_loss")
"Metrics that a loss law is fitted to where none is named; the first that the record has."
UNITS = {"nats_per_token": "nats/token", "bits_per_byte": "bits/byte", "answer_loss": "nats"}


def read_rung(path: str, metric: str | None, registry: Registry) -> tuple[str, Rung]:
    """The metric of a record's final report, and the model with its value of it.

    Raises:
        DataError: no record, a run that did not end, or a model whose training compute nothing states.
        UsageError: the report has no such metric, or none is named and it has no loss.
    """
    record = read_record(path)
    report = record.final_report
    if report is None:
        raise DataError("this run did not end", where=path, fix="finish it with the same command and --resume")
    name = _metric(report, metric, path)
    value = report[name]
    if not isinstance(value, int | float):
        raise DataError(f"{name} is not defined in this record", where=path)
    scale = scale_of(record, registry, path)
    stderr, n = report.get(f"{name}_stderr"), report.get(f"{name}_n", report.get("n"))
    return name, Rung(
        **scale,
        value=float(value),
        n=n if isinstance(n, int) else None,
        stderr=stderr if isinstance(stderr, float) else None,
        unit=UNITS.get(name, ""),
    )


def read_passes(path: str, registry: Registry) -> Rung:
    """The model of a record with its passes and draws of each problem, from what `PassAtK` records.

    Raises:
        DataError: no record, no such counts in it, or a model whose training compute nothing states.
    """
    record = read_record(path)
    cells: dict[str, tuple[int, int]] = {}
    for sample in record.samples():
        for data in sample.objects("metrics"):
            c, n = data.get("n_passed"), data.get("n_completions")
            if isinstance(c, int) and isinstance(n, int):
                before = cells.get(_problem(sample.sample_id), (0, 0))
                cells[_problem(sample.sample_id)] = (before[0] + c, before[1] + n)
    if not cells:
        raise DataError(
            "the record holds no counts of draws that passed", where=path,
            fix="run an eval of class PassAtK with several completions, such as pocket-programs.draws.v0",
        )  # fmt: skip
    passes = tuple((name, c, n) for name, (c, n) in sorted(cells.items()))
    return Rung(**scale_of(record, registry, path), value=float("nan"), n=len(cells), passes=passes)


def _problem(sample_id: str) -> str:
    """The row's number: runs of several sizes of one eval have other names before it."""
    return sample_id.rpartition(".")[2]


def observed_at(record: Record) -> str | None:
    """When a record began, in UTC as 2026-11-30T12:00:00.000000Z; None where it does not say it."""
    said = record.spec.get("created_at")
    try:
        when = datetime.datetime.fromisoformat(str(said))
    except ValueError:
        return None
    if when.tzinfo is not None:
        when = when.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return when.isoformat(timespec="microseconds") + "Z"


def _metric(report: Mapping[str, Any], given: str | None, path: str) -> str:
    metrics = [name for name in report if kind_of(name, report) == "metric"]
    if given is not None:
        if given not in metrics:
            raise UsageError(
                f"the report has no metric {given!r}", where=path, notes=[did_you_mean(given, metrics)],
                fix=f"there are: {listed(metrics, 10)}",
            )  # fmt: skip
        return given
    found = next((name for name in LOSSES if name in metrics), None)
    if found is None:
        raise UsageError(
            "the report has no loss", where=path, fix=f"name a metric: --value {metrics[0] if metrics else 'NAME'}"
        )
    return found


def scale_of(record: Record, registry: Registry, path: str) -> dict[str, Any]:
    """Model, compute, family, place, time and data of a record: arguments of `Rung`.

    Raises:
        DataError: it has several models, or nothing states the training compute of its model.
    """
    names: Sequence[Any] = record.spec.get("completion_fns") or ()
    if len(names) != 1:
        raise DataError(f"{len(names)} models in one record: a rung is one", where=path)
    name = str(names[0])
    config = record.spec.get("run_config")
    config = config if isinstance(config, Mapping) else {}
    known = _recorded(config, name) or dict(registry.model_info(name).scale())
    flops = known.get("training_flops")
    if not isinstance(flops, int | float) or not flops > 0:
        raise DataError(
            f"nothing states the training compute of {name}", where=path,
            fix="add `training_flops: NUMBER` to its entry under completion_fns/ in a registry (--registry_path)",
        )  # fmt: skip
    return {
        "model": name,
        "compute_flops": float(flops),
        "family": str(known.get("family") or ""),
        "where": path,
        "observed_at": observed_at(record),
        "data": f"{config.get('data_sha256') or record.spec.get('eval_name') or ''} {config.get('max_samples') or ''}",
    }


def _recorded(config: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    models = config.get("models")
    found = models.get(name) if isinstance(models, Mapping) else None
    return dict(found) if isinstance(found, Mapping) and "training_flops" in found else None
