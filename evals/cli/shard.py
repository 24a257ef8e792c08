"""`evals shard`: run one share of an eval's samples, for Slurm arrays, CI matrices and several machines."""

from __future__ import annotations

import argparse
from typing import Any

from evals.cli.oaieval_flags import add_run_arguments

DESCRIPTION = """Run one share of the samples of an eval; all other options are those of `oaieval`. Shares are decided
by the content of the rows, so every machine makes the same ones. The same command again goes on where it was stopped.
`evals merge DIR` makes one record of all shares."""


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser("shard", help="run one share of an eval's samples", description=DESCRIPTION)
    add_run_arguments(parser)
    next(action for action in parser._actions if action.dest == "eval").nargs = "?"
    group = parser.add_argument_group("shares")
    group.add_argument("--of", type=int, required=True, metavar="N", help="how many shares there are")
    group.add_argument("--index", type=int, required=True, metavar="I", help="which one this is, from 0 to N - 1")
    group.add_argument("--out", required=True, metavar="DIR", help="folder of the shares' records")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Run one share."""
    from pathlib import Path

    from evals.cli.oaieval import run_command_line
    from evals.distributed.merge import shard_name
    from evals.engine.shard import Shard
    from evals.errors import UsageError

    _complete(args)
    try:
        args.shard = Shard(args.index, args.of)
    except ValueError:
        raise UsageError(
            f"--index {args.index} is no share of {args.of}", fix=f"use 0 to {max(0, args.of - 1)}"
        ) from None
    if args.record_path is not None:
        raise UsageError("--out says where the record of a shard goes", fix="leave --record_path out")
    if args.dry_run or args.sequential or args.baseline:
        raise UsageError("--dry-run, --sequential and --baseline need all samples", fix="use them with oaieval")
    path = Path(args.out) / shard_name(args.shard)
    args.record_path = str(path)
    args.resume = path.exists()
    return run_command_line(args)


def _complete(args: argparse.Namespace) -> None:
    """Take from the project file what the command line leaves out, as `oaieval` does."""
    from evals.cli.oaieval_flags import get_parser
    from evals.errors import UsageError
    from evals.project import current_project

    project, plain = current_project(), get_parser()
    if args.eval is None:
        model = project.get("model")
        if model is None:
            raise UsageError(
                "a model and an eval are needed", fix="evals shard MODEL EVAL ..., or name a `model` in evals.toml"
            )
        args.completion_fn, args.eval = model, args.completion_fn
    for name, value in project.option_defaults().items():
        if getattr(args, name) == plain.get_default(name):
            setattr(args, name, value)
