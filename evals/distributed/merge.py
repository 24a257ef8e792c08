"""Makes one record of the shares of a run: batches in the order of the samples, and the report over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from evals.distributed.processes import report_of_finished
from evals.engine.plan import RunPlan
from evals.engine.samples import NullObserver
from evals.engine.session import Session
from evals.engine.settings import EngineSettings
from evals.engine.shard import Shard
from evals.errors import DataError, EvalsError, UsageError, listed
from evals.record.file import is_being_written
from evals.record.folders import without_copies
from evals.record.local import LocalRecorder
from evals.record.reader import Record, read_record
from evals.record.summary import ENDINGS
from evals.runner.counters import RunCounters
from evals.runner.parts import SampleOrder, append_parts
from evals.runner.prepare import PreparedRun, prepare_report
from evals.runner.recorded_fingerprint import first_difference, recorded_fingerprint
from evals.runner.request import RunRequest
from evals.runner.result import RunResult
from evals.runner.run import conclude, end_record
from evals.specs import RunSpec

MOST_SHARDS, MOST = 1_000_000, 1 << 62
"Larger numbers in a record are damage."


@dataclass(frozen=True)
class ShardRecord:
    """The record of one share. fingerprint: that of the whole run."""

    path: Path
    shard: Shard
    record: Record
    fingerprint: dict[str, Any]


def shard_name(shard: Shard) -> str:
    """The file name of a share's record."""
    width = len(str(shard.of - 1))
    return f"shard-{shard.index:0{width}d}-of-{shard.of}.jsonl"


def merge_shards(
    folder: Path,
    out: Path,
    *,
    registry_paths: Sequence[str] = (),
    data_paths: Sequence[str] = (),
    eval_params: dict[str, Any] | None = None,
    max_errors: float = 0,
    command: str = "",
) -> RunResult:
    """Write the record of the whole run to `out`. The eval is that of the user's registries; no model is called.

    eval_params: arguments of the eval that the shares were given on their command line, as far as they are texts.

    Raises:
        DataError: shares are missing, unfinished or damaged, or belong to several runs; nothing is written then.
        UsageError: the eval here is not the one that the shares were run with, or `out` is one of them.
    """
    shards = find_shards(folder)
    _check_place(out, shards)
    first = shards[0]
    request = _request_of(first, registry_paths, data_paths, eval_params or {})
    prepared = prepare_report(replace(request, max_errors=max_errors, command=command))
    _check_same(prepared, first)
    n_samples = prepared.preflight.n_samples
    order = SampleOrder([] if n_samples is None else [n_samples], request.repeats)
    recorder = LocalRecorder(out, _run_spec(first, command))
    try:
        done = set(append_parts(recorder, [shard.path for shard in shards], order))
        result = _concluded(prepared, recorder, shards, done)
        end_record(recorder, result)
    finally:
        recorder.close()
    return result


def find_shards(folder: Path) -> list[ShardRecord]:
    """The shares in a folder, all of one run, none missing, none unfinished; in their order.

    Raises:
        DataError: this is not so, with the shares by name.
    """
    paths = without_copies(sorted(path for ending in ENDINGS for path in folder.glob(f"*{ending}")))
    found = [shard for path in paths if (shard := _shard_at(path)) is not None]
    if not found:
        deeper = sorted({path.parent.name for path in folder.glob("*/shard-*-of-*.jsonl*")})
        raise DataError(
            "this folder holds no shards",
            where=str(folder),
            notes=[f"there are some in its folders {listed(deeper)}"] if deeper else [],
            fix="put them into one folder" if deeper else "name the folder of `evals shard --out`",
        )
    first = found[0]
    for other in found[1:]:
        difference = first_difference(first.fingerprint, other.fingerprint)
        if difference is None and other.shard.of != first.shard.of:
            difference = f"other number of shards: there {first.shard.of}, here {other.shard.of}"
        if difference is not None:
            raise DataError(
                f"these are shards of two runs: {first.path.name} and {other.path.name}",
                where=str(folder),
                notes=[difference],
                fix="keep the shards of each run in a folder of their own",
            )
    _check_complete(found, folder)
    return sorted(found, key=lambda one: one.shard.index)


def _shard_at(path: Path) -> ShardRecord | None:
    try:
        record = read_record(path)
    except EvalsError:
        if path.name.startswith("shard-"):
            raise
        return None
    config = record.spec.get("run_config")
    said = config.get("shard") if isinstance(config, dict) else None
    fingerprint = recorded_fingerprint(record.spec)
    if not isinstance(said, dict) or fingerprint is None:
        return None
    index, of = said.get("index"), said.get("of")
    if type(index) is not int or type(of) is not int or not 0 <= index < of <= MOST_SHARDS:
        raise DataError("this record does not say which shard it is", where=f"{path}:1")
    shard = Shard(index, of)
    _check_first_line(record.spec, fingerprint, path)
    return ShardRecord(path, shard, record, {key: value for key, value in fingerprint.items() if key != "shard"})


def _check_first_line(spec: Mapping[str, Any], fingerprint: Mapping[str, Any], path: Path) -> None:
    """Raise DataError where something that a merge needs is missing, or is no value that a run writes."""
    entry = spec["run_config"].get("eval_spec") or {}
    texts = [*(spec.get(name) for name in ("eval_name", "base_eval", "split", "created_by")), fingerprint.get("eval")]
    numbers = [fingerprint.get(name) or 0 for name in ("max_samples", "repeats", "seed")]
    tables = [entry, fingerprint.get("eval_args") or {}, entry.get("args") or {} if isinstance(entry, dict) else None]
    is_whole = (
        isinstance(spec.get("completion_fns"), list)
        and all(isinstance(text, str) for text in texts)
        and all(type(number) is int and abs(number) < MOST for number in numbers)
        and all(isinstance(table, dict) for table in tables)
    )
    if not is_whole:
        raise DataError("the first line is damaged", where=f"{path}:1", fix="run this shard again, into a new folder")


def _check_complete(found: Sequence[ShardRecord], folder: Path) -> None:
    of = found[0].shard.of
    paths: dict[int, str] = {}
    for one in found:
        if one.shard.index in paths:
            raise DataError(
                f"shard {one.shard.index} of {of} is there twice: {paths[one.shard.index]} and {one.path.name}",
                where=str(folder),
                fix="keep one of them",
            )
        paths[one.shard.index] = one.path.name
    missing = [number for number in range(of) if number not in paths]
    open_ones = [one for one in found if one.record.final_report is None or one.record.n_damaged]
    if not missing and not open_ones:
        return
    notes = [f"missing: shard {listed([str(number) for number in missing])}"] if missing else []
    for one in open_ones:
        state = "still running" if is_being_written(one.path) else "damaged" if one.record.n_damaged else "not finished"
        notes.append(f"{state}: shard {one.shard.index} ({one.path.name})")
    raise DataError(
        f"{len(found) - len(open_ones)} of {of} shards are finished",
        where=str(folder),
        notes=notes,
        fix="run `evals shard` for these: what is finished is not run again",
    )


def _request_of(
    first: ShardRecord, registry_paths: Sequence[str], data_paths: Sequence[str], eval_params: dict[str, Any]
) -> RunRequest:
    """The request of the whole run, as far as its eval needs it. A record names neither code nor files."""
    facts, spec, config = first.fingerprint, first.record.spec, first.record.spec["run_config"]
    return RunRequest(
        completion_fns=[str(name) for name in spec.get("completion_fns") or ["model"]],
        eval_name=str(facts.get("eval")),
        registry_paths=registry_paths,
        data_paths=data_paths,
        extra_eval_params={**_numbers(first), **eval_params},
        max_samples=facts.get("max_samples"),
        repeats=int(facts.get("repeats") or 1),
        estimand="these" if config.get("estimand") == "these" else "like-these",
        shrink_groups=config.get("shrink_groups") is True,
        seed=int(facts.get("seed") or 0),
        settings=EngineSettings(local_only=True),
    )


def _numbers(first: ShardRecord) -> dict[str, Any]:
    """Arguments that the shares were given beside those of the eval's entry, as far as they are numbers."""
    given = first.record.spec["run_config"].get("extra_eval_params")
    if not isinstance(given, dict):
        return {}
    return {key: value for key, value in given.items() if isinstance(value, bool | int | float)}


def _check_same(prepared: PreparedRun, first: ShardRecord) -> None:
    theirs = {key: first.fingerprint.get(key) for key in prepared.fingerprint}
    difference = first_difference(theirs, prepared.fingerprint)
    if difference is not None:
        raise UsageError(
            "the eval here is not the one that the shards were run with",
            where=str(first.path),
            notes=[difference],
            fix="give the --registry_path, --extra_eval_params, --prompt and --grader of the shards",
        )


def _check_place(out: Path, shards: Sequence[ShardRecord]) -> None:
    for shard in shards:
        if out.exists() and out.samefile(shard.path):
            raise UsageError(
                f"this is the record of shard {shard.shard.index}, and not the place of the merged one",
                where=str(out),
                fix="name another file with --record_path",
            )


def _run_spec(first: ShardRecord, command: str) -> RunSpec:
    """The first line of the merged record: that of the shards without what belongs to one shard."""
    spec = {one.name: first.record.spec[one.name] for one in fields(RunSpec) if one.name in first.record.spec}
    config = {key: value for key, value in spec["run_config"].items() if key != "shard"}
    fingerprint = {key: value for key, value in config["fingerprint"].items() if key != "shard"}
    return RunSpec(**{**spec, "run_config": {**config, "fingerprint": fingerprint, "command": command}})


def _concluded(
    prepared: PreparedRun, recorder: LocalRecorder, shards: Sequence[ShardRecord], done: set[tuple[str, int]]
) -> RunResult:
    session = Session(prepared.request.settings)
    counters = RunCounters(NullObserver(), reads_beginning=prepared.eval.reads_beginning)
    counters.started(prepared.preflight.n_selected * prepared.request.repeats, 0)
    for sample in read_record(str(recorder.event_file_path)).samples():
        session.labels.update(sample.labels)
        if sample.error is None:
            counters.n_finished += 1
            counters.add_finished(sample.events)
        else:
            counters.add_failed(sample.error)
    plan = RunPlan(prepared.request.max_samples, prepared.request.repeats)
    outcome = report_of_finished(prepared, recorder, session, plan, done)
    result = conclude(prepared, recorder.run_spec or prepared.run_spec(), recorder, session, plan, counters, outcome)
    for shard in shards:
        facts = shard.record.extras.get("run") or {}
        result.wall_s = max(result.wall_s, float(facts.get("wall_s") or 0))
        for name in ("n_calls", "n_cached", "n_retries"):
            setattr(result.counts, name, getattr(result.counts, name) + int(facts.get(name) or 0))
        result.counts.failures.update(facts.get("failures") or {})
    if not result.counts.n_cached:  # Tokens of cached calls are in the record, and were not used again.
        usage = counters.usage
        result.counts.prompt_tokens = usage["prompt_tokens"] or usage["input_tokens"]
        result.counts.completion_tokens = usage["completion_tokens"] or usage["output_tokens"]
        result.counts.cost_usd = counters.cost_usd or 0.0
    return result
