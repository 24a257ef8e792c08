"""`evals import`: take over evals and runs of other tools."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
        description="Read what was saved of OpenAI's hosted Evals: objects of the API (evals, runs, output items), "
        "folders of them as migration scripts write them, the dashboard's results file, its Promptfoo export. Write a "
        "registry folder: evals, rows, and old runs as records. What is not supported is listed. Nothing is called "
        "or overwritten.",
    )
    hosted.add_argument("path", nargs="+", metavar="PATH", help="a file (.json, .jsonl, .yaml) or a folder")
    hosted.add_argument("--out", default="registry", metavar="DIR", help="the registry folder to write (registry)")
    hosted.add_argument("--json", action="store_true", help="one JSON object on standard output")
    hosted.set_defaults(func=run)


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
        lines += ["", f"  prove it     evals check {imported.evals[-1]}{option}"]
        lines += [f"  run it       oaieval MODEL {imported.evals[-1]}{option}"]
    if imported.records:
        lines += [f"  read a run   evals view {shlex.quote(str(imported.records[-1]))}"]
    return lines
