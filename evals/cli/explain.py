"""`evals explain`: why two scores differ, in parts that add up to the gap."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "explain",
        help="why two scores differ",
        description="Take the gap between two runs apart: rows that only one of them has, the scorer, and the "
        "completions. The second run's eval, as installed here, scores the stored completions of both again, with no "
        "calls. What cannot be told from the records is said.",
    )
    parser.add_argument("a", metavar="A", help="the record of the first run")
    parser.add_argument("b", metavar="B", help="the record of the second run")
    parser.add_argument("--metric", metavar="M", help="a number of `metrics` events, or `correct` (default: the usual)")
    parser.add_argument("--by-id", action="store_true", help="pair by id, though the rows of the data differ")
    parser.add_argument("--no-rescoring", action="store_true", help="take the recorded scores for comparable")
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")
    parser.add_argument("--data_path", action="append", default=[], metavar="DIR", help="copies of public benchmarks")
    parser.add_argument(
        "--extra_eval_params",
        action="append",
        default=[],
        metavar="k=v",
        help="arguments of the scoring eval",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Explain the gap."""
    from evals.comparison.compare import read_runs
    from evals.comparison.explain import explain_runs
    from evals.json_text import dumps
    from evals.key_values import number_or_text, split_pairs
    from evals.report.run_names import run_names
    from evals.report.terminal.explanation import explanation_text

    given = split_pairs(args.extra_eval_params, "--extra_eval_params")
    a, b = read_runs([args.a, args.b], args.metric)
    explanation = explain_runs(
        a,
        b,
        registry_paths=args.registry_path,
        data_paths=args.data_path,
        eval_args={name: number_or_text(text) for name, text in given.items()},
        by_id=args.by_id,
        rescoring=not args.no_rescoring,
    )
    if args.json:
        from evals.comparison.as_json import explanation_json

        print(dumps(explanation_json(explanation)))
    else:
        print(explanation_text(explanation, run_names([a, b])))
    return 0
