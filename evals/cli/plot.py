"""`evals plot`: pictures of records, each with its table and its data."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser("plot", help="pictures of records", description="Pictures of records.")
    plots = parser.add_subparsers(dest="plot", metavar="PLOT", required=True)
    sub = plots.add_parser(
        "calibration",
        help="whether probabilities and confidences can be believed",
        description="How far the probabilities of a model's options, or the confidences that it states, come true: a "
        "table, and with --out a reliability diagram. Several records are drawn over each other, on the questions "
        "that all have: a model before and after training.",
    )
    sub.add_argument("records", nargs="+", metavar="RECORD", help="records with `choice` or `confidence` events")
    sub.add_argument("--out", metavar="FILE", help="draw into this .png, .svg or .pdf (data beside it as .csv)")
    sub.add_argument("--bins", type=int, default=10, metavar="N", help="bins of equal width (default 10)")
    sub.add_argument("--seed", type=int, default=0, metavar="N", help="of intervals and halves (default 0)")
    sub.add_argument("--json", action="store_true", help="one JSON object on standard output")
    sub.set_defaults(func=run_calibration)


def run_calibration(args: argparse.Namespace) -> int:
    """Print the tables, and draw."""
    from pathlib import Path

    from evals.comparison.confidences import calibrate, read_confidences, shared
    from evals.errors import UsageError
    from evals.json_text import dumps
    from evals.report.plots.calibration_text import calibration_csv, calibration_json, calibration_text

    if not 1 <= args.bins <= 100:
        raise UsageError(f"--bins {args.bins}: give a number from 1 to 100")
    if args.out:
        from evals.report.plots.calibration import check_form

        check_form(args.out)
    whole = [read_confidences(path) for path in args.records]
    runs = shared(whole)
    names = [run.model for run in runs]
    if len(set(names)) < len(names):
        names = [Path(run.path.removesuffix(".gz")).stem for run in runs]
    found = [calibrate(run, args.bins, args.seed) for run in runs]
    left = [f"{name}: {len(all_.ids) - len(run.ids):,} samples that not all records have"
            for name, all_, run in zip(names, whole, runs, strict=True) if len(all_.ids) > len(run.ids)]  # fmt: skip
    differ = sum(len(set(prompts)) > 1 for prompts in zip(*(run.prompts for run in runs), strict=True))
    if args.json:
        rows = [calibration_json(*one) for one in zip(runs, found, names, strict=True)]
        print(dumps({"runs": rows, "n_prompts_differ": differ}))
    else:
        print("\n\n".join(calibration_text(*one) for one in zip(runs, found, names, strict=True)))
        print(*[f"left out, {line}" for line in left], sep="\n", end="\n" if left else "")
        if differ:
            print(f"warning: the prompts of {differ:,} questions differ between the records")
    if args.out:
        from evals.report.plots.calibration import draw_calibration

        draw_calibration(args.out, names, runs, found)
        data = Path(args.out).with_suffix(".csv")
        data.write_text(calibration_csv(names, found), encoding="utf-8")
        if not args.json:
            print(f"\nplot  {args.out}\ndata  {data}")
    return 0
