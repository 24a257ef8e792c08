"""Imports OpenAI's hosted Evals: a registry folder with evals and rows, old runs as records, and a list of the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.errors import UsageError
from evals.interchange.hosted_files import Note, read_paths
from evals.interchange.hosted_records import write_record
from evals.interchange.hosted_regrading import Regraded, regrade
from evals.interchange.hosted_specs import EVAL_CLASS, ImportedEval, ImportedRun, imported_evals
from evals.interchange.promptfoo import promptfoo_eval
from evals.json_text import dumps, encode


@dataclass
class Imported:
    """What was written. evals: names that can be run. regraded: how stored grades compare with those of today."""

    files: list[Path] = field(default_factory=list)
    evals: list[str] = field(default_factory=list)
    records: list[Path] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    regraded: Regraded = field(default_factory=Regraded)


def import_hosted(paths: Sequence[Path], out: Path) -> Imported:
    """Write everything that is in `paths` to the registry folder `out`; no file that is there is overwritten.

    `out/evals/NAME.yaml`, `out/data/NAME/*.jsonl`, `out/records/NAME/RUN.jsonl`. Graders that need no model are asked
    again about the stored answers.

    Raises:
        UsageError: nothing was found, or a file is there already. RecordError: a record cannot be written.
    """
    found = read_paths(list(paths))
    evals = imported_evals(found)
    for origin, config in found.promptfoo.items():
        evals.append(promptfoo_eval(origin, config, [one.base for one in evals], found))
    imported = Imported()
    texts = {path: text for one in evals for path, text in _files_of(one, out).items()}
    for path in (*texts, *(_record_path(one, run, out) for one in evals for spec in one.specs for run in spec.runs)):
        if path.exists():
            raise UsageError("this file is there already", where=str(path), fix="name another folder with --out")
    for path, text in texts.items():
        _write(path, text)
        imported.files.append(path)
    for one in evals:
        imported.evals += [spec.name for spec in one.specs if spec.args.get("testing_criteria")]
        _write_records(one, out, imported)
        if not any(spec.args.get("testing_criteria") for spec in one.specs) and one.specs:
            found.note(one.origin, "no grader is left, so there is no eval to run")
    imported.notes = found.notes
    return imported


def _files_of(one: ImportedEval, out: Path) -> dict[Path, str]:
    """The YAML file and the data files of an eval, with their text."""
    texts = {}
    runnable = [spec for spec in one.specs if spec.args.get("testing_criteria")]
    if runnable:
        texts[out / "evals" / f"{one.base}.yaml"] = _yaml_of(one)
    for spec in one.specs:
        if spec.rows:
            texts[out / "data" / _data_name(spec.name)] = "".join(f"{dumps(row)}\n" for row in spec.rows)
    return texts


def _data_name(spec_name: str) -> str:
    base, split, version = spec_name.split(".")
    return f"{base}/{split}.{version}.jsonl"


def _yaml_of(one: ImportedEval) -> str:
    """The entries of an eval: the alias leads to its last spec that can be run."""
    import yaml

    entries: dict[str, Any] = {}
    runnable = [spec for spec in one.specs if spec.args.get("testing_criteria")]
    entries[one.base] = {"id": runnable[-1].name, "description": one.title, "metrics": ["accuracy"]}
    for spec in runnable:
        entries[spec.name] = {"class": EVAL_CLASS, "args": {"samples_jsonl": _data_name(spec.name), **spec.args}}
    comments = [f"Imported from OpenAI's hosted Evals: {one.origin}", *one.comments]
    head = "".join(f"# {' '.join(comment.split())}\n" for comment in comments)
    return head + yaml.dump(entries, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=110)


def _dumper() -> Any:
    """A dumper that writes a text of several lines as a block, line by line."""
    import yaml

    class BlockDumper(yaml.SafeDumper):
        pass

    def block(dumper: Any, text: str) -> Any:
        # YAML has no block for a text with a space at the end of a line, and PyYAML then writes an escaped one.
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

    BlockDumper.add_representer(str, block)
    return BlockDumper


def _write_records(one: ImportedEval, out: Path, imported: Imported) -> None:
    for spec in one.specs:
        for run in spec.runs:
            path = _record_path(one, run, out)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_record(path, spec, run)
            imported.records.append(path)
            imported.regraded.add(regrade(spec, run, str(path)))


def _record_path(one: ImportedEval, run: ImportedRun, out: Path) -> Path:
    name = re.sub(r"[^\w.-]+", "-", str(run.run.get("id") or "run")).strip("-.")
    return out / "records" / one.base / f"{name}.jsonl"


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(encode(text))
    except OSError as error:
        raise UsageError(
            f"this file cannot be written: {error.strerror}", where=str(path), fix="name another folder with --out"
        ) from error
