"""`evals check`: prove an eval before anything is paid: names, rows, and its own answers through its own scorer."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from evals.cli.console import existing_folder
from evals.texts.number_text import counted

if TYPE_CHECKING:
    from evals.runner.checks import EvalCheck


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "check",
        help="check an eval before anything is paid",
        description="Check evals without calling any model: names, classes and every row. Ideal answers must pass "
        "their own scorer, and an empty completion must not. Of a model: class, arguments, key, and the day of its "
        "end. Failures exit 1.",
    )
    parser.add_argument(
        "names", nargs="+", metavar="NAME|PATH", help="an eval, a YAML file of evals, a registry, or a model"
    )
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")
    parser.add_argument(
        "--data_path",
        action="append",
        default=[],
        type=existing_folder,
        metavar="DIR",
        help="copies of public benchmarks",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Check each named eval; the exit code is 1 when anything failed."""
    from evals.json_text import dumps
    from evals.report.words import counted
    from evals.runner.checks import check_evals

    checks = []
    for check in check_evals(args.names, args.registry_path, args.data_path):
        checks.append(check)
        if not args.json:
            print(_block(check), flush=True)
    n_failed = sum(finding.level == "failed" for check in checks for finding in check.findings)
    if args.json:
        print(dumps({"checks": [check.as_dict() for check in checks], "n_failed": n_failed}))
    elif n_failed:
        print(f"{counted(n_failed, 'failure')}: exit 1")
    return 1 if n_failed else 0


def _block(check: EvalCheck) -> str:
    size = f"   {counted(check.n_samples, 'sample')}" if check.n_samples is not None else ""
    lines = [f"{check.name}{size}   {check.where or ''}".rstrip()]
    for finding in check.findings:
        first, *rest = finding.text.splitlines()
        lines.append(f"  {finding.level:<7} {first}")
        lines.extend(f"          {line.strip()}" for line in rest)
    return "\n".join(lines)
