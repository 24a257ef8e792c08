"""`evals forecast`: make a forecast before its target exists, list, show and score what was forecast."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from evals.forecasts.arguments import INPUTS_HELP, add_law_arguments, add_target_arguments

if TYPE_CHECKING:
    from evals.forecasts.document import Outcome
    from evals.forecasts.store import Entry


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command with its own ones."""
    parser = subparsers.add_parser(
        "forecast",
        help="make, list, show and score forecasts of larger models",
        description="Forecasts that are made before their target exists, sealed by a hash over their content, and "
        "scored when the outcome is there.",
    )
    what = parser.add_subparsers(dest="forecast", metavar="WHAT", required=True)
    _add_make(what)
    listing = what.add_parser("list", help="all forecasts of the folder", description="All forecasts of the folder.")
    show = what.add_parser("show", help="one forecast, its seal checked", description="One forecast, its seal checked.")
    show.add_argument("name", metavar="NAME", help="its name, or the path of its file")
    _add_score(what)
    listing.set_defaults(func=run_list)
    show.set_defaults(func=run_show)
    for each in (listing, show):
        _add_common(each)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", metavar="FOLDER", help="of forecasts (default EVALS_FORECAST_DIR, or forecasts)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def _add_make(what: argparse._SubParsersAction[Any]) -> None:
    parser = what.add_parser(
        "make",
        help="fit a law and seal what it says of a target",
        description="Fit a law to the models of tables or records, and seal its forecast of a larger model.",
    )
    parser.add_argument("inputs", nargs="+", metavar="TABLE|RECORD", help=INPUTS_HELP)
    parser.add_argument("--name", required=True, metavar="NAME", help="of the forecast, in the folder")
    add_law_arguments(parser)
    add_target_arguments(parser, required=True)
    _add_common(parser)
    parser.set_defaults(func=run_make)


def _add_score(what: argparse._SubParsersAction[Any]) -> None:
    parser = what.add_parser(
        "score",
        help="a forecast against its outcome; without a name, how all have held",
        description="Score a forecast against the record or the table with its outcome, and keep that beside it. "
        "Without a name: errors, coverage and calibration of all forecasts that were scored, in the order of time.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="its name, or the path of its file")
    parser.add_argument("outcome", nargs="?", metavar="TABLE|RECORD", help="holds the target's value")
    parser.add_argument("--value", type=float, metavar="X", help="the outcome itself, in place of a file")
    parser.add_argument("--observed-at", metavar="TIME", help="when --value was seen, UTC: 2026-11-30T12:00:00")
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")
    _add_common(parser)
    parser.set_defaults(func=run_score)


def run_make(args: argparse.Namespace) -> int:
    """Fit, seal, store and print a forecast.

    Raises:
        EvalsError: no law can be fitted, the target is no larger model, or the name is taken.
    """
    from evals.forecasts.arguments import fit_of, read_split
    from evals.forecasts.making import make_forecast
    from evals.forecasts.store import add, check_name, folder_of, now
    from evals.json_text import dumps
    from evals.report.terminal.forecasts import forecast_text

    check_name(args.name)
    found = read_split(args.inputs, args)
    fit = fit_of(found, args)
    made = make_forecast(fit, args.name, found, now())
    path, stored = add(folder_of(args.dir), made)
    if args.json:
        print(dumps({"path": str(path), "forecast": stored.document()}))
        return 0
    print(forecast_text(stored))
    if found.target is not None:
        print("  note: the target's value is in these files already: this forecast will count for nothing")
    print(f"\nforecast  {path}\nscore it when the outcome is there: evals forecast score {args.name} RECORD")
    return 0


def run_list(args: argparse.Namespace) -> int:
    """Print the forecasts of the folder; exit code 1 where a seal is broken."""
    from evals.forecasts.store import entries, folder_of
    from evals.json_text import dumps
    from evals.report.terminal.forecasts import entry_json, list_text

    found = entries(folder_of(args.dir))
    if args.json:
        print(dumps({"forecasts": [entry_json(entry) for entry in found]}))
    elif found:
        print(list_text(found))
    else:
        print(f"no forecast in {folder_of(args.dir)}")
    return int(any(entry.problem for entry in found))


def run_show(args: argparse.Namespace) -> int:
    """Print one forecast, and its score where there is one; exit code 1 where something is wrong with it.

    Raises:
        EvalsError: there is none of the name, or its seal is broken.
    """
    from evals.forecasts.scoring import score
    from evals.forecasts.store import find, folder_of, read_entry
    from evals.json_text import dumps
    from evals.report.terminal.forecasts import entry_json, forecast_text, score_text

    entry = find(folder_of(args.dir), args.name)
    if args.json:
        print(dumps(entry_json(entry)))
        return int(bool(entry.problem))
    made = entry.forecast or read_entry(entry)
    print(forecast_text(made))
    if entry.outcome is not None:
        print(f"\n{score_text(score(made, entry.outcome))}")
    if entry.problem:
        print(f"\n  warning: {entry.problem}")
    return int(bool(entry.problem))


def run_score(args: argparse.Namespace) -> int:
    """Score one forecast and keep its outcome, or print how all have held.

    Raises:
        EvalsError: there is no such forecast, its seal is broken, or the outcome cannot be read.
    """
    from evals.errors import UsageError
    from evals.forecasts.scoring import score
    from evals.forecasts.store import add_outcome, find, folder_of, read_entry
    from evals.json_text import dumps
    from evals.report.terminal.forecasts import score_json, score_text

    if args.name is None:
        return _score_all(args)
    entry = find(folder_of(args.dir), args.name)
    made = entry.forecast or read_entry(entry)
    given = args.outcome is not None or args.value is not None
    if entry.outcome is None and not given:
        raise UsageError(
            f"{entry.name} has no outcome yet", fix=f"evals forecast score {entry.name} RECORD, or --value X"
        )
    outcome = _outcome(entry, args) if given else entry.outcome
    assert outcome is not None
    if given:
        add_outcome(entry.path.parent, entry.name, outcome)
    found = score(made, outcome)
    print(dumps(score_json(found)) if args.json else score_text(found))
    return 0


def _score_all(args: argparse.Namespace) -> int:
    from evals.forecasts.scoring import calibration, score
    from evals.forecasts.store import entries, folder_of
    from evals.json_text import dumps
    from evals.report.terminal.forecasts import calibration_json, calibration_text

    found = entries(folder_of(args.dir))
    broken = [entry for entry in found if entry.problem]
    fine = [(entry.forecast, entry.outcome) for entry in found if not entry.problem]
    scores = [score(made, outcome) for made, outcome in fine if made is not None and outcome is not None]
    n_open = sum(outcome is None for _, outcome in fine)
    told = (scores, calibration(scores), n_open, broken)
    print(dumps(calibration_json(*told)) if args.json else calibration_text(*told))
    return int(bool(broken))


def _outcome(entry: Entry, args: argparse.Namespace) -> Outcome:
    """The outcome of the command line, from a file or as a number."""
    from evals.errors import UsageError
    from evals.forecasts.outcomes import outcome_of_value, read_outcome_file
    from evals.forecasts.store import now
    from evals.registry.lookup import Registry

    assert entry.forecast is not None
    if args.outcome is not None and args.value is not None:
        raise UsageError("a file and --value: give one of them")
    if args.value is not None:
        return outcome_of_value(entry.forecast, args.value, args.observed_at, now())
    if args.observed_at is not None:
        raise UsageError("--observed-at belongs to --value: a record says itself when it began")
    registry = Registry()
    registry.add_registry_paths(args.registry_path)
    return read_outcome_file(entry.forecast, args.outcome, registry, now())
