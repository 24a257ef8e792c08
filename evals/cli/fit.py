"""`evals fit`: a scaling law from tables or records, with intervals, and what it says of a larger model."""

from __future__ import annotations

import argparse
from typing import Any

from evals.forecasts.arguments import INPUTS_HELP, add_law_arguments, add_target_arguments


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "fit",
        help="a scaling law from tables or records",
        description="Fit a law of scaling to the models of tables or records, and say what it forecasts for a target. "
        "The target and whatever is larger is never fitted.",
    )
    parser.add_argument("inputs", nargs="+", metavar="TABLE|RECORD", help=INPUTS_HELP)
    add_law_arguments(parser)
    add_target_arguments(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the law.

    Raises:
        EvalsError: a table or a record cannot be used, or no law can be fitted to it.
    """
    from evals.forecasts.arguments import fit_of, read_split
    from evals.forecasts.fitting import with_values
    from evals.json_text import dumps
    from evals.report.terminal.law import law_json, law_text

    found = read_split(args.inputs, args)
    fit = fit_of(found, args)
    found = with_values(found, fit)
    prediction = None if found.target_compute_flops is None else fit.predict(found.target_compute_flops)
    print(dumps(law_json(fit, found, prediction)) if args.json else law_text(fit, found, prediction))
    return 0
