"""The files of a paper for an exam of the catalogue, in which only the questions are missing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from evals.errors import DataError
from evals.exams.catalogue import CatalogueExam
from evals.exams.files import PaperFolder
from evals.registry.roots import bundled_data_root

PASS_MARKS = "tables/ube_pass_marks.csv"
"Of the bar exam: every jurisdiction becomes a pass rule of its own."
_OPTIONS = {"A": "FIRST OPTION", "B": "SECOND OPTION"}


def paper_files(exam: CatalogueExam, name: str) -> dict[str, str]:
    """File name to text: exam.yaml, tables, items.jsonl with a question a section to be replaced. name: the paper's id.

    Raises:
        DataError: the exam is no paper.
    """
    if not exam.section_lines:
        raise DataError(f"{exam.name} is no paper with questions", notes=[exam.note])
    folder = PaperFolder(bundled_data_root() / "exam-catalogue")
    files = {"exam.yaml": _exam_yaml(exam, name, folder), "items.jsonl": "".join(_items(exam))}
    return {**files, **{file: folder.text(file, file) for file in exam.tables}}


def _exam_yaml(exam: CatalogueExam, name: str, folder: PaperFolder) -> str:
    lines = [
        f"# {exam.name}: the questions go into items.jsonl, one a line, and into the section that they name.",
        *([f"# {exam.note[0].upper()}{exam.note[1:]}."] if exam.note else []),
        f"id: {name}",
        f"title: {exam.name}",
        "version: 1",
        "source: WHERE THE QUESTIONS COME FROM",
        "licence: WHO OWNS THEM",
        "sections:",
        *(f"  - {_with_items(line)}" for line in exam.section_lines),
        "score:",
        *(f"  - {line}" for line in exam.score_lines),
    ]
    if exam.percentile_lines:
        lines += ["percentile:", *(f"  - {line}" for line in exam.percentile_lines)]
    if exam.pass_line:
        lines.append(f"pass: {exam.pass_line}")
    if exam.id == "UBE":
        lines += ["pass:", *_pass_rules(folder)]
    return "\n".join(lines) + "\n"


def _section_id(line: str) -> str:
    found = re.search(r"\bid: (\w+)", line)
    assert found is not None, line
    return found[1]


def _with_items(line: str) -> str:
    return f"{line[:-1]}, items: {{file: items.jsonl, where: {{section: {_section_id(line)}}}}}}}"


def _pass_rules(folder: PaperFolder) -> Iterator[str]:
    table = folder.table(PASS_MARKS, PASS_MARKS)
    for place, mark in zip(table.columns["jurisdiction"], table.columns["passing_score"], strict=True):
        yield f"  {json.dumps(place)}: [{{value: final, at_least: {mark}}}]"


def _items(exam: CatalogueExam) -> Iterator[str]:
    for line in exam.section_lines:
        name = _section_id(line)
        kind = (re.search(r"\bkind: (\w+)", line) or ["", "mcq"])[1]
        yield (
            json.dumps({"id": f"{name}1", "section": name, "kind": kind, "stem": "THE QUESTION", **_answer(kind)})
            + "\n"
        )


def _answer(kind: str) -> dict[str, object]:
    if kind == "free":
        return {"rubric": [{"id": "r1", "points": 1, "say": "WHAT EARNS THE POINT"}]}
    if kind == "essay":
        return {"points": 6, "levels": {"0": "NOTHING", "6": "WHAT THE BEST ESSAY HAS"}}
    if kind == "code":
        return {
            "problem": {"prompt": "def f():\n", "entry_point": "f", "test": "def check(f):\n    assert f() is None\n"}
        }
    return {"options": _OPTIONS, "answer": "A"}
