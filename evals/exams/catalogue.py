"""The catalogue: the 34 exams of the GPT-4 Technical Report's Table 1, with structure, scale, percentiles and scores.

Facts alone, no questions: `data/exam-catalogue`. Whoever owns a paper writes its folder with `paper_files` and adds the
questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from evals.errors import DataError, near_misses
from evals.exams.fields import Fields, Lines
from evals.exams.files import PaperFolder
from evals.exams.paper import FINAL, Percentile
from evals.exams.percentiles import Ranges, percentile_ranges
from evals.exams.read_paper import read_percentiles
from evals.exams.read_steps import StepContext
from evals.registry.roots import bundled_data_root

ANCHORS = "tables/report_anchors.csv"
"Percentiles that the report itself states: they cannot confirm the report."


@dataclass(frozen=True)
class PublishedScore:
    """A score that the report states."""

    model: str
    questions: str
    "`all`, or `clean`: those not found in training data."
    score: float
    low: float | None
    "Percentile range, in percent; None where the report gives none."
    high: float | None
    kind: str
    "`range`, `point_approx` (one figure), `below` or `none`."
    source: str


@dataclass(frozen=True)
class ExamPart:
    """A section as the real exam has it."""

    name: str
    n_questions: int
    weight_pct: float | None
    n_in_report: int | None
    rule: str
    source: str


@dataclass(frozen=True)
class CatalogueExam:
    """One exam of the catalogue."""

    id: str
    name: str
    group: str
    scale_min: float | None
    scale_max: float | None
    unit: str
    contaminated_pct: float
    "Share of its questions that the report found in training data, in percent."
    parts: tuple[ExamPart, ...]
    percentiles: tuple[Percentile, ...]
    "Of the whole score, one a population."
    published: tuple[PublishedScore, ...]
    note: str
    section_lines: tuple[str, ...]
    "Sections of an exam.yaml, each a mapping on one line; empty where the exam is no paper."
    score_lines: tuple[str, ...]
    percentile_lines: tuple[str, ...]
    pass_line: str
    tables: tuple[str, ...]
    "Files that the lines name, relative to the catalogue's folder; those of one form alone are absent."

    def ranges_of(self, score: float) -> list[tuple[Percentile, Ranges]]:
        """The percentile range of a score in each population."""
        return [(one, percentile_ranges(one, np.array([score]))) for one in self.percentiles]


@lru_cache(maxsize=1)
def catalogue() -> tuple[CatalogueExam, ...]:
    """All exams, in the order of the report's table."""
    folder = PaperFolder(bundled_data_root() / "exam-catalogue")
    sections, published = _rows_by_exam(folder, "sections.csv"), _rows_by_exam(folder, "published.csv")
    how = folder.yaml("catalogue.yaml")
    lines = folder.text("catalogue.yaml", "").splitlines()
    return tuple(
        _exam(name, rows[0], sections.get(name, []), published[name], how, lines, folder)
        for name, rows in _rows_by_exam(folder, "exams.csv").items()
    )


def catalogue_exam(name: str) -> CatalogueExam:
    """The exam with an id, in any case, with `-` or spaces for `_`. Raises DataError with near misses."""
    wanted = name.strip().upper().replace("-", "_").replace(" ", "_")
    for exam in catalogue():
        if exam.id == wanted or exam.name.casefold() == name.strip().casefold():
            return exam
    near = near_misses(wanted, [exam.id for exam in catalogue()])
    notes = [f"did you mean: {', '.join(near)}"] if near else []
    raise DataError(f"the catalogue has no exam {name!r}", notes=notes, fix="`evals exams` lists all of them")


def _rows_by_exam(folder: PaperFolder, file: str) -> dict[str, list[dict[str, str]]]:
    table = folder.table(file, file)
    found: dict[str, list[dict[str, str]]] = {}
    for row in range(len(table.lines)):
        cells = {name: column[row] for name, column in table.columns.items()}
        found.setdefault(cells["exam_id"], []).append(cells)
    return found


def _exam(
    name: str,
    facts: Mapping[str, str],
    parts: list[dict[str, str]],
    published: list[dict[str, str]],
    how: Fields,
    lines: list[str],
    folder: PaperFolder,
) -> CatalogueExam:
    body = how.mapping(name, name)
    assert body is not None, name
    context = StepContext((), folder, {}, {}, [FINAL])
    texts = {key: tuple(_lines_of(body, key, lines)) for key in ("sections", "score", "percentile")}
    return CatalogueExam(
        name,
        facts["name"],
        facts["group"],
        _number(facts["scale_min"]),
        _number(facts["scale_max"]),
        facts["unit"],
        float(facts["contaminated_pct"]),
        tuple(map(_part, parts)),
        tuple(read_percentiles(body, context)),
        tuple(map(_published, published)),
        body.text("note", ""),
        texts["sections"],
        texts["score"],
        texts["percentile"],
        _line_of(body.lines, (*body.path, "pass"), lines).removeprefix("pass: ") if body.has("pass") else "",
        tuple(_tables(body, folder)),
    )


def _lines_of(body: Fields, key: str, lines: list[str]) -> Iterator[str]:
    """Each element of a list as it is written; every element stands on a line of its own."""
    for number in range(len(body.take(key) or ())):
        yield _line_of(body.lines, (*body.path, key, number), lines).removeprefix("- ")


def _line_of(where: Lines, path: tuple[str | int, ...], lines: list[str]) -> str:
    return lines[where.by_path[path] - 1].strip()


def _tables(body: Fields, folder: PaperFolder) -> Iterator[str]:
    named = [one.get("table") for key in ("score", "percentile") for one in body.take(key) or ()]
    for file in dict.fromkeys(one for one in named if one):
        if (folder.root / file).is_file():
            yield file


def _number(text: str) -> float | None:
    return float(text) if text else None


def _part(row: Mapping[str, str]) -> ExamPart:
    in_report = row["n_questions_in_report"]
    return ExamPart(
        row["section"],
        int(row["n_questions"]),
        _number(row["weight_pct"]),
        int(in_report) if in_report else None,
        row["rule"],
        row["source"],
    )


def _published(row: Mapping[str, str]) -> PublishedScore:
    return PublishedScore(
        row["model"],
        row["questions"],
        float(row["score"]),
        _number(row["percentile_low"]),
        _number(row["percentile_high"]),
        row["percentile_kind"],
        row["source"],
    )
