"""The arguments that `evals fit`, `evals forecast make` and `evals plot scaling` share: inputs, law, target."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals.forecasts.fitting import Fit
    from evals.forecasts.targets import Split

INPUTS_HELP = "tables (.csv, .tsv, .parquet) with a row a model, or records of one eval"


LAWS = ("loss", "power", "pass-rate")


def add_law_arguments(parser: argparse.ArgumentParser) -> None:
    """Which values, which law, fitted how."""
    parser.add_argument("--value", metavar="NAME", help="column or metric; by default the first loss that is there")
    parser.add_argument("--family", metavar="NAME", help="models of this family alone")
    add_law_options(parser)


def add_law_options(parser: argparse.ArgumentParser, laws: Sequence[str] = LAWS) -> None:
    """Which law, fitted how. laws: the first one is the default."""
    auto = "by what the records hold (default); " if laws[0] == "auto" else ""
    parser.add_argument(
        "--law",
        default=laws[0],
        choices=laws,
        help=f"{auto}a C^b + c{'' if auto else ' (default)'}, a C^b, or that of the mean negative log pass rate",
    )
    parser.add_argument("--constant", type=float, metavar="C", help="the irreducible loss, where it is known")
    parser.add_argument("--drop-smallest", type=int, default=0, metavar="K", help="fit without the K smallest models")
    parser.add_argument(
        "--zeros",
        default="drop",
        choices=("drop", "refuse", "censored"),
        help="problems that a model never passed, of pass-rate laws (default drop: for all models)",
    )
    parser.add_argument("--confidence", type=float, default=0.95, metavar="P", help="level of intervals (default 0.95)")
    parser.add_argument("--draws", type=int, default=1000, metavar="N", help="bootstrap draws (default 1000)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the draws (default 0)")
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")


def add_target_arguments(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """What is forecast, and from which models."""
    parser.add_argument(
        "--target", metavar="MODEL", required=required, help="the model to forecast, or a number of FLOPs"
    )
    parser.add_argument("--target-compute", type=float, metavar="FLOPS", help="of a target that no file knows")
    parser.add_argument("--within", type=float, metavar="SHARE", help="fit models up to this share of its compute")


def read_split(inputs: Sequence[str], args: argparse.Namespace) -> Split:
    """The ladder of the inputs, split at the target.

    Raises:
        EvalsError: a file or an argument cannot be used.
    """
    from evals.comparison.ladder_files import read_ladder
    from evals.forecasts.targets import split
    from evals.registry.lookup import Registry

    registry = Registry()
    registry.add_registry_paths(args.registry_path)
    ladder = read_ladder(inputs, args.value, registry, passes=args.law == "pass-rate").of_family(args.family)
    return split(ladder, args.target, args.target_compute, args.within, registry)


def fit_of(found: Split, args: argparse.Namespace) -> Fit:
    """The law of the rungs that are to be fitted.

    Raises:
        EvalsError: an option is out of range, or no law can be fitted.
    """
    from evals.errors import UsageError
    from evals.forecasts.fitting import FitOptions, fit_ladder

    if not 0 < args.confidence < 1:
        raise UsageError(f"--confidence {args.confidence:g}: a number between 0 and 1, such as 0.95")
    if not 10 <= args.draws <= 1_000_000:
        raise UsageError(f"--draws {args.draws}: give a number from 10 to 1,000,000")
    options = FitOptions(
        args.law, args.confidence, args.draws, args.seed, args.drop_smallest, args.zeros, args.constant
    )
    return fit_ladder(found.fitted, options)
