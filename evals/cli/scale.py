"""`evals scale`: run a ladder of models over evals, seal a forecast of the largest before it runs, score, plot."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.forecasts.arguments import add_law_options

if TYPE_CHECKING:
    from evals.forecasts.ladder_runs import Kind, LadderPlan
    from evals.registry.lookup import Registry

PASSED_ON = ("max_samples", "repeats", "concurrency", "temperature", "extra_eval_params", "completion_args")
"Options of `oaieval` that are handed to each run."


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "scale",
        help="a ladder of models over evals: forecast, then run the largest",
        description="Run the small models of a ladder on each eval, fit a law, and seal its forecast of the target. "
        "Then run the target, score the forecast and draw the plot. The same command goes on where it was stopped. An "
        "eval without a loss or several draws a problem gets the trend of its accuracy instead.",
    )
    parser.add_argument("ladder", metavar="LADDER", help="a named list of models, such as pocket/ladder")
    parser.add_argument("evals", nargs="+", metavar="EVAL", help="evals or eval sets")
    parser.add_argument("--target", metavar="MODEL", help="the model to forecast (default: the largest)")
    parser.add_argument("--within", type=float, metavar="SHARE", help="fit models up to this share of its compute")
    add_law_options(parser, laws=("auto", "loss", "power", "pass-rate", "trend"))
    parser.add_argument("--out", metavar="FOLDER", help="of records, forecasts, plots (default evallogs/scale/LADDER)")
    parser.add_argument("--plot", default="svg", choices=("svg", "png", "pdf", "none"), help="form of the pictures")
    for name in PASSED_ON:
        parser.add_argument(f"--{name}", metavar="X", help=argparse.SUPPRESS)
    parser.epilog = f"Handed to each run, as of oaieval: {', '.join(f'--{name}' for name in PASSED_ON)}."
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Run the ladder on each eval; the highest exit code of all runs.

    Raises:
        EvalsError: a name or an argument is wrong, or a forecast cannot be made.
    """
    from evals.cli.oaievalset import evals_of
    from evals.forecasts.ladder_runs import plan_ladder
    from evals.json_text import dumps
    from evals.registry.lookup import Registry
    from evals.runner.request import log_dir

    if args.plot != "none":
        from evals.report.plots.figure import check_form

        check_form(f"x.{args.plot}")
    registry = Registry()
    registry.add_registry_paths(args.registry_path)
    plan = plan_ladder(args.ladder, args.target, args.within, registry)
    keys = list(dict.fromkeys(key for name in args.evals for key in evals_of(name, registry)))
    folder = Path(args.out) if args.out else log_dir() / "scale" / args.ladder.replace("/", "_")
    told, code = [], 0
    for key in keys:
        made = _scale_one(plan, key, folder, registry, args)
        told.append(made)
        code = max(code, made["exit_code"])
        if code in (130, 143):
            break
    if args.json:
        print(dumps({"ladder": args.ladder, "target": plan.target, "evals": told, "exit_code": code}))
    return code


def _scale_one(
    plan: LadderPlan, key: str, folder: Path, registry: Registry, args: argparse.Namespace
) -> dict[str, Any]:
    """One eval: early rungs, forecast, late rungs, score, plot."""
    from evals.forecasts.ladder_runs import kind_of_records, record_of

    records = {model: record_of(folder, key, model) for model in plan.models}
    told: dict[str, Any] = {"eval": key, "records": {model: str(path) for model, path in records.items()}}
    code = _run_models(plan.early, key, records, args)
    if code:
        return {**told, "exit_code": code}
    kind: Kind = kind_of_records([records[model] for model in plan.early]) if args.law == "auto" else args.law
    if kind != "trend":
        told["forecast"] = _sealed(plan, key, kind, folder, args)
    code = _run_models(plan.late, key, records, args)
    if code:
        return {**told, "exit_code": code}
    if kind != "trend":
        told["score"] = _scored(plan, key, folder, records, registry)
    return {**told, **_plotted(plan, key, kind, folder, records, args), "exit_code": 0}


def _run_models(models: tuple[str, ...], key: str, records: dict[str, Path], args: argparse.Namespace) -> int:
    """Run each model that is not done; the exit code of the first that fails, else 0."""
    from evals.cli.oaievalset import run_task

    given = [word for name in PASSED_ON if (value := getattr(args, name)) is not None for word in (f"--{name}", value)]
    registries = [word for path in args.registry_path for word in ("--registry_path", str(path))]
    for model in models:
        path = records[model]
        path.parent.mkdir(parents=True, exist_ok=True)
        _say(f"{key} on {model}")
        found = run_task(["oaieval", model, key, "--record_path", str(path), *given, *registries], resume=True)
        if found["exit_code"]:
            _say(f"{key} on {model} ended with exit code {found['exit_code']}; the same command goes on here")
            return int(found["exit_code"])
    return 0


def _law_arguments(plan: LadderPlan, kind: Kind, args: argparse.Namespace, *, forecasting: bool) -> argparse.Namespace:
    """The arguments of `evals fit` and `evals plot scaling` for one eval."""
    own = {"law": kind, "value": None, "target": plan.target, "family": None, "buckets": None}
    compute = plan.target_compute_flops if forecasting else None
    return argparse.Namespace(**{**vars(args), **own, "target_compute": compute})


def _sealed(plan: LadderPlan, key: str, kind: Kind, folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """The forecast of this eval: that of an earlier start, or one that is made and sealed now."""
    from evals.errors import UsageError
    from evals.forecasts.arguments import fit_of, read_split
    from evals.forecasts.document import data_hash
    from evals.forecasts.ladder_runs import record_of
    from evals.forecasts.making import make_forecast
    from evals.forecasts.store import add, entries, now
    from evals.report.terminal.forecasts import forecast_text

    options = _law_arguments(plan, kind, args, forecasting=True)
    found = read_split([str(record_of(folder, key, model)) for model in plan.early], options)
    fit = fit_of(found, options)
    made = make_forecast(fit, _name(key), found, now())
    known = {entry.name: entry.forecast for entry in entries(folder / "forecasts")}
    earlier = known.get(made.name)
    if earlier is not None and data_hash(earlier.fitted) == made.data_sha256 and earlier.options == made.options:
        _say(f"the forecast of {key} was sealed at {earlier.created_at}")
        stored = earlier
    elif earlier is not None:
        raise UsageError(
            f"the forecast of {key} was sealed from other values or with other options",
            where=str(folder / "forecasts"), fix="begin a new folder: --out FOLDER",
        )  # fmt: skip
    else:
        _, stored = add(folder / "forecasts", made)
        _say(forecast_text(stored))
    return stored.document()


def _name(key: str) -> str:
    return key.replace("/", "_")


def _scored(plan: LadderPlan, key: str, folder: Path, records: dict[str, Path], registry: Registry) -> dict[str, Any]:
    """The score of the forecast by the target's record, kept beside it."""
    from evals.forecasts.outcomes import read_outcome_file
    from evals.forecasts.scoring import score
    from evals.forecasts.store import add_outcome, find, now, read_entry
    from evals.report.terminal.forecasts import score_json, score_text

    entry = find(folder / "forecasts", _name(key))
    made = entry.forecast or read_entry(entry)
    outcome = entry.outcome
    if outcome is None:
        outcome = read_outcome_file(made, str(records[plan.target]), registry, now())
        add_outcome(folder / "forecasts", entry.name, outcome)
    found = score(made, outcome)
    _say(score_text(found))
    return score_json(found)


def _plotted(
    plan: LadderPlan, key: str, kind: Kind, folder: Path, records: dict[str, Path], args: argparse.Namespace
) -> dict[str, Any]:
    """The plot of all rungs, its numbers printed, and where it lies."""
    from evals.report.plots import inverse, scaling

    paths = [str(records[model]) for model in plan.models]
    options = _law_arguments(plan, kind, args, forecasting=False)
    plot = (inverse.make if kind == "trend" else scaling.make)(paths, options)
    if not args.json:
        print(plot.text(), flush=True)
    if args.plot == "none":
        return {"plot": plot.as_json()}
    from evals.report.plots.figure import save

    out = folder / f"{_name(key)}.{args.plot}"
    data = save(str(out), plot)
    _say(f"plot  {out}\ndata  {data}")
    return {"plot": plot.as_json(), "picture": str(out), "data": str(data)}


def _say(text: str) -> None:
    import sys

    print(text, file=sys.stderr, flush=True)
