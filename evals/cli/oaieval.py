"""`oaieval`: run one eval by one completion function."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from evals.cli import gate
from evals.cli.console import run_command
from evals.cli.estimate import print_estimate, wants_estimate
from evals.cli.oaieval_flags import get_parser
from evals.errors import UsageError
from evals.project import current_project, near

if TYPE_CHECKING:
    from evals.cli.progress import Progress
    from evals.comparison.sequential_run import SequentialRule
    from evals.distributed.workers import Worker
    from evals.images.conditions import ImageOptions
    from evals.record.recorders import RecorderBase
    from evals.registry.lookup import Registry
    from evals.runner.prepare import PreparedRun
    from evals.runner.request import RunRequest
    from evals.runner.result import RunResult
    from evals.runner.run import Elsewhere
    from evals.runner.thresholds import Threshold
    from evals.specs import RunSpec

OaiEvalArguments = argparse.Namespace

LONGEST_COMMAND = 150
"Letters of a command that is shown again."


def request_of(args: argparse.Namespace) -> RunRequest:
    """The run that parsed arguments ask for."""
    from evals.engine.settings import settings_from_environment
    from evals.key_values import number_or_text, split_pairs
    from evals.runner.request import RunRequest

    if args.http_run and not args.http_run_url:
        raise UsageError("--http-run needs an address", fix="add --http-run-url URL")
    if not args.completion_fn.strip(", "):
        raise UsageError("no completion function is named", fix="name a model, or `dummy` to try an eval")
    if not (args.local_run or args.http_run or args.dry_run):
        raise UsageError("--no-local-run leaves no place for the record", fix="add --http-run or --dry-run")
    if args.rotate is not None:
        from evals.record.segments import check_can_compress

        check_can_compress()
    chosen = {"temperature": args.temperature, "reasoning_effort": args.effort}
    overrides = {name: value for name, value in chosen.items() if value is not None}
    extra = split_pairs(args.extra_eval_params, "--extra_eval_params")
    extra |= {name: value for name in ("sandbox", "assurance") if (value := getattr(args, name)) is not None}
    named = {} if args.prompt is None else {"prompt": args.prompt}
    if args.grader:
        named["grader"] = graders_named(args.grader)
    return RunRequest(
        completion_fns=[name for name in args.completion_fn.split(",") if name],
        eval_name=args.eval,
        registry_paths=args.registry_path,
        extra_eval_params={**{key: number_or_text(text) for key, text in extra.items()}, **named},
        completion_args=split_pairs(args.completion_args, "--completion_args"),
        max_samples=args.max_samples,
        repeats=args.repeats,
        estimand=args.estimand,
        shrink_groups=args.shrink_groups,
        seed=args.seed,
        user=args.user,
        tags=args.run_tag,
        visible=args.visible,
        record_path=args.record_path,
        rotate_bytes=args.rotate,
        resume=args.resume,
        resume_from=args.resume_from,
        shard=getattr(args, "shard", None),
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
            images=_images_of(args),
            local_only=getattr(args, "local_only", None),
        ),
        command=" ".join(sys.argv),
    )


def graders_named(given: Sequence[str]) -> str:
    """All graders of a command line, with commas between. Raises UsageError where none of them has a name."""
    names = [name for text in given for part in text.split(",") if (name := part.strip())]
    if not names:
        raise UsageError("--grader names no grader", fix="name a model: --grader gpt-6-sol")
    return ",".join(names)


def _images_of(args: argparse.Namespace) -> ImageOptions | None:
    """How images are sent; None for the default."""
    from evals.images.conditions import ImageOptions

    given = {"condition": args.images, "max_px": args.max_image_px, "max_bytes": args.max_image_bytes}
    chosen = {name: value for name, value in given.items() if value is not None}
    return ImageOptions(**chosen) if chosen else None


def build_recorder(args: argparse.Namespace, run_spec: RunSpec, record_path: str) -> RecorderBase:
    """The recorder that parsed arguments ask for (scripts made for openai/evals call this)."""
    from evals.runner.recorders import make_recorder

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
    with _workers(args) as workers:  # first of all, so that they load what they need while this process does
        from evals.cli import logs
        from evals.runner.thresholds import threshold

        say_events = args.dry_run and args.dry_run_logging
        with logs.configured(debug=args.debug, log_to_file=args.log_to_file, say_events=say_events):
            thresholds = [threshold(text) for text in args.fail_under]
            result, rule = _run_eval(args, registry, thresholds, workers)
            logs.run_finished(result)
            _print(result, rule, thresholds, as_json=args.json)
    return result


def _run_eval(
    args: argparse.Namespace, registry: Registry | None, thresholds: Sequence[Threshold], workers: Sequence[Worker]
) -> tuple[RunResult, SequentialRule | None]:
    from evals.cli import progress
    from evals.runner.run import run_eval

    request = request_of(args)
    bar = progress.Progress(sys.stderr)
    rule = _sequential_rule(args, bar)
    result = run_eval(
        request,
        registry,
        observer=rule or bar,
        on_prepared=lambda prepared: _begin(prepared, rule, args, thresholds),
        on_interrupt=bar.interrupted,
        extra_report=None if rule is None else lambda: {"sequential": rule.outcome().as_dict()},
        elsewhere=_elsewhere(workers, request),
    )
    bar.close()
    return result, rule


@contextlib.contextmanager
def _workers(args: argparse.Namespace) -> Iterator[Sequence[Worker]]:
    """Those who run the samples where that is not this process alone."""
    if args.processes == 1:
        yield []
        return
    if args.sequential:
        raise UsageError("--sequential looks at each sample in turn, in one process", fix="leave --processes out")
    from evals.distributed.workers import started

    with started(args.processes) as workers:
        yield workers


def _elsewhere(workers: Sequence[Worker], request: RunRequest) -> Elsewhere | None:
    if not workers:
        return None
    from evals.distributed.processes import InProcesses, check_processes

    check_processes(request, len(workers))
    return InProcesses(workers, request)


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
    if result.stopped_by is None:
        _judge(result, thresholds)
    if as_json:
        print(jsondumps(run_json(result)), flush=True)


def _judge(result: RunResult, thresholds: Sequence[Threshold]) -> None:
    """Count and name the thresholds that are missed, and those that failed samples leave open."""
    from evals.report.terminal.thresholds import missed_text, undecided_text

    n_failed = -(-result.n_errors // max(1, result.run_spec.run_config.get("repeats") or 1))
    for threshold in thresholds:
        if not threshold.holds(result.report):
            print(f"failed: {missed_text(threshold, result.report)}", file=sys.stderr)
            result.failed_thresholds += 1
        elif not threshold.holds_at_worst(result.report, result.counters.n_finished, n_failed):
            print(f"cannot tell: {undecided_text(threshold, result.report, n_failed)}", file=sys.stderr)
            result.undecided_thresholds += 1


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

    from evals.secrets import without_secrets_in_command

    if Path(argv[0]).stem != "oaieval":
        return ""
    words = [word for word in argv[1:] if word not in ("--resume", "--json")]
    resumes = any(word.startswith("--resume-from") for word in words)
    command = without_secrets_in_command(shlex.join(["oaieval", *words, *([] if resumes else ["--resume"])]))
    return command if len(command) <= LONGEST_COMMAND else ""


def _begin(
    prepared: PreparedRun, rule: SequentialRule | None, args: argparse.Namespace, thresholds: Sequence[Threshold]
) -> None:
    """Find what can be found before the first call, then say what is about to be run."""
    from evals.report.terminal.opening import opening_lines

    if thresholds:
        from evals.runner.report_preview import known_keys

        keys = known_keys(prepared)
        for promised in thresholds:
            promised.check_name(keys)
    if args.baseline:
        from pathlib import Path

        from evals.comparison.baseline import find_baseline

        find_baseline(Path(args.baseline), str(prepared.eval_spec.key))
    if rule is not None:
        rule.prepare(prepared)
    if args.resume and prepared.earlier is None and not args.json:
        from evals.runner.resume import why_none_fits

        why = why_none_fits(prepared.request.records_folder, prepared.fingerprint)
        print(
            f"no unfinished record of this run was found: it starts anew{f' ({why})' if why else ''}", file=sys.stderr
        )
    with contextlib.suppress(BrokenPipeError):  # who does not read what goes on may still want the result
        if current_project().values:
            print(f"settings of {near(current_project().path)}: {', '.join(current_project().values)}", file=sys.stderr)
        print(opening_lines(prepared), file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """The command's entry point; returns the exit code."""
    return run_command(lambda: run_command_line(arguments(argv)))


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parsed arguments; what they leave out comes from the project file.

    Raises:
        UsageError: the project file cannot be used.
    """
    parser = get_parser()
    words = sys.argv[1:] if argv is None else argv
    if not {"-h", "--help"} & set(words):
        parser.set_defaults(**current_project().option_defaults())
    args, unknown = parser.parse_with_default(words, lambda: current_project().get("model"), "eval")
    if unknown:
        parser.refuse(unknown)
    return args


def run_command_line(args: argparse.Namespace) -> int:
    """Run with the arguments of a command line, print, and judge; the exit code."""
    if wants_estimate(args):
        return print_estimate(args, request_of(args))
    limits = gate.limits_of(args) if args.baseline else None
    result = run_and_print(args)
    if limits is None or result.stopped_by is not None or result.record_path is None:
        return result.exit_code
    from evals.comparison.scores import read_scores

    print(file=sys.stderr if args.json else sys.stdout)
    verdict = gate.judge([read_scores(result.record_path, all_may_fail=True)], args, limits, beside_a_run=True)
    return result.exit_code or verdict


if __name__ == "__main__":
    sys.exit(main())
