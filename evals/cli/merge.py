"""`evals merge`: make one record of the shares that `evals shard` has run."""

from __future__ import annotations

import argparse
from typing import Any

from evals.cli.console import existing_folder
from evals.cli.oaieval_flags import tolerance

DESCRIPTION = """Make one record of the shares of a run, in the order of the samples, with the report over all of them.
The eval is taken from your registries, and its data is read; the model is not called."""


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser("merge", help="make one record of several shares", description=DESCRIPTION)
    parser.add_argument("folder", type=existing_folder, metavar="DIR", help="folder of the shares' records")
    parser.add_argument("--record_path", metavar="PATH", help="where the record goes (default: DIR/merged.jsonl)")
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")
    parser.add_argument(
        "--data_path", action="append", default=[], type=existing_folder, metavar="DIR",
        help="copies of public benchmarks",
    )  # fmt: skip
    parser.add_argument("--extra_eval_params", action="append", default=[], metavar="k=v", help="as the shares had")
    parser.add_argument("--prompt", metavar="NAME", help="as the shares had")
    parser.add_argument("--grader", action="append", default=[], metavar="NAME", help="as the shares had; repeatable")
    parser.add_argument(
        "--max-errors", type=tolerance, default="0", metavar="N|FRACTION", help="failed samples tolerated (default 0)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Merge the shares in a folder."""
    import sys
    from pathlib import Path

    from evals.cli.oaieval import graders_named
    from evals.distributed.merge import merge_shards
    from evals.json_text import jsondumps
    from evals.key_values import number_or_text, split_pairs
    from evals.report.run_json import run_json
    from evals.report.terminal.run import final_block

    pairs = split_pairs(args.extra_eval_params, "--extra_eval_params")
    given: dict[str, Any] = {key: number_or_text(text) for key, text in pairs.items()}
    if args.prompt is not None:
        given["prompt"] = args.prompt
    if args.grader:
        given["grader"] = graders_named(args.grader)
    folder = Path(args.folder)
    result = merge_shards(
        folder,
        Path(args.record_path) if args.record_path else folder / "merged.jsonl",
        registry_paths=args.registry_path,
        data_paths=args.data_path,
        eval_params=given,
        max_errors=args.max_errors,
        command=" ".join(sys.argv),
    )
    if args.json:
        print(jsondumps(run_json(result)))
    else:
        print(final_block(result, ""))
    return result.exit_code
