"""`evals exams`: the exams of the GPT-4 Technical Report, with their scale, percentiles and published scores."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from evals.texts.number_text import counted

if TYPE_CHECKING:
    from evals.exams.catalogue import CatalogueExam, PublishedScore

COLUMNS = ("exam", "scale", "questions", "tables", "gpt-4", "pct", "gpt-3.5", "pct")
WIDTH = 80


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "exams",
        help="exams whose structure, scale and percentiles are known",
        description="The 34 exams of the GPT-4 Technical Report: sections, scale, percentile tables and the scores "
        "that the report states. There are no questions here: `evals new NAME --like EXAM` writes a paper to fill in.",
    )
    parser.add_argument("exam", nargs="?", metavar="EXAM", help="one exam in full: LSAT, gre-q, ap-biology")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the table, or one exam."""
    from evals.exams.catalogue import catalogue, catalogue_exam
    from evals.json_text import dumps

    exams = catalogue() if args.exam is None else (catalogue_exam(args.exam),)
    if args.json:
        print(dumps({"exams": [as_json(exam) for exam in exams]}))
    elif args.exam is None:
        print("\n".join(table([COLUMNS, *map(row_of, exams)])))
    else:
        print("\n".join(in_full(exams[0])))
    return 0


def row_of(exam: CatalogueExam) -> tuple[str, ...]:
    """The cells of an exam."""
    stated = {one.model: one for one in exam.published if one.questions == "all"}
    cells = [text for model in ("gpt-4", "gpt-3.5") for text in (f"{stated[model].score:g}", range_text(stated[model]))]
    n_questions = sum(part.n_questions for part in exam.parts)
    return exam.id, scale_of(exam), f"{n_questions or ''}", f"{len(exam.percentiles) or ''}", *cells


def scale_of(exam: CatalogueExam) -> str:
    """`120-180`; the unit alone where the scale has no ends."""
    if exam.scale_min is None or exam.scale_max is None:
        return exam.unit
    return f"{exam.scale_min:g}-{exam.scale_max:g}{'%' if exam.unit == '%' else ''}"


def range_text(score: PublishedScore) -> str:
    """The percentile range that is stated: `85-100`, `~88` where one figure is given; empty where none is."""
    if score.low is None or score.high is None:
        return ""
    return f"~{score.low:g}" if score.kind == "point_approx" else f"{score.low:g}-{score.high:g}"


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """The rows as lines, all but the first column to the right, and what the columns are."""
    from textwrap import wrap

    widths = [max(len(row[k]) for row in rows) for k in range(len(COLUMNS))]
    cells = (
        [text.rjust(width) if k else text.ljust(width) for k, (text, width) in enumerate(zip(row, widths, strict=True))]
        for row in rows
    )
    note = "pct: percentile of the takers, as the report states it; tables: populations that a score is put among here"
    return [*("  ".join(row).rstrip() for row in cells), *wrap(note, WIDTH)]


def in_full(exam: CatalogueExam) -> Iterator[str]:
    """The lines on one exam: its parts, its steps, and each published score beside what the tables say of it."""
    from textwrap import wrap

    yield f"{exam.name}  ({exam.id}, {exam.group}, {scale_of(exam)})"
    if exam.note:
        yield from (f"  {line}" for line in wrap(f"{exam.note[0].upper()}{exam.note[1:]}.", WIDTH - 2))
    for part in exam.parts:
        weight = "" if part.weight_pct is None else f", {part.weight_pct:g} %"
        yield f"  {part.name}: {counted(part.n_questions, 'question')}{weight}"
    for one in exam.percentiles:
        yield f"  percentiles: {one.population} ({one.origin.status})"
    yield f"  found in training data: {exam.contaminated_pct:g} % of the questions"
    for score in exam.published:
        yield from _published_lines(exam, score)
    if exam.section_lines:
        yield f"  a paper of this form: evals new NAME --like {exam.id.lower().replace('_', '-')}"


def _published_lines(exam: CatalogueExam, score: PublishedScore) -> Iterator[str]:
    questions = "" if score.questions == "all" else ", clean questions alone"
    stated = f", percentile {range_text(score)}" if range_text(score) else ""
    yield f"  {score.model}{questions}: {score.score:g}{stated}"
    if score.questions == "all":
        for one, found in exam.ranges_of(score.score):
            yield f"    by {one.population}: {found.low[0]:.1f} to {found.high[0]:.1f}"


def as_json(exam: CatalogueExam) -> dict[str, Any]:
    """All facts on an exam; percentile tables by their populations, each published score with its range in them."""
    from dataclasses import asdict

    facts = asdict(exam)
    for key in ("percentiles", "section_lines", "score_lines", "percentile_lines", "pass_line"):
        del facts[key]
    for stated, score in zip(facts["published"], exam.published, strict=True):
        stated["by_population"] = {
            one.population: [float(found.low[0]), float(found.high[0])] for one, found in exam.ranges_of(score.score)
        }
    populations = [
        {"population": one.population, "year": one.year, "status": one.origin.status, "source": one.origin.source}
        for one in exam.percentiles
    ]
    return {**facts, "populations": populations}
