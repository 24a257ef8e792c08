"""`evals report`: the numbers of runs as a table, for the terminal, for Markdown, for a spreadsheet or for a paper."""

from __future__ import annotations

import argparse
import sys
from typing import Any

FORMATS = ("text", "markdown", "csv", "latex")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "report",
        help="the numbers of runs as a table",
        description="A table of runs that have ended: all metrics of one run, or models by evals, each number with its "
        "95 % interval and n. Of several runs of a model on an eval the newest is taken.",
    )
    parser.add_argument("records", nargs="+", metavar="RECORD", help="records, or folders of them")
    parser.add_argument("--metric", metavar="NAME", help="this metric (default: the one that stands for each eval)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="text, markdown, csv or latex (booktabs)")
    parser.add_argument("--out", metavar="FILE", help="write there instead of standard output")
    parser.add_argument("--html", metavar="FILE", help="write the page of these records: numbers, plots, every sample")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print or write the table."""
    from pathlib import Path

    from evals.comparison.run_table import read_table
    from evals.errors import UsageError
    from evals.json_text import dumps
    from evals.report import tables
    from evals.texts.safe_text import printable

    if args.html:
        return _write_page(args.records, args.html)
    if args.json and args.format != "text":
        raise UsageError("--json is a format of its own", fix="leave --format out")
    table = read_table(map(Path, args.records))
    for words in table.left_out:
        print(f"left out: {words}", file=sys.stderr)
    if args.json:
        text = dumps({"rows": tables.plain_rows(table, args.metric), "left_out": table.left_out})
    else:
        text = tables.FORMATS[args.format](table, args.metric)
    if args.out:
        Path(args.out).write_text(text + "\n", encoding="utf-8")
        print(f"wrote {args.out}", file=sys.stderr)
    else:
        print(printable(text))
    return 0


def _write_page(records: list[str], out: str) -> int:
    """Write the page; records are read anew, as it shows their samples."""
    from evals.report.html.page import write_page
    from evals.report.words import printable

    write_page(records, out)
    print(f"wrote {printable(out)}", file=sys.stderr)
    return 0
