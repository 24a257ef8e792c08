"""`evals score`: score the completions of an earlier record again, with no calls."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from evals.cli.console import existing_folder

_IMAGE_FLAGS = {"condition": "--images", "max_px": "--max_image_px", "max_bytes": "--max_image_bytes"}
"What a record says of images: prompts are only found in it if they are made in the same way."


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "score",
        help="score stored completions again, with no calls",
        description="Play the completions of a record through an eval's scorer: the record's own eval, or another one "
        "over the same samples. Nothing is called, unless --ask has other graders judge; a new record is written.",
    )
    parser.add_argument("record", help="the record whose completions are used")
    parser.add_argument("--eval", metavar="NAME", help="score as this eval (default: the record's own)")
    parser.add_argument("--extra_eval_params", action="append", default=[], metavar="k=v", help="arguments of the eval")
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")
    parser.add_argument(
        "--data_path",
        action="append",
        default=[],
        type=existing_folder,
        metavar="DIR",
        help="copies of public benchmarks",
    )
    parser.add_argument(
        "--grader", action="append", default=[], metavar="NAME", help="of a panel: each name, in the order of the run"
    )
    parser.add_argument("--ask", action="store_true", help="ask the graders of --grader about the stored completions")
    parser.add_argument("--record_path", metavar="PATH", help="where the new record goes")
    parser.add_argument("--max-errors", default="0", metavar="N|FRACTION", help="samples without a stored completion")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Rescore one record."""
    from evals.cli.oaieval import run_and_print
    from evals.cli.oaieval_flags import get_parser
    from evals.comparison.facts import facts_of
    from evals.errors import DataError
    from evals.record.reader import read_record

    record = read_record(args.record)
    if not record.spec:
        raise DataError("this file is no record: it has no spec line", where=args.record)
    eval_name = args.eval or record.spec.get("eval_name")
    if not eval_name:
        raise DataError("this record does not name its eval", where=args.record, fix="name it: --eval NAME")
    _check_graders(args, record.spec)
    facts = facts_of(record)
    argv = ["--completion_args", f"record={args.record}"]
    argv += ["--seed", str(facts.seed or 20220722), "--max-errors", args.max_errors]
    if facts.max_samples is not None and facts.max_samples > 0:
        argv += ["--max_samples", str(facts.max_samples)]
    if facts.repeats > 1:
        argv += ["--repeats", str(1 + max((sample.repeat or 0 for sample in record.samples()), default=0))]
    for name, flag in _IMAGE_FLAGS.items():
        if name in facts.images:
            argv += [flag, str(facts.images[name])]
    for flag in ("extra_eval_params", "registry_path", "data_path", "grader"):
        for value in getattr(args, flag):
            argv += [f"--{flag}", value]
    if args.ask:
        argv += ["--completion_args", "asks_graders=true"]
    if args.record_path:
        argv += ["--record_path", args.record_path]
    if args.json:
        argv.append("--json")
    # After `--`, the name of an eval that a record gives cannot be taken for an option.
    parsed = get_parser().parse_args([*argv, "--", "replay", str(eval_name)])
    parsed.local_only = not args.ask
    return run_and_print(parsed).exit_code


def _check_graders(args: argparse.Namespace, spec: Mapping[str, Any]) -> None:
    """Raise UsageError for a name under which verdicts of another grader would be played back, and --ask of nobody."""
    from evals.errors import UsageError, listed

    if args.ask and not args.grader:
        raise UsageError("--ask asks graders, and none is named", fix="--grader NAME, a name or several with commas")
    recorded = [one["name"] for one in spec.get("run_config", {}).get("graders") or () if isinstance(one, dict)]
    named = [name.strip() for given in args.grader for name in given.split(",")]
    strange = [name for name in named if name not in recorded]
    if strange and recorded and not args.ask:
        raise UsageError(
            f"{listed(strange)} did not grade this record, {listed(recorded)} did",
            where=args.record,
            fix=f"--ask asks {listed(strange)} about the stored completions; --grader {','.join(recorded)} plays back",
        )
