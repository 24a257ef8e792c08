"""`evals plot`: pictures of records, each with its table and its data."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evals.report.plots.kinds import Plot, PlotKind
from evals.report.plots.registered import PLOTS


def add_parser(subparsers: argparse._SubParsersAction[Any], kinds: Sequence[PlotKind] = PLOTS) -> None:
    """Register the sub-command, with a sub-command for each kind of plot."""
    parser = subparsers.add_parser("plot", help="pictures of records", description="Pictures of records.")
    plots = parser.add_subparsers(dest="plot", metavar="KIND", required=True)
    for kind in kinds:
        _add_kind(plots, kind)


def _add_kind(plots: argparse._SubParsersAction[Any], kind: PlotKind) -> None:
    sub = plots.add_parser(kind.name, help=kind.help, description=kind.description)
    needs = kind.needs
    sub.add_argument("inputs", nargs=1 if needs.at_most == 1 else "+", metavar=needs.metavar, help=needs.help)
    sub.add_argument("--out", metavar="FILE", help="draw into this .png, .svg or .pdf (data beside it as .csv)")
    sub.add_argument("--csv", metavar="FILE", help="write the data there, with or without a picture")
    kind.add_options(sub)
    sub.add_argument("--json", action="store_true", help="one JSON object on standard output")
    sub.set_defaults(func=run, kind=kind)


def run(args: argparse.Namespace) -> int:
    """Print the plot's numbers, and draw it where that is asked for.

    Raises:
        EvalsError: the inputs cannot be plotted, or not into this file.
    """
    from evals.cli.outputs import check_output
    from evals.json_text import dumps
    from evals.record.folders import without_copies

    kind: PlotKind = args.kind
    args.inputs = [str(path) for path in without_copies(map(Path, args.inputs))]
    _check_number(args.inputs, kind)
    check_output("--csv", args.csv, args.inputs)
    if args.out:
        from evals.report.plots.figure import check_form, data_beside

        check_form(args.out)
        check_output("--out", args.out, args.inputs)
        check_output(f"the data of --out {args.out}", str(data_beside(args.out)), args.inputs)
    plot = kind.make(args.inputs, args)
    print(dumps(plot.as_json()) if args.json else plot.text())
    written = list(_written(plot, args.out, args.csv))
    if written and not args.json:
        print("\n" + "\n".join(written))
    return 0


def _written(plot: Plot, out: str | None, csv: str | None) -> Iterator[str]:
    """Write the picture and the data, and say where."""
    from evals.report.plots.figure import save, save_data

    if out:
        data = save(out, plot)
        yield f"plot  {out}\ndata  {data}"
    if csv:
        yield f"data  {save_data(csv, plot)}"


def _check_number(inputs: Sequence[str], kind: PlotKind) -> None:
    from evals.errors import UsageError
    from evals.report.words import counted

    needs, noun = kind.needs, kind.needs.metavar.lower()
    if len(inputs) < needs.at_least:
        raise UsageError(f"evals plot {kind.name} needs {counted(needs.at_least, noun)} or more, got {len(inputs)}")
    if needs.at_most is not None and len(inputs) > needs.at_most:
        raise UsageError(f"evals plot {kind.name} takes at most {counted(needs.at_most, noun)}, got {len(inputs)}")
