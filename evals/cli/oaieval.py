"""`oaieval`: run one eval by one completion function."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evals.cli import gate
from evals.cli.console import Parser, existing_folder, run_command
from evals.errors import UsageError

if TYPE_CHECKING:
    from evals.cli.progress import Progress
    from evals.comparison.sequential_run import SequentialRule
    from evals.record.recorders import RecorderBase
    from evals.registry.lookup import Registry
    from evals.runner.run import PreparedRun, RunRequest, RunResult
    from evals.specs import RunSpec

OaiEvalArguments = argparse.Namespace

LONGEST_COMMAND = 150
"Letters of a command that is shown again."

EPILOG = """exit codes: 0 done, 1 --fail-under not held, 2 usage, registry or data error (nothing was called),
3 more samples failed than --max-errors allows, or the provider or the disk failed, 4 a budget was
reached (resumable), 130 and 143 interrupted (resumable), 70 a bug of ours"""


def get_parser() -> Parser:
    """The parser: the flags of openai/evals under their own names, abbreviations too, and ours."""
    parser = Parser(
        prog="oaieval",
        description="Run one eval with one completion function (a model's name, or one from a registry).",
        epilog=EPILOG,
    )
    parser.add_argument("completion_fn", help="model or completion function; several, separated by commas")
    parser.add_argument("eval", help="name of the eval; `evals list` shows them")
    _add_peer_flags(parser.add_argument_group("as in openai/evals"))
    _add_sampling_flags(parser.add_argument_group("what is run"))
    _add_limit_flags(parser.add_argument_group("limits and budgets"))
    _add_outcome_flags(parser.add_argument_group("failures and results"))
    _add_comparison_flags(parser.add_argument_group("comparison with an earlier run"))
    _add_code_flags(parser.add_argument_group("evals that run programs"))
    parser.prefer_when_abbreviated(PEER_FLAGS)
    return parser


PEER_FLAGS = (
    "--extra_eval_params", "--max_samples", "--cache", "--no-cache", "--visible", "--no-visible", "--seed", "--user",
    "--record_path", "--log_to_file", "--registry_path", "--debug", "--no-debug", "--local-run", "--no-local-run",
    "--http-run", "--no-http-run", "--http-run-url", "--http-batch-size", "--http-fail-percent-threshold",
    "--dry-run", "--no-dry-run", "--dry-run-logging", "--no-dry-run-logging", "--completion_args",
)  # fmt: skip


def _add_peer_flags(group: argparse._ArgumentGroup) -> None:
    switch = argparse.BooleanOptionalAction
    pairs = "k=v,k=v"
    group.add_argument("--extra_eval_params", action="append", default=[], metavar=pairs, help="arguments of the eval")
    group.add_argument(
        "--completion_args", action="append", default=[], metavar=pairs, help="arguments of the completion function"
    )
    group.add_argument("--max_samples", type=_positive_int, metavar="N", help="a fixed random subset of N samples")
    group.add_argument("--cache", action=switch, default=False, help="reuse completions of earlier runs")
    group.add_argument("--visible", action=switch, default=None, help="noted in the record; no other effect")
    group.add_argument("--seed", type=int, default=20220722, help="base of each sample's random numbers")
    group.add_argument("--user", default="", help="noted in the record as created_by")
    group.add_argument("--record_path", metavar="PATH", help="where the record goes (default: evallogs/)")
    group.add_argument("--log_to_file", metavar="PATH", help="Python's log messages go there")
    group.add_argument(
        "--registry_path", action="append", default=[], metavar="DIR", help="a further registry; repeatable"
    )
    group.add_argument("--debug", action=switch, default=False, help="debug messages on standard error")
    group.add_argument("--local-run", action=switch, default=True, help="write a local record")
    group.add_argument("--http-run", action=switch, default=False, help="send events to --http-run-url")
    group.add_argument("--http-run-url", metavar="URL", help="where --http-run sends them")
    group.add_argument("--http-batch-size", type=_positive_int, default=100, metavar="N", help="events a request")
    group.add_argument(
        "--http-fail-percent-threshold", type=int, default=5, metavar="N", help="percent of events that may get lost"
    )
    group.add_argument("--dry-run", action=switch, default=False, help="call the model, but write no record")
    group.add_argument("--dry-run-logging", action=switch, default=True, help="log the events of a dry run")


def _add_sampling_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--temperature", type=_temperature, metavar="T", help="overrides the eval's own")
    group.add_argument("--repeats", type=_positive_int, default=1, metavar="N", help="evaluate each sample N times")
    group.add_argument(
        "--data_path", action="append", default=[], type=existing_folder, metavar="DIR",
        help="copies of public benchmarks; repeatable",
    )  # fmt: skip


def _add_limit_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--concurrency", type=_positive_int, metavar="N", help="calls in flight (default: adapts)")
    group.add_argument(
        "--requests_per_minute", type=_positive_float, metavar="N", help="at most so many calls a minute"
    )
    group.add_argument("--tokens_per_minute", type=_positive_float, metavar="N", help="at most so many tokens a minute")
    group.add_argument("--timeout", type=_positive_float, metavar="S", help="seconds an attempt may take")
    group.add_argument("--max_cost", type=_positive_float, metavar="USD", help="stop when so much is spent")
    group.add_argument("--max_tokens_total", type=_positive_int, metavar="N", help="stop when so many are used")
    group.add_argument("--max_time", type=_positive_float, metavar="S", help="stop after so many seconds")


def _add_code_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--sandbox", metavar="KIND", help="of evals that run programs: auto, bwrap, docker, unsafe-local"
    )
    group.add_argument("--assurance", choices=("weak", "strict"), help="refuse or label verdicts that could be forged")


def _add_comparison_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--baseline", metavar="FILE|DIR", help="gate the run against a baseline (see `evals gate`)")
    gate.add_limits(group)
    group.add_argument("--sequential", action="store_true", help="stop when the difference to --against is settled")
    group.add_argument("--against", metavar="BASELINE", help="a baseline, a folder of them, or a record")
    group.add_argument("--delta", default="2pt", metavar="2pt", help="with --sequential: less is no difference")


def _add_outcome_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--max-errors", type=_tolerance, default=0.0, metavar="N|FRACTION", help="failed samples tolerated (default 0)"
    )
    group.add_argument("--resume", action="store_true", help="go on with the newest unfinished record of this run")
    group.add_argument("--resume-from", metavar="RECORD", help="go on with this record")
    group.add_argument(
        "--fail-under", action="append", default=[], metavar="METRIC>=X", help="exit 1 when not held; repeatable"
    )
    group.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else there")


def _positive_int(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def _positive_float(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


def _tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value >= 0 or (value > 1 and value != int(value)):
        raise argparse.ArgumentTypeError(f"needs a count such as 5, or a fraction such as 0.02, not {text!r}")
    return value


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 100:
        raise argparse.ArgumentTypeError(f"needs a number from 0 up, not {text!r}")
    return value


def request_of(args: argparse.Namespace) -> RunRequest:
    """The run that parsed arguments ask for."""
    from evals.engine.settings import settings_from_environment
    from evals.key_values import number_or_text, split_pairs
    from evals.runner.run import RunRequest

    if args.http_run and not args.http_run_url:
        raise UsageError("--http-run needs an address", fix="add --http-run-url URL")
    if not args.completion_fn.strip(", "):
        raise UsageError("no completion function is named", fix="name a model, or `dummy` to try an eval")
    if not (args.local_run or args.http_run or args.dry_run):
        raise UsageError("--no-local-run leaves no place for the record", fix="add --http-run or --dry-run")
    overrides = {} if args.temperature is None else {"temperature": args.temperature}
    extra = split_pairs(args.extra_eval_params, "--extra_eval_params")
    extra |= {name: value for name in ("sandbox", "assurance") if (value := getattr(args, name)) is not None}
    return RunRequest(
        completion_fns=[name for name in args.completion_fn.split(",") if name],
        eval_name=args.eval,
        registry_paths=args.registry_path,
        extra_eval_params={key: number_or_text(text) for key, text in extra.items()},
        completion_args=split_pairs(args.completion_args, "--completion_args"),
        max_samples=args.max_samples,
        repeats=args.repeats,
        seed=args.seed,
        user=args.user,
        visible=args.visible,
        record_path=args.record_path,
        resume=args.resume,
        resume_from=args.resume_from,
        dry_run=args.dry_run,
        dry_run_logging=args.dry_run_logging,
        http_url=args.http_run_url if args.http_run else None,
        http_batch_size=args.http_batch_size,
        http_fail_percent_threshold=args.http_fail_percent_threshold,
        cache=args.cache,
        max_errors=args.max_errors,
        data_paths=args.data_path,
        settings=settings_from_environment(
            concurrency=args.concurrency,
            requests_per_minute=args.requests_per_minute,
            tokens_per_minute=args.tokens_per_minute,
            attempt_timeout_s=args.timeout,
            max_cost_usd=args.max_cost,
            max_tokens_total=args.max_tokens_total,
            max_time_s=args.max_time,
            overrides=overrides,
        ),
        command=" ".join(sys.argv),
    )


def build_recorder(args: argparse.Namespace, run_spec: RunSpec, record_path: str) -> RecorderBase:
    """The recorder that parsed arguments ask for (scripts made for openai/evals call this)."""
    from evals.runner.run import make_recorder

    return make_recorder(request_of(_completed(args)), run_spec, record_path)


def run(args: argparse.Namespace, registry: Registry | None = None) -> str:
    """Run with parsed arguments and return the run id (people call this from notebooks).

    Raises:
        EvalsError: the run could not begin, or was cut short.
    """
    result = run_and_print(_completed(args), registry)
    if result.stopped_by is not None:
        raise result.stopped_by
    return str(result.run_spec.run_id)


def _completed(args: argparse.Namespace) -> argparse.Namespace:
    """Arguments that a script made by hand for openai/evals, with the defaults of flags that are ours alone."""
    completed: argparse.Namespace = get_parser().parse_args([args.completion_fn, args.eval])
    for name, value in vars(args).items():
        if name in ("extra_eval_params", "completion_args", "registry_path") and not isinstance(value, list):
            value = [value] if value else []
        setattr(completed, name, value)
    return completed


def run_and_print(args: argparse.Namespace, registry: Registry | None = None) -> RunResult:
    """Run, print what people read, and return the result."""
    from evals.cli import logs

    say_events = args.dry_run and args.dry_run_logging
    with logs.configured(debug=args.debug, log_to_file=args.log_to_file, say_events=say_events):
        thresholds = [threshold(text) for text in args.fail_under]
        result, rule = _run_request(args, registry, thresholds)
        logs.run_finished(result)
        _print(result, rule, thresholds, as_json=args.json)
    return result


def _run_request(
    args: argparse.Namespace, registry: Registry | None, thresholds: Sequence[Threshold]
) -> tuple[RunResult, SequentialRule | None]:
    from evals.cli import progress
    from evals.runner import run as run_request

    request = request_of(args)
    bar = progress.Progress(sys.stderr)
    rule = _sequential_rule(args, bar)
    result = run_request(
        request,
        registry,
        observer=rule or bar,
        on_prepared=lambda prepared: _begin(prepared, rule, args, thresholds),
        on_interrupt=bar.interrupted,
        extra_report=None if rule is None else lambda: {"sequential": rule.outcome().as_dict()},
    )
    bar.close()
    return result, rule


def _print(result: RunResult, rule: SequentialRule | None, thresholds: Sequence[Threshold], *, as_json: bool) -> None:
    from evals.json_text import jsondumps
    from evals.report.run_json import run_json
    from evals.report.terminal.run import final_block
    from evals.report.terminal.stopped import stopped_block

    out = sys.stderr if as_json else sys.stdout
    again = _command_to_go_on(sys.argv)
    if result.stopped_by is not None:
        print(stopped_block(result, again), file=sys.stderr)
    else:
        print("\n" + final_block(result, again), file=out, flush=True)
        if rule is not None:
            from evals.report.terminal.sequential import sequential_text

            print("\n" + sequential_text(rule.outcome()), file=out, flush=True)
    failed = [] if result.stopped_by is not None else [t for t in thresholds if not t.holds(result.report)]
    for missed in failed:
        print(f"failed: {missed.say(result.report)}", file=sys.stderr)
    result.failed_thresholds = len(failed)
    if as_json:
        print(jsondumps(run_json(result)), flush=True)


def _sequential_rule(args: argparse.Namespace, bar: Progress) -> SequentialRule | None:
    if bool(args.sequential) != bool(args.against):
        raise UsageError("--sequential and --against go together", fix="name a baseline: --sequential --against FILE")
    if not args.sequential:
        return None
    if args.resume or args.resume_from:
        raise UsageError("--sequential cannot go on with an earlier record", fix="leave --resume out")
    from pathlib import Path

    from evals.comparison.sequential_run import SequentialRule

    return SequentialRule(bar, Path(args.against), alpha=args.alpha, delta=gate.drop_of(args.delta, "--delta"))


def _command_to_go_on(argv: Sequence[str]) -> str:
    """This command with --resume; an empty text where it was no command, or one that is too long to be read."""
    import shlex
    from pathlib import Path

    from evals.secrets import redact

    if Path(argv[0]).stem != "oaieval":
        return ""
    words = [word for word in argv[1:] if word not in ("--resume", "--json")]
    resumes = any(word.startswith("--resume-from") for word in words)
    command = redact(shlex.join(["oaieval", *words, *([] if resumes else ["--resume"])]))
    return command if len(command) <= LONGEST_COMMAND else ""


def _begin(
    prepared: PreparedRun, rule: SequentialRule | None, args: argparse.Namespace, thresholds: Sequence[Threshold]
) -> None:
    """Find what can be found before the first call, then say what is about to be run."""
    from evals.report.terminal.opening import opening_lines

    for promised in thresholds:
        promised.check_name(prepared)
    if args.baseline:
        from pathlib import Path

        from evals.comparison.baseline import find_baseline

        find_baseline(Path(args.baseline), str(prepared.eval_spec.key))
    if rule is not None:
        rule.prepare(prepared)
    if args.resume and prepared.earlier is None and not args.json:
        print("no unfinished record of this run was found: it starts anew", file=sys.stderr)
    with contextlib.suppress(BrokenPipeError):  # who does not read what goes on may still want the result
        print(opening_lines(prepared), file=sys.stderr, flush=True)


class Threshold:
    """`METRIC>=X` (or `<=`, `>`, `<`), as `--fail-under` takes it."""

    def __init__(self, metric: str, operator: str, value: float) -> None:
        self.metric, self.operator, self.value = metric, operator, value

    def holds(self, report: dict[str, Any]) -> bool:
        """Whether the report keeps the promise. A metric that is not there, or not defined, does not."""
        actual = report.get(self.metric)
        if not isinstance(actual, int | float) or actual != actual:
            return False
        return {
            ">=": actual >= self.value,
            "<=": actual <= self.value,
            ">": actual > self.value,
            "<": actual < self.value,
        }[self.operator]

    def check_name(self, prepared: PreparedRun) -> None:
        """Raise UsageError for a misspelt key of the report, where the eval tells its keys beforehand."""
        from evals.errors import did_you_mean
        from evals.eval import StreamedEval

        if not isinstance(prepared.eval, StreamedEval):
            return
        keys = [*prepared.eval.new_report().as_dict(), "n_errors", "cost_usd"]
        hint = did_you_mean(self.metric, keys)
        if hint and self.metric not in keys:
            raise UsageError(f"--fail-under names {self.metric!r}, which is not in the report", notes=[hint])

    def say(self, report: dict[str, Any]) -> str:
        from evals.report.words import number

        if self.metric not in report:
            numbers = [key for key, value in report.items() if isinstance(value, int | float)]
            return f"{self.metric!r} is not in the report; there are: {', '.join(numbers)}"
        return f"{self.metric} is {number(report.get(self.metric))}, not {self.operator} {self.value:g}"


def threshold(text: str) -> Threshold:
    """The threshold that a text such as `accuracy>=0.8` stands for."""
    import re

    match = re.fullmatch(r"\s*([\w./ -]+?)\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?(?:e-?\d+)?)\s*", text)
    if match is None:
        raise UsageError(f"--fail-under cannot read {text!r}", fix="write --fail-under 'accuracy>=0.8', with quotes")
    return Threshold(match[1], match[2], float(match[3]))


def main(argv: Sequence[str] | None = None) -> int:
    """The command's entry point; returns the exit code."""
    parser = get_parser()
    return run_command(lambda: _run(parser.parse_args(argv)))


def _run(args: argparse.Namespace) -> int:
    limits = gate.limits_of(args) if args.baseline else None
    result = run_and_print(args)
    if limits is None or result.stopped_by is not None or result.record_path is None:
        return result.exit_code
    from evals.comparison.scores import read_scores

    print(file=sys.stderr if args.json else sys.stdout)
    verdict = gate.judge([read_scores(result.record_path)], args, limits, beside_a_run=True)
    return result.exit_code or verdict


if __name__ == "__main__":
    sys.exit(main())
