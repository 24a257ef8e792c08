"""`evals runs`: the runs in a folder of records, a line each, the newest first."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from evals.cli.console import terminal_width

DEFAULT_SHOWN = 30


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "runs",
        help="the runs in a folder of records",
        description="List runs, the newest first: time, eval, model, score with its 95 % interval and n, cost, state "
        "and tags. Only the ends of the records are read.",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="records or folders of them (default: evallogs/)")
    parser.add_argument("--eval", metavar="TEXT", help="only evals whose name contains this")
    parser.add_argument("--model", metavar="TEXT", help="only models whose name contains this")
    parser.add_argument("--tag", action="append", default=[], metavar="TAG", help="only runs with this tag; repeatable")
    parser.add_argument("--last", type=int, default=DEFAULT_SHOWN, metavar="N", help="the newest N (30); 0 for all")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the runs that fit."""
    from pathlib import Path

    from evals.comparison.run_list import runs_in, that_fit
    from evals.errors import UsageError
    from evals.json_text import dumps
    from evals.report.terminal.run_list import run_list_text
    from evals.runner.request import log_dir
    from evals.texts.safe_text import printable

    paths = [Path(path) for path in args.paths] or [log_dir()]
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise UsageError("no records here", where=str(missing), fix="run one: oaieval MODEL EVAL")
    found = list(that_fit(runs_in(paths), evals=args.eval, model=args.model, tags=args.tag))
    shown = found[: args.last] if args.last > 0 else found
    if args.json:
        print(dumps({"n": len(found), "runs": [one.as_dict() for one in shown]}))
    elif found:
        print(printable(run_list_text(shown, len(found), terminal_width(sys.stdout))))
    else:
        print("no run fits", file=sys.stderr)
    return 0
