"""`evals report`: the numbers of runs as a table, for the terminal, for Markdown, for a spreadsheet or for a paper."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

FORMATS = ("text", "markdown", "csv", "latex")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "report",
        help="the numbers of runs as a table",
        description="A table of runs that have ended: all metrics of one run, or models by evals, each number with its "
        "95 % interval and n. Of several runs of a model on an eval the newest finished one is taken, and the others "
        "are named. --html and --parquet take all records that are named, also of runs that have not ended.",
    )
    parser.add_argument("records", nargs="+", metavar="RECORD", help="records, or folders of them")
    parser.add_argument("--metric", metavar="NAME", help="this metric (default: the one that stands for each eval)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="text, markdown, csv or latex (booktabs)")
    parser.add_argument("--out", metavar="FILE", help="write there instead of standard output")
    parser.add_argument("--html", metavar="FILE", help="write the page of these records: numbers, plots, every sample")
    parser.add_argument("--images", metavar="DIR", help="with --html: a folder with the pictures of prompts")
    parser.add_argument("--parquet", metavar="FILE", help="write all samples as a Parquet table, a row each")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print or write the table; write the page, or the table of samples, where these are asked for."""
    from evals.cli.outputs import check_output
    from evals.errors import UsageError

    if args.json and args.format != "text":
        raise UsageError("--json is a format of its own", fix="leave --format out")
    if args.images and not args.html:
        raise UsageError("--images belongs to the page", fix="add --html FILE")
    for option in ("out", "html", "parquet"):
        check_output(f"--{option}", getattr(args, option), args.records)
    if args.html or args.parquet:
        return _write_files(args)
    return _write_table(args)


def _write_table(args: argparse.Namespace) -> int:
    from evals.comparison.run_table import read_table
    from evals.json_text import dumps
    from evals.report import tables
    from evals.texts.safe_text import printable

    table = read_table(map(Path, args.records))
    for words in table.left_out:
        print(f"left out: {words}", file=sys.stderr)
    if args.json:
        notes = {run.path: run.notes for run in table.runs if run.notes}
        text = dumps({"rows": tables.plain_rows(table, args.metric), "left_out": table.left_out, "notes": notes})
    else:
        text = tables.FORMATS[args.format](table, args.metric)
    if args.out:
        Path(args.out).write_text(text + "\n", encoding="utf-8")
        print(f"wrote {args.out}", file=sys.stderr)
    else:
        print(printable(text))
    return 0


def _write_files(args: argparse.Namespace) -> int:
    """Write the page and the table of samples. Records are read whole, also those of runs that did not end."""
    paths = _record_paths(args.records)
    if args.html:
        from evals.report.html.page import write_page

        _write(args.html, lambda: write_page(paths, args.html, images=args.images))
    if args.parquet:
        from evals.report.sample_table import write_parquet

        _write(args.parquet, lambda: write_parquet(paths, args.parquet))
    return 0


def _write(out: str, write: Callable[[], object]) -> None:
    from evals.errors import UsageError
    from evals.texts.safe_text import printable

    try:
        write()
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror or error}", fix="check the path") from None
    print(f"wrote {printable(out)}", file=sys.stderr)


def _record_paths(named: Sequence[str]) -> list[Path]:
    """The records among files and folders; a file that was named itself is one, or an error when it is read.

    Raises:
        DataError: a folder holds no record.
    """
    from evals.errors import DataError
    from evals.record.folders import summaries, without_copies

    found: list[Path] = []
    for path in map(Path, named):
        inside = [one.path for one in summaries([path])] if path.is_dir() else [path]
        if not inside:
            raise DataError("no record here", where=str(path), fix="name records, or a folder that holds some")
        found += inside
    return without_copies(found)
