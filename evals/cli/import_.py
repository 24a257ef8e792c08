"""`evals import`: take over evals and runs of other tools."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.texts.number_text import counted

if TYPE_CHECKING:
    from evals.interchange.import_exam import ImportedExam
    from evals.interchange.import_hosted import Imported

MAX_DIFFERENCES = 5


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "import", help="take over evals and runs of other tools", description="Take over evals and runs of other tools."
    )
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    hosted = kinds.add_parser(
        "openai-evals",
        help="OpenAI's hosted Evals",
        description="Read what was saved of OpenAI's hosted Evals. That may be objects of the API (evals, runs, "
        "output items), folders of them, the dashboard's results file, or its Promptfoo export. Write a "
        "registry folder: evals, rows, and old runs as records. What is not supported is listed. Nothing is called "
        "or overwritten.",
    )
    hosted.add_argument("path", nargs="+", metavar="PATH", help="a file (.json, .jsonl, .yaml) or a folder")
    hosted.add_argument("--out", default="registry", metavar="DIR", help="the registry folder to write (registry)")
    hosted.add_argument("--json", action="store_true", help="one JSON object on standard output")
    hosted.set_defaults(func=run)
    exam = kinds.add_parser(
        "exam",
        help="a paper: AGIEval's files, or a table",
        description="Write a paper of the exam format from AGIEval's JSON lines, each file a section, or from a CSV "
        "table. Its columns are question, options, key, section and marks. DIR/data/NAME holds the paper, "
        "DIR/evals/NAME.yaml its eval. A row that cannot be used is an error with its line. Nothing is overwritten.",
    )
    exam.add_argument("path", nargs="+", metavar="FILE", help="a file (.jsonl, .csv, .tsv)")
    exam.add_argument("--out", default="registry", metavar="DIR", help="the registry folder to write (registry)")
    exam.add_argument("--name", default="", metavar="NAME", help="of the paper and its eval (the name of the file)")
    exam.add_argument("--language", default="en", metavar="CODE", help="of the questions (en)")
    exam.add_argument("--skip", action="store_true", help="leave out rows that cannot be used, and list them")
    exam.add_argument("--json", action="store_true", help="one JSON object on standard output")
    exam.set_defaults(func=run_exam)


def run(args: argparse.Namespace) -> int:
    """Import, and print what was written and what was not."""
    from evals.interchange.import_hosted import import_hosted

    imported = import_hosted([Path(path) for path in args.path], Path(args.out))
    if args.json:
        from evals.json_text import dumps

        print(dumps(as_json(imported)))
    else:
        print("\n".join(lines_of(imported, args.out)))
    return 0


def as_json(imported: Imported) -> dict[str, Any]:
    """What was written and what was not, as plain values."""
    return {
        "evals": imported.evals,
        "files": [str(path) for path in imported.files],
        "records": [str(path) for path in imported.records],
        "notes": [{"where": note.where, "what": note.what} for note in imported.notes],
        "regraded": imported.regraded.n,
        "differences": [vars(difference) for difference in imported.regraded.differences],
    }


def lines_of(imported: Imported, out: str) -> list[str]:
    """The lines that the command prints."""
    lines = [f"wrote {path}" for path in (*imported.files, *imported.records)]
    if imported.notes:
        lines += ["", f"not taken over, or not exactly ({len(imported.notes)}):"]
        lines += [f"  {note.where}: {note.what}" for note in imported.notes]
    regraded = imported.regraded
    if regraded.n:
        same = regraded.n - len(regraded.differences)
        lines += ["", f"{same} of {regraded.n} stored scores of graders without a model are the same today"]
        for one in regraded.differences[:MAX_DIFFERENCES]:
            lines.append(f"  {one.where}, grader {one.grader!r}: stored {one.stored:g}, now {one.now:g}")
        if len(regraded.differences) > MAX_DIFFERENCES:
            lines.append(f"  and {len(regraded.differences) - MAX_DIFFERENCES} more (--json lists all)")
    option = f" --registry_path {shlex.quote(out)}"
    if imported.evals:
        lines += ["", f"  check it     evals check {imported.evals[-1]}{option}"]
        lines += [f"  run it       oaieval MODEL {imported.evals[-1]}{option}"]
    if imported.records:
        lines += [f"  read a run   evals view {shlex.quote(str(imported.records[-1]))}"]
    return lines


def run_exam(args: argparse.Namespace) -> int:
    """Import a paper, and print what was written and what was left out."""
    from evals.interchange.import_exam import import_exam

    paths = [Path(path) for path in args.path]
    imported = import_exam(paths, Path(args.out), name=args.name, language=args.language, skip=args.skip)
    if args.json:
        from evals.json_text import dumps

        print(dumps(exam_as_json(imported)))
    else:
        print("\n".join(exam_lines(imported, args.out)))
    return 0


def exam_as_json(imported: ImportedExam) -> dict[str, Any]:
    """What was written and what was left out, as plain values."""
    sections = [{"id": one.id, "n": len(one.items), "points": one.max_points} for one in imported.paper.sections]
    return {
        "name": imported.name,
        "folder": str(imported.folder),
        "files": [str(path) for path in imported.files],
        "n": len(imported.paper.items),
        "sections": sections,
        "kinds": imported.kinds,
        "left_out": [{"where": error.where, "what": error.what} for error in imported.left_out],
    }


def exam_lines(imported: ImportedExam, out: str) -> list[str]:
    """The lines that the command prints."""
    lines = [f"wrote {path}" for path in imported.files]
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in imported.kinds.items())
    lines += ["", f"{counted(len(imported.paper.items), 'question')}: {kinds}"]
    for section in imported.paper.sections:
        points = f"{section.max_points:g} point{'' if section.max_points == 1 else 's'}"
        lines.append(f"  section {section.id}: {counted(len(section.items), 'question')}, {points}")
    if imported.left_out:
        lines += ["", f"left out ({len(imported.left_out)}):"]
        lines += [f"  {error.where}: {error.what}" for error in imported.left_out]
    option = f" --registry_path {shlex.quote(out)}"
    lines += ["", f"  check it     evals check {imported.name}{option}"]
    lines += [f"  run it       oaieval MODEL {imported.name}{option}"]
    lines += [f"  edit it      {imported.folder / 'exam.yaml'}: scale, percentile, pass mark (docs/exams.md)"]
    return lines
