"""Imports a paper: AGIEval's files or a teacher's table become a folder of the exam format, and an eval of it."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evals.errors import DataError, UsageError, listed
from evals.exams.paper import Paper
from evals.exams.read_paper import load_paper
from evals.interchange import agieval, exam_csv
from evals.interchange.exam_rows import SHOWN_REASONS, Question, rows_of, usable
from evals.json_text import dumps
from evals.registry.lookup import Registry

Reader = Callable[[Path, str], Iterator[Question | DataError]]
READERS: Mapping[str, Reader] = {
    **dict.fromkeys(agieval.SUFFIXES, agieval.read_agieval),
    **dict.fromkeys(exam_csv.SUFFIXES, exam_csv.read_csv),
}
DATA_FOLDER = "data"


@dataclass(frozen=True)
class ImportedExam:
    """What was written, and what was left out."""

    name: str
    folder: Path
    "The paper."
    files: tuple[Path, ...]
    paper: Paper
    left_out: tuple[DataError, ...]

    @property
    def kinds(self) -> dict[str, int]:
        """How many questions there are of each kind."""
        return dict(Counter(item.kind for item in self.paper.items))


def import_exam(
    paths: Sequence[Path], out: Path, *, name: str = "", language: str = "en", skip: bool = False
) -> ImportedExam:
    """Write the paper in `paths` to `out/data/NAME`, and `out/evals/NAME.yaml`; nothing that is there is overwritten.

    Each file of JSON lines is a section; a table names its sections itself. name: by default that of the first file.

    Raises:
        UsageError: a file is there already, or the name cannot be one. DataError: a file or a row of it cannot be
            used, with file:line; rows are left out instead where `skip` is true.
    """
    name = name or re.sub(r"[^\w-]+", "-", paths[0].stem).strip("-_").lower()
    if not re.fullmatch(r"[^\W_][\w-]*", name):
        raise UsageError(
            f"{name!r} cannot be the name of a paper", fix="give one with --name: letters, digits, - and _"
        )
    if (entry := Registry().entry("evals", name)) is not None:
        raise UsageError(f"an eval is called {name!r} already", where=entry.where, fix="give another name with --name")
    questions, left_out = usable(_read(paths), skip=skip)
    if not questions:
        notes = [f"{error.where}: {error.what}" for error in left_out[:SHOWN_REASONS]]
        raise DataError("no question can be used", where=listed([str(path) for path in paths], 3), notes=notes)
    texts = paper_texts(name, questions, language, [path.name for path in paths])
    paper = _checked(texts)
    folder = out / DATA_FOLDER / name
    files = {folder / file: text for file, text in texts.items()}
    files[out / "evals" / f"{name}.yaml"] = eval_text(name, paper.title)
    write_new(files)
    return ImportedExam(name, folder, tuple(files), paper, tuple(left_out))


def _read(paths: Sequence[Path]) -> Iterator[Question | DataError]:
    sections: dict[str, Path] = {}
    for path in paths:
        reader = READERS.get(path.suffix.lower())
        if reader is None:
            known = ", ".join(READERS)
            what = f"files that end in {path.suffix or 'nothing'} are not read"
            raise UsageError(what, where=str(path), fix=f"name a file that ends in one of {known}")
        section = re.sub(r"[^\w-]+", "-", path.stem).strip("-") or "main"
        if section in sections:
            raise UsageError(f"two files are called {section!r}", where=str(path), fix="rename one: it names a section")
        sections[section] = path
        for one in reader(path, section):
            yield one if len(paths) == 1 or isinstance(one, DataError) else _with_own_id(one, section)


def _with_own_id(question: Question, section: str) -> Question:
    """The question with an id that no other file's questions have: `FILE-ID`."""
    name = str(question.row["id"])
    own = name if name.startswith(f"{section}-") else f"{section}-{name}"
    return replace(question, row={**question.row, "id": own})


def paper_texts(name: str, questions: Sequence[Question], language: str, files: Iterable[str]) -> dict[str, str]:
    """The files of a paper with their text: `exam.yaml` and `items.jsonl`."""
    sections = list(dict.fromkeys(question.section for question in questions))
    # A section keeps its questions together, in the order in which they came.
    ordered = [question for section in sections for question in questions if question.section == section]
    rows = "".join(f"{dumps(row)}\n" for row in rows_of(ordered))
    return {"exam.yaml": exam_yaml(name, sections, language, files), "items.jsonl": rows}


def exam_yaml(name: str, sections: Sequence[str], language: str, files: Iterable[str]) -> str:
    """The YAML of a paper whose score is the sum of its sections' points."""
    lines = [
        f"id: {_quoted(name)}",
        f"title: {_quoted(name)}",
        "version: 1",
        f"language: {_quoted(language)}",
        f"source: {_quoted('read from ' + ', '.join(files) + '; say here who wrote it')}",
        "licence: say here who may use it",
        "model_modes: [no_vision]",
        "sections:",
    ]
    for section in sections:
        quoted = _quoted(section)
        lines += [f"  - id: {quoted}", f"    items: {{file: items.jsonl, where: {{section: {quoted}}}}}"]
    lines += ["score:"]
    values = [f"points{number}" for number in range(1, len(sections) + 1)]
    for value, section in zip(values, sections, strict=True):
        lines.append(f"  - {{set: {value}, op: raw, section: {_quoted(section)}}}")
    lines += [
        f"  - {{set: final, op: sum, values: [{', '.join(values)}]}}",
        "# A scale, a percentile and a pass mark come next: docs/exams.md. For a table of takers, for instance:",
        "# percentile: {on: final, table: tables/takers.csv, population: who they were, year: 2024}",
        "# pass: [{value: final, at_least: 60}]",
    ]
    return "\n".join(lines) + "\n"


def eval_text(name: str, title: str) -> str:
    """The registry entries of a paper."""
    return (
        f"{name}:\n  id: {name}.test.v0\n  description: {_quoted(title)}\n  metrics: [score]\n"
        f"{name}.test.v0:\n  class: evals.suite:Exam\n  args:\n    exam: {name}\n"
    )


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z][\w-]*", text) and text.lower() not in _WORDS else json.dumps(text)


_WORDS = ("yes", "no", "on", "off", "true", "false", "null", "y", "n")


def _checked(texts: Mapping[str, str]) -> Paper:
    """The paper in these texts, loaded as a run loads it."""
    with tempfile.TemporaryDirectory() as folder:
        for file, text in texts.items():
            (Path(folder) / file).write_text(text, encoding="utf-8", newline="\n")
        try:
            return load_paper(folder)
        except DataError as error:
            place = str(error.where).replace(folder, "").lstrip("/\\")
            raise DataError(
                error.what, where=f"the paper that was read, {place}", notes=error.notes, fix=error.fix
            ) from error


def write_new(texts: Mapping[Path, str]) -> None:
    """Write files, none of which may be there. Raises UsageError if one is, or cannot be written."""
    for path in texts:
        if path.exists():
            raise UsageError("this file is there already", where=str(path), fix="name another folder or another name")
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise UsageError(f"this file cannot be written: {error.strerror}", where=str(path)) from error
