"""`evals gate`: fail a build on a proven regression, with a known error rate."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.cli.safe_output import unescaped

if TYPE_CHECKING:
    from evals.comparison.gate import EvalVerdict, GateLimits
    from evals.comparison.scores import RunScores

EPILOG = """exit codes: 0 every eval is ok, 1 a regression is proven, 5 it cannot be told with these samples
(--undecided neutral|pass|fail chooses 0, 0 or 1 for that; neutral warns) or a run is not complete (--undecided
fail: 1), 2 a record or a baseline is missing or does not fit"""


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "gate",
        help="fail a build on a proven regression",
        description="Hold runs against their baselines, sample by sample: paired, one-sided, corrected for several "
        "evals. Baselines are small files to commit.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="records of runs, one an eval")
    parser.add_argument("--baseline", required=True, metavar="FILE|DIR", help="one baseline, or a folder of them")
    parser.add_argument("--update", action="store_true", help="take these runs as the new baselines")
    parser.add_argument("--metric", metavar="NAME", help="the metric (default: the record's own)")
    add_limits(parser)
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML")
    parser.add_argument("--markdown", metavar="FILE", help="write the table as Markdown")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def add_limits(parser: argparse._ActionsContainer) -> None:
    """Add the options that `evals gate` and `oaieval --baseline` share."""
    parser.add_argument("--max-drop", default="2pt", metavar="2pt", help="the drop that is tolerated (default 2pt)")
    parser.add_argument(
        "--detect", metavar="5pt", help="the drop that must be found (default: 3pt more than tolerated)"
    )
    parser.add_argument("--alpha", type=float, default=0.05, metavar="P", help="rate of false alarms (default 0.05)")
    parser.add_argument("--power", type=float, default=0.8, metavar="P", help="rate of detection (default 0.8)")
    parser.add_argument(
        "--undecided",
        choices=("exit5", "neutral", "pass", "fail"),
        default="exit5",
        help="when it cannot be told: neutral passes with a warning (default exit5)",
    )


def limits_of(args: argparse.Namespace) -> GateLimits:
    """The limits that parsed options ask for."""
    from evals.comparison.gate import GateLimits

    max_drop = drop_of(args.max_drop, "--max-drop")
    detect = min(1.0, max_drop + 0.03) if args.detect is None else drop_of(args.detect, "--detect")
    return GateLimits(max_drop, detect, args.alpha, args.power)


def drop_of(text: str, flag: str) -> float:
    """The fraction in `2pt`, `2%` or `0.02`."""
    from evals.errors import UsageError

    number = text.strip().removesuffix("pt").removesuffix("%").strip()
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    in_points = number != text.strip()
    if in_points:
        value /= 100
    if not 0 <= value <= 1:
        raise UsageError(f"{flag} is {text!r}, which is no drop", fix=f"write {flag} 2pt, or {flag} 0.02")
    if not in_points and value >= 1:
        raise UsageError(f"{flag} {text} is a drop of 100 points", fix=f"for {text} points write {flag} {text}pt")
    return value


def run(args: argparse.Namespace) -> int:
    """Compare records with their baselines, or write new baselines; return the exit code."""
    from evals.cli.outputs import check_output
    from evals.comparison.scores import read_scores
    from evals.record.folders import without_copies

    limits = limits_of(args)
    for option in ("junit", "markdown"):
        check_output(f"--{option}", getattr(args, option), [*args.runs, args.baseline])
    if args.update:
        check_output("--update", args.baseline, args.runs, own="a baseline")
    # A run of which every call failed is not complete; the other runs are judged all the same.
    runs = [
        read_scores(path, args.metric, all_may_fail=not args.update) for path in without_copies(map(Path, args.runs))
    ]
    if args.update:
        return update(runs, Path(args.baseline))
    return judge(runs, args, limits)


def judge(
    runs: Sequence[RunScores], args: argparse.Namespace, limits: GateLimits, *, beside_a_run: bool = False
) -> int:
    """Compare runs with their baselines, print the verdicts, write files, and return the exit code.

    beside_a_run: `oaieval` printed its own result; with --json the table goes to standard error.
    """
    from evals.comparison.gate import exit_code_of, gate_runs
    from evals.report.junit import gate_junit
    from evals.report.markdown.gate import gate_markdown
    from evals.report.terminal.gate import gate_table
    from evals.report.words import counted

    verdicts = gate_runs(runs, Path(args.baseline), limits)
    code = exit_code_of(verdicts, args.undecided)
    if getattr(args, "junit", None):
        Path(args.junit).write_text(gate_junit(verdicts, limits, args.undecided), encoding="utf-8")
    if getattr(args, "markdown", None):
        Path(args.markdown).write_text(gate_markdown(verdicts, limits) + "\n", encoding="utf-8")
    _tell_github(verdicts, limits)
    if args.json and not beside_a_run:
        from evals.json_text import dumps

        _warn_of_undecided(verdicts, args.undecided)
        print(dumps({"verdicts": [verdict.as_dict() for verdict in verdicts], "exit_code": code}))
        return code
    out = sys.stderr if args.json else sys.stdout
    print(gate_table(verdicts, limits), file=out)
    _warn_of_undecided(verdicts, args.undecided)
    n_regressions = sum(verdict.verdict == "regression" for verdict in verdicts)
    if code:
        others = "not complete" if any(verdict.unmet for verdict in verdicts) else "undecided"
        why = counted(n_regressions, "regression") if n_regressions else others
        print(f"{why}: exit {code}", file=out)
    return code


def _warn_of_undecided(verdicts: Sequence[EvalVerdict], undecided: str) -> None:
    """Warn of each verdict that `neutral` lets pass, with the number of samples that would decide it."""
    from evals.report.gate_words import neutral_warning

    if undecided != "neutral":
        return
    for verdict in verdicts:
        if verdict.verdict == "undecided":
            print(f"warning: {neutral_warning(verdict)}", file=sys.stderr)


def _tell_github(verdicts: Sequence[EvalVerdict], limits: GateLimits) -> None:
    """Write a step summary and annotations if this runs in a GitHub workflow."""
    from evals.report.github import gate_annotations
    from evals.report.markdown.gate import gate_markdown

    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as file:
            file.write(gate_markdown(verdicts, limits) + "\n")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in gate_annotations(verdicts, limits):
            print(line, file=unescaped(sys.stderr))


def update(runs: Sequence[RunScores], place: Path) -> int:
    """Write the runs' scores as baselines."""
    from evals.comparison.baseline import Baseline, baseline_path, read_baseline
    from evals.errors import EvalsError, UsageError
    from evals.report.gate_words import update_warning
    from evals.report.words import counted, number

    if place.suffix == ".json" and len(runs) > 1:
        raise UsageError("several runs need a folder of baselines", where=str(place), fix="name a folder")
    for run_scores in runs:
        if not run_scores.facts.finished:
            raise UsageError(
                "this run did not end, so it is no baseline", where=run_scores.path, fix="finish it with --resume"
            )
        if run_scores.failed_ids:
            failed = counted(len(run_scores.failed_ids), "failed sample")
            print(f"warning: {run_scores.path}: the baseline is made without {failed}", file=sys.stderr)
        path = baseline_path(place, run_scores.facts.eval_name)
        try:
            replaced = read_baseline(path) if path.is_file() else None
        except EvalsError:  # damaged, or of another format: that is why it is taken anew
            replaced = None
        baseline = Baseline.of(run_scores, replaced)
        baseline.write(path)
        found = f"{baseline.metric} {number(baseline.score)}  stderr {number(baseline.stderr)}"
        print(f"{path}  {found}  n = {baseline.n:,}")
        warning = update_warning(baseline, replaced)
        if warning:
            print(warning, file=sys.stderr)
    return 0
