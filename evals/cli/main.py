"""`evals`: everything but running: look, check, score, compare, gate, plot, judge code, serve a local model, import."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from evals.cli import (
    check,
    code,
    compare,
    completion,
    contamination,
    data,
    exams,
    explain,
    fit,
    forecast,
    gate,
    grader,
    import_,
    label,
    list_,
    merge,
    models,
    new,
    plot,
    preferences,
    report,
    runs,
    sandbox,
    scale,
    score,
    serve,
    settings,
    shard,
    show,
    view,
    vote,
)
from evals.cli.console import Parser, run_command

COMMANDS = (
    list_,
    models,
    show,
    check,
    new,
    exams,
    data,
    view,
    score,
    compare,
    explain,
    gate,
    contamination,
    preferences,
    label,
    grader,
    vote,
    plot,
    runs,
    report,
    fit,
    forecast,
    scale,
    shard,
    merge,
    code,
    sandbox,
    serve,
    import_,
    settings,
    completion,
)


def get_parser() -> Parser:
    """The parser with all sub-commands."""
    from evals import __version__

    parser = Parser(
        prog="evals",
        description="Look at evals, prove them, and read their records. `oaieval` runs one, `oaievalset` several.",
        epilog="More on one command: evals COMMAND --help",
    )
    parser.add_argument("--version", action="version", version=f"oaieval {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The command's entry point; returns the exit code."""
    return run_command(lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    parser = get_parser()
    args: argparse.Namespace = parser.parse_args(argv)
    if args.command is None:
        parser.print_help(sys.stderr)
        return 2
    code: int = args.func(args)
    return code


if __name__ == "__main__":
    sys.exit(main())
