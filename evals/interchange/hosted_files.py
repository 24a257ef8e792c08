"""Reads what people saved of OpenAI's hosted Evals: finds evals, runs, output items, rows and Promptfoo configurations.

Four shapes, in files of JSON, JSON lines or YAML, alone or in folders: objects of the API (also lists of them); bundles
`{eval, rows, runs: [{run, output_items}]}` with `files/*.jsonl` beside them; the dashboard's results file; and the
dashboard's Promptfoo export.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.errors import UsageError
from evals.interchange.hosted_items import results_in
from evals.record.special_files import refuse_special

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
YAML_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Note:
    """Something that was not taken over, or not exactly. where: the file, the eval or the run."""

    where: str
    what: str


@dataclass
class Found:
    """What was found, by ids; the order is that of the files."""

    evals: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    "Output items by the id of their run, then by their own."
    rows_of_eval: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rows_of_file: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    "Rows by the name of their file without its ending: migration scripts name it by the file's id."
    used_files: set[str] = field(default_factory=set)
    "Those of `rows_of_file` that a run refers to."
    promptfoo: dict[str, dict[str, Any]] = field(default_factory=dict)
    "Configurations by the path of their file."
    notes: list[Note] = field(default_factory=list)

    def note(self, where: object, what: str) -> None:
        """Keep a note, once."""
        note = Note(str(where), what)
        if note not in self.notes:
            self.notes.append(note)


def read_paths(paths: list[Path]) -> Found:
    """Everything in these files and folders.

    Raises:
        UsageError: a path does not exist, or nothing of hosted Evals is in any of them.
    """
    found = Found()
    for path in paths:
        if not path.exists():
            raise UsageError("there is no such file or folder", where=str(path), fix="check the path")
        for file in _files(path):
            _read_file(file, found)
    if not (found.evals or found.runs or found.items or found.promptfoo):
        raise UsageError(
            "nothing of OpenAI's hosted Evals was found",
            where=", ".join(map(str, paths)),
            notes=[f"{note.where}: {note.what}" for note in found.notes[:4]],
            fix="name saved objects of /v1/evals, the dashboard's results file, or its Promptfoo export",
        )
    return found


def _files(path: Path) -> Iterator[Path]:
    """The file itself, or all files under a folder by name; rows of files come first, because runs refer to them."""
    refuse_special(path, pipes=True)
    if not path.is_dir():
        yield path
        return
    yield from sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))


def _read_file(path: Path, found: Found) -> None:
    suffix = path.suffix.lower()
    if suffix not in (*JSON_SUFFIXES, *YAML_SUFFIXES):
        found.note(path, f"files that end in {suffix or 'nothing'} are not read")
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        found.note(path, f"it cannot be read: {error}")
        return
    values = _yaml_values(text, path, found) if suffix in YAML_SUFFIXES else _json_values(text, path, found)
    for where, value in values:
        _take(value, where, path, found)


def _json_values(text: str, path: Path, found: Found) -> Iterator[tuple[str, Any]]:
    """The value of the file, or of each of its lines, with its place."""
    try:
        yield str(path), json.loads(text)
        return
    except (ValueError, RecursionError):
        pass
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            found.note(f"{path}:{number}", f"this is no JSON: {error}")
            continue
        yield f"{path}:{number}", value


def _yaml_values(text: str, path: Path, found: Found) -> Iterator[tuple[str, Any]]:
    import yaml

    try:
        yield str(path), yaml.safe_load(text)
    except yaml.YAMLError as error:
        found.note(path, f"this is no YAML: {str(error).splitlines()[0]}")


def _take(value: Any, where: str, path: Path, found: Found) -> None:
    """Sort one value by what it is; a note for what is not known."""
    if isinstance(value, list):
        for number, part in enumerate(value):
            _take(part, f"{where}[{number}]", path, found)
        return
    if not isinstance(value, dict):
        found.note(where, f"a {type(value).__name__} is nothing of hosted Evals")
        return
    kind = value.get("object")
    if kind == "list" or (isinstance(value.get("data"), list) and "has_more" in value):
        _take_list(value, where, path, found)
    elif kind == "eval" or "testing_criteria" in value:
        found.evals[_id(value, where)] = value
    elif kind == "eval.run" or ("data_source" in value and ("eval_id" in value or "result_counts" in value)):
        found.runs[_id(value, where)] = value
    elif _is_item(value):
        run_id = str(value.get("run_id") or path.stem)
        found.items.setdefault(run_id, {})[str(value.get("id") or where)] = value
    elif isinstance(value.get("eval"), Mapping) or isinstance(value.get("runs"), list):
        _take_bundle(value, where, path, found)
    elif isinstance(value.get("run"), Mapping):
        _take_run(value, None, where, path, found)
    elif "item" in value:
        found.rows_of_file.setdefault(path.stem, []).append(value)
        if unknown := [key for key in value if key not in ("item", "sample")]:
            found.note(path, f"its rows have keys that are not known: {', '.join(unknown[:6])}")
    elif "tests" in value and ("prompts" in value or "providers" in value):
        found.promptfoo[str(path)] = value
    else:
        keys = ", ".join(list(map(str, value))[:6])
        found.note(where, f"an object that is not known (keys: {keys}{f', object: {kind}' if kind else ''})")


def _is_item(value: Mapping[str, Any]) -> bool:
    """Whether a value is an output item: of the API, or a line of the dashboard's results file."""
    if value.get("object") == "eval.run.output_item":
        return True
    has_row = "datasource_item" in value or isinstance(value.get("item"), Mapping)
    return has_row and results_in(value) is not None


def _take_list(value: dict[str, Any], where: str, path: Path, found: Found) -> None:
    if value.get("has_more"):
        found.note(where, "has_more is true: this page is not the last one, and the others may be missing")
    _take(value.get("data") or [], f"{where}.data", path, found)


def _take_bundle(value: dict[str, Any], where: str, path: Path, found: Found) -> None:
    """`{eval, rows, runs: [{run, output_items}]}`, as migration scripts write it."""
    eval_id = None
    if isinstance(value.get("eval"), dict):
        eval_id = _id(value["eval"], f"{where}.eval")
        found.evals[eval_id] = value["eval"]
    rows = value.get("rows")
    if isinstance(rows, list) and rows:
        good = [row for row in rows if isinstance(row, dict)]
        if len(good) < len(rows):
            found.note(f"{where}.rows", f"{len(rows) - len(good)} rows are no objects")
        found.rows_of_eval.setdefault(eval_id or where, []).extend(good)
    for number, run in enumerate(_list_of(value.get("runs"), f"{where}.runs", found)):
        place = f"{where}.runs[{number}]"
        if isinstance(run, dict):
            _take_run(run if isinstance(run.get("run"), dict) else {"run": run}, eval_id, place, path, found)
        else:
            found.note(place, "this is no run")
    for key in value:
        if key not in ("eval", "rows", "runs"):
            found.note(f"{where}.{key}", "this part of the file is not known")


def _take_run(value: dict[str, Any], eval_id: str | None, where: str, path: Path, found: Found) -> None:
    """`{run, output_items}`."""
    run = {"eval_id": eval_id, **value["run"]}
    run_id = _id(run, f"{where}.run")
    found.runs[run_id] = run
    items = value.get("output_items") or []
    if isinstance(items, dict):
        items = items.get("data") or []
    for number, item in enumerate(_list_of(items, f"{where}.output_items", found)):
        place = f"{where}.output_items[{number}]"
        if isinstance(item, dict) and _is_item(item):
            found.items.setdefault(run_id, {})[str(item.get("id") or place)] = item
        else:
            found.note(place, "this is no output item")


def _list_of(value: Any, where: str, found: Found) -> list[Any]:
    """The list; an empty one for null, and with a note for anything else."""
    if value is None or isinstance(value, list):
        return value or []
    found.note(where, "this is no list")
    return []


def _id(value: Mapping[str, Any], where: str) -> str:
    """The id of an object; its place if it has none."""
    return str(value.get("id") or where)
