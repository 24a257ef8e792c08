"""Writes a run of hosted Evals as a record that `evals view`, `compare` and `score` read."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evals.completion import Completions
from evals.completion_fns.tool_calls import tool_calls_of
from evals.interchange.hosted_items import StoredItem
from evals.interchange.hosted_specs import EVAL_CLASS, ImportedRun, ImportedSpec
from evals.record.current import record_event, record_match, record_metrics, record_raw, record_sampling
from evals.record.local import LocalRecorder
from evals.sample import sample_id
from evals.specs import RunSpec
from evals.suite.graders.grade import Grade
from evals.suite.graders.report import GradesReport, metrics_of


def write_record(path: Path, spec: ImportedSpec, imported: ImportedRun) -> dict[str, Any]:
    """Write the record of a run, and return its final report.

    Raises:
        RecordError: the file cannot be written.
    """
    run_spec = _run_spec(spec, imported)
    times = Counter(index for index, _ in imported.answers)
    repeats = max(times.values(), default=1)
    recorder = LocalRecorder(path, run_spec)
    report, n_errors, seen = GradesReport(repeats), 0, Counter[int]()
    for index, item in imported.answers:
        name = sample_id(spec.name, index)
        with recorder.sample(name, seen[index] or None) as scope:
            seen[index] += 1
            _record(spec.rows[index], item)
            if item.error is not None:
                n_errors += 1
                scope.fail({"type": "hosted eval", "message": item.error})
                continue
            report.add(name, scope.events)
            scope.commit()
    final = {**report.as_dict(), "n_errors": n_errors}
    recorder.record_final_report(final)
    recorder.close()
    return final


def _run_spec(spec: ImportedSpec, imported: ImportedRun) -> RunSpec:
    run = imported.run
    base, split = spec.name.split(".")[:2]
    model = run.get("model") or _source_model(run) or next((i.model for _, i in imported.answers if i.model), None)
    config = {
        "eval_spec": {"cls": EVAL_CLASS, "args": spec.args, "key": spec.name, "registry_path": "", "group": None},
        "n_samples": len(spec.rows),
        "imported": {key: run[key] for key in ("id", "eval_id", "name", "metadata", "report_url") if run.get(key)},
    }
    made = RunSpec([str(model or "stored-answers")], spec.name, base, split, config, "")
    made.run_id = str(run.get("id") or made.run_id)
    created = run.get("created_at")
    if isinstance(created, int | float):
        when = datetime.datetime.fromtimestamp(created, datetime.timezone.utc)
        made.created_at = str(when.replace(tzinfo=None))
    return made


def _source_model(run: Mapping[str, Any]) -> Any:
    source = run.get("data_source")
    return source.get("model") if isinstance(source, Mapping) else None


def _record(row: Mapping[str, Any], item: StoredItem) -> None:
    """Record the events of one item: its row, the answer, the grades, what came of it."""
    record_raw(row)
    record_sampling(
        item.prompt, [item.sample["output_text"]], **{"model": item.model, "usage": item.usage, **_tools(item)}
    )
    grades: dict[str, Grade] = {}
    for number, stored in enumerate(item.grades):
        name = stored.name if stored.name and stored.name not in grades else f"{stored.name or 'grader'} {number + 1}"
        said = {"name": name, "score": stored.score, "passed": stored.passed, **stored.rest}
        record_event("grade", said)
        if stored.score is not None:
            grades[name] = Grade(stored.score, stored.passed)
    if item.error is not None:
        return
    if item.correct is not None:
        record_match(item.correct, expected=None, picked=item.sample["output_text"])
    if grades:
        record_metrics(**metrics_of(grades))


def _tools(item: StoredItem) -> dict[str, Any]:
    calls = tool_calls_of(Completions([""], raw_data={"choices": item.sample["choices"]}))
    return {"tool_calls": calls} if calls else {}
