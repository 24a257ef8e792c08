"""Evals from hosted Evals: the rows, the prompt and the graders of each run, as arguments of HostedEval."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.errors import EvalsError
from evals.interchange.hosted_files import Found
from evals.interchange.hosted_items import StoredItem, read_item
from evals.suite.graders.definitions import UnknownKey
from evals.suite.graders.grade import Grader
from evals.suite.graders.prompts import Prompts, request_of
from evals.suite.graders.read import read_grader

EVAL_CLASS = "evals.suite:HostedEval"


@dataclass
class ImportedRun:
    """One run: its answers, by the row of the spec that each belongs to."""

    run: Mapping[str, Any]
    answers: list[tuple[int, StoredItem]]


@dataclass
class ImportedSpec:
    """One eval of the registry. name: `base.split.version`. rows: of its data file."""

    name: str
    args: dict[str, Any]
    rows: list[dict[str, Any]]
    runs: list[ImportedRun] = field(default_factory=list)


@dataclass
class ImportedEval:
    """All specs of one hosted eval; the alias leads to the last one. title: the name that it had there."""

    base: str
    title: str
    origin: str
    specs: list[ImportedSpec]
    comments: list[str] = field(default_factory=list)


def slug(title: str, taken: Sequence[str] = ()) -> str:
    """A name for a registry: letters, digits and hyphens; a number is added if the name is taken."""
    base = re.sub(r"[^\w-]+|_+", "-", title.strip().lower()).strip("-")[:60].strip("-") or "hosted"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name


def imported_evals(found: Found) -> list[ImportedEval]:
    """The evals with their runs; what cannot be taken over becomes a note in `found`."""
    imported: list[ImportedEval] = []
    for eval_id, definition in found.evals.items():
        base = slug(str(definition.get("name") or eval_id), [one.base for one in imported])
        imported.append(_imported_eval(eval_id, definition, base, found))
    known = {str(run.get("eval_id")) for run in found.runs.values() if str(run.get("eval_id")) in found.evals}
    for run_id in dict.fromkeys([*found.runs, *found.items]):
        run = found.runs.get(run_id, {})
        if _eval_id_of(run_id, found) in known | set(found.evals):
            continue
        base = slug(str(run.get("name") or run_id), [one.base for one in imported])
        imported.append(_without_definition(run_id, run, base, found))
    for name, rows in found.rows_of_file.items():
        if name not in found.used_files:
            found.note(name, f"no run refers to this file: its rows ({len(rows)}) are not taken over")
    return imported


def _eval_id_of(run_id: str, found: Found) -> str:
    """The eval of a run: the run says it, or its output items."""
    given = found.runs.get(run_id, {}).get("eval_id")
    if given is None:
        given = next((item.get("eval_id") for item in found.items.get(run_id, {}).values()), None)
    return str(given)


def _imported_eval(eval_id: str, definition: Mapping[str, Any], base: str, found: Found) -> ImportedEval:
    criteria = definition.get("testing_criteria")
    criteria = [one for one in criteria if isinstance(one, dict)] if isinstance(criteria, list) else []
    graders = _supported(criteria, eval_id, found)
    imported = ImportedEval(base, str(definition.get("name") or eval_id), eval_id, [])
    if definition.get("metadata"):
        imported.comments.append(f"metadata: {json.dumps(definition['metadata'], ensure_ascii=False)}")
    run_ids = [run_id for run_id in dict.fromkeys([*found.runs, *found.items]) if _eval_id_of(run_id, found) == eval_id]
    run_ids.sort(key=lambda run_id: found.runs.get(run_id, {}).get("created_at") or 0)
    for run_id in run_ids:
        _add_run(imported, eval_id, run_id, graders, criteria, found)
    if not imported.specs:
        rows = [_row(row) for row in found.rows_of_eval.get(eval_id, [])]
        found.note(eval_id, "no run was saved, so its prompt is not known: add input_messages to the eval's args")
        if not rows:
            found.note(eval_id, "no rows were saved: add them to its samples file")
        imported.specs.append(ImportedSpec(f"{base}.dev.v0", {"testing_criteria": graders}, rows))
    return imported


def _without_definition(run_id: str, run: Mapping[str, Any], base: str, found: Found) -> ImportedEval:
    """A run whose eval was not saved: a record, and no eval to run."""
    found.note(run_id, "its eval was not saved, so there are no graders: the record is written, and no eval to run")
    items = _items(run_id, [], found)
    rows = _rows_of_items(items)
    spec = ImportedSpec(f"{base}.dev.v0", {}, rows)
    spec.runs.append(ImportedRun({"id": run_id, **run}, _answers(rows, items, run_id, found)))
    return ImportedEval(base, str(run.get("name") or run_id), run_id, [spec])


def _supported(criteria: Sequence[Mapping[str, Any]], eval_id: str, found: Found) -> list[dict[str, Any]]:
    """The definitions that can be run here; a note for each of the others."""
    kept: list[dict[str, Any]] = []
    for number, criterion in enumerate(criteria):
        where = f"{eval_id}.testing_criteria[{number}]"
        clean = {key: value for key, value in criterion.items() if value is not None and key != "id"}
        grader = _read(clean, where, found)
        if grader is None:
            continue
        if grader.name in [str(one.get("name", one.get("type"))) for one in kept]:
            clean = {**clean, "name": f"{grader.name} {number + 1}"}
            found.note(where, f"another grader is called {grader.name!r} too: this one is now {clean['name']!r}")
        kept.append(clean)
        if "model" in clean:
            found.note(
                where, f"grades with {clean['model']!r}; name another grader on the command line if it is retired"
            )
    return kept


def _read(clean: dict[str, Any], where: str, found: Found) -> Grader | None:
    """The grader of a definition; its unknown keys are taken out with a note. None, with a note, if it is unusable."""
    while True:
        try:
            return read_grader(clean, where)
        except UnknownKey as error:
            known = {"type", "name"}
            key = next((key for key in clean if key not in known and f"no key {key!r}" in error.what), None)
            found.note(error.where or where, f"{error.what}: {'it is left out' if key else 'the grader is left out'}")
            if key is None:
                return None
            del clean[key]
        except EvalsError as error:
            found.note(error.where or where, f"this grader is left out: {error.what}")
            return None


def _add_run(
    imported: ImportedEval,
    eval_id: str,
    run_id: str,
    graders: list[dict[str, Any]],
    criteria: Sequence[Mapping[str, Any]],
    found: Found,
) -> None:
    """Add a run to the spec with the same rows and arguments, or to a new one."""
    run = {"id": run_id, **found.runs.get(run_id, {})}
    items = _items(run_id, criteria, found)
    source = run.get("data_source") if isinstance(run.get("data_source"), Mapping) else {}
    assert isinstance(source, Mapping)
    rows = _rows_of_source(source, eval_id, run_id, found) or _rows_of_items(items)
    args = {**_prompt_args(source, run_id, found), "testing_criteria": graders}
    if source.get("type") == "jsonl" and not any("sample" in row for row in rows):
        rows = _with_samples(rows, items)
    for spec in imported.specs:
        if (spec.args, spec.rows) == (args, rows):
            break
    else:
        split = f"dev{len(imported.specs) + 1}" if imported.specs else "dev"
        spec = ImportedSpec(f"{imported.base}.{split}.v0", args, rows)
        imported.specs.append(spec)
    if items:
        spec.runs.append(ImportedRun(run, _answers(rows, items, run_id, found)))
    else:
        found.note(run_id, "no output items were saved: there is no record of this run")


def _items(run_id: str, criteria: Sequence[Mapping[str, Any]], found: Found) -> list[StoredItem]:
    items = [read_item(given, criteria) for given in found.items.get(run_id, {}).values()]
    return sorted(items, key=lambda item: -1 if item.number is None else item.number)


def _rows_of_source(source: Mapping[str, Any], eval_id: str, run_id: str, found: Found) -> list[dict[str, Any]]:
    """The rows of a run's data source; empty if they were not saved."""
    inner = source.get("source")
    kind = inner.get("type") if isinstance(inner, Mapping) else None
    assert isinstance(inner, Mapping) or kind is None
    if kind == "file_content" and isinstance(inner, Mapping):
        return [_row(row) for row in inner.get("content") or [] if isinstance(row, Mapping)]
    if kind == "file_id" and isinstance(inner, Mapping):
        rows = found.rows_of_file.get(str(inner.get("id")))
        if rows is not None:
            found.used_files.add(str(inner.get("id")))
            return [_row(row) for row in rows]
        if eval_id not in found.rows_of_eval:
            found.note(run_id, f"the file {inner.get('id')} was not saved: its rows are those of the output items")
    elif kind is not None:
        found.note(run_id, f"a source of type {kind!r} cannot be asked again: its rows are those of the output items")
    return [_row(row) for row in found.rows_of_eval.get(eval_id, [])]


def _row(given: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a data file: `item`, and `sample` where an answer is stored."""
    if not isinstance(given.get("item"), Mapping):
        return {"item": dict(given)}
    kept = {"item": dict(given["item"])}
    return {**kept, "sample": given["sample"]} if isinstance(given.get("sample"), Mapping) else kept


def _rows_of_items(items: Sequence[StoredItem]) -> list[dict[str, Any]]:
    """A row for each datasource item, in the order of their numbers; repeated ones once."""
    rows: dict[str, dict[str, Any]] = {}
    for item in items:
        key = f"{item.number}" if item.number is not None else _key(item.item)
        rows.setdefault(key, {"item": dict(item.item)})
    return list(rows.values())


def _with_samples(rows: Sequence[dict[str, Any]], items: Sequence[StoredItem]) -> list[dict[str, Any]]:
    """The rows of a run that graded stored answers, each with its answer; equal rows take equal items in turn."""
    answers: dict[str, list[str]] = {}
    for item in items:
        if item.error is None:
            answers.setdefault(_key(item.item), []).append(item.sample["output_text"])
    made = []
    for row in rows:
        left = answers.get(_key(row["item"]))
        made.append({**row, "sample": {"output_text": left.pop(0)}} if left else row)
    return made


def _key(item: Mapping[str, Any]) -> str:
    return json.dumps(item, sort_keys=True, default=str)


def _prompt_args(source: Mapping[str, Any], run_id: str, found: Found) -> dict[str, Any]:
    """`input_messages` and `sampling_params` of a run, as far as they can be used."""
    args: dict[str, Any] = {}
    messages, params = source.get("input_messages"), source.get("sampling_params")
    if messages is not None:
        try:
            Prompts.read(messages)
            args["input_messages"] = messages
        except EvalsError as error:
            found.note(f"{run_id}.input_messages", f"the prompt cannot be used: {error.what}")
    if isinstance(params, Mapping) and (given := {k: v for k, v in params.items() if v is not None}):
        args["sampling_params"] = _usable(given, run_id, found)
    return {key: value for key, value in args.items() if value}


def _usable(params: Mapping[str, Any], run_id: str, found: Found) -> dict[str, Any]:
    kept = {}
    for key, value in params.items():
        try:
            request_of({key: value})
            kept[key] = value
        except EvalsError as error:
            found.note(f"{run_id}.sampling_params.{key}", f"left out: {error.what}")
    return kept


def _answers(
    rows: Sequence[Mapping[str, Any]], items: Sequence[StoredItem], run_id: str, found: Found
) -> list[tuple[int, StoredItem]]:
    """Each item with its row: the next row with the same content."""
    places: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        places.setdefault(_key(row["item"]), []).append(index)
    used: dict[int | str, int] = {}
    answers: list[tuple[int, StoredItem]] = []
    for item in items:
        same = places.get(_key(item.item), [])
        if not same:
            found.note(run_id, f"output item {item.id}: no row is equal to its datasource_item, so it is in no record")
            continue
        if item.number is not None and item.number in used:
            index = used[item.number]  # another answer to the same row: a repeat
        else:
            index = same.pop(0) if len(same) > 1 else same[0]
            used[item.number if item.number is not None else item.id] = index
        answers.append((index, item))
    return answers
