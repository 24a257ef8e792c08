"""`oaievalset`: run every eval of a set by one completion function or a list of them, each in a process of its own."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.cli.console import run_command, table
from evals.cli.oaievalset_flags import arguments
from evals.cli.oaievalset_flags import get_parser as get_parser
from evals.cli.set_progress import Progress as Progress
from evals.cli.set_progress import Task as Task
from evals.cli.set_progress import shown
from evals.errors import RegistryError, UsageError

if TYPE_CHECKING:
    from types import FrameType

    from evals.comparison.eval_set import Together
    from evals.registry.lookup import Registry
    from evals.runner.request import RunRequest

OaiEvalSetArguments = argparse.Namespace

ONE_RECORD_ONLY = {
    "record_path": "each eval of a set writes a record of its own: set EVALS_LOG_DIR to choose their folder",
    "resume_from": "leave it out: --resume, which is on, finds the unfinished record of each eval",
}


def tasks_of(args: argparse.Namespace, passed_on: Sequence[str], registry: Registry) -> list[Task]:
    """One task for each eval of the set, in load order, none twice, and each completion function.

    Raises:
        RegistryError: there is no such set, or no eval fits it.
    """
    from evals.cli.set_graders import flags_for

    registries = [word for path in args.registry_path for word in ("--registry_path", str(path))]
    models = registry.completion_fn_members(args.model)
    keys = evals_of(args.eval_set, registry)
    passed = {key: flags_for(key, passed_on, registry) for key in keys}
    return [["oaieval", model, key, *passed[key], *registries] for key in keys for model in models]


def evals_of(name: str, registry: Registry) -> list[str]:
    """The evals of a set, in load order, none twice; one alone where `name` is an eval's and no set's."""
    if is_one_eval(name, registry):
        return [str(registry.find_eval(name).key)]
    eval_set = registry.find_eval_set(name)
    keys = dict.fromkeys(spec.key for spec in registry.get_evals(eval_set.evals) if spec is not None and spec.key)
    if not keys:
        raise RegistryError(
            f"no eval fits the eval set {name!r}",
            where=eval_set.where,
            notes=[f"it asks for: {', '.join(eval_set.evals)}"],
            fix="correct its names, or add the registry that has them: --registry_path DIR",
        )
    return list(keys)


def is_one_eval(name: str, registry: Registry) -> bool:
    """Whether `name` is an eval and no set."""
    return registry.entry("eval_sets", name) is None and registry.entry("evals", name) is not None


def unknown_patterns(args: argparse.Namespace, registry: Registry) -> list[str]:
    """The entries of the set that no eval fits."""
    if is_one_eval(args.eval_set, registry):
        return []
    patterns = registry.find_eval_set(args.eval_set).evals
    return [pattern for pattern in patterns if next(iter(registry.get_evals([pattern])), None) is None]


def check_passed_on(args: argparse.Namespace, passed_on: Sequence[str]) -> argparse.Namespace:
    """Let oaieval's own parser look at its arguments, so that a misspelt one is found before the first eval."""
    from evals.cli.oaieval_flags import get_parser as get_oaieval_parser

    parsed: argparse.Namespace = get_oaieval_parser().parse_args([args.model, args.eval_set, *passed_on])
    for name, fix in ONE_RECORD_ONLY.items():
        if getattr(parsed, name) is not None:
            raise UsageError(f"--{name.replace('resume_from', 'resume-from')} names one record", fix=fix)
    return parsed


def progress_file(model: str, eval_set: str) -> Path:
    """Where the progress of a set lies: beside the records."""
    from evals.runner.request import log_dir

    name = f"{model}.{eval_set}.progress.txt"
    return log_dir() / "oaievalset" / "".join(c if c.isalnum() or c in "._-+,@" else "-" for c in name)


def run(args: argparse.Namespace, unknown_args: Sequence[str], registry: Registry | None = None) -> int:
    """Run the set with parsed arguments and return the exit code.

    unknown_args: passed on to oaieval. Raises EvalsError when nothing could be run.
    """
    from evals.registry.lookup import Registry

    parsed = check_passed_on(args, unknown_args)
    registry = registry or Registry()
    registry.add_registry_paths(args.registry_path)
    tasks = tasks_of(args, unknown_args, registry)
    for pattern in unknown_patterns(args, registry):
        _say(f"warning: the eval set {args.eval_set!r} asks for {pattern!r}, which no eval is called")
    if parsed.estimate or parsed.estimate_calls:
        return _estimate(args, unknown_args, tasks)
    progress = Progress(progress_file(args.model, args.eval_set))
    if not args.resume:
        progress.clear()
    elif progress.load():
        _drop_changed(tasks, progress)
        n_done = sum(map(progress.is_done, tasks))
        _say(f"{n_done:,} of {len(tasks):,} evals are done already ({progress.file})")
    results = _run_all(tasks, progress, args)
    _report(args, tasks, results, registry)
    return max((result["exit_code"] for result in results), default=0)


def _estimate(args: argparse.Namespace, passed_on: Sequence[str], tasks: Sequence[Task]) -> int:
    """Print what the runs that are left would take. Finished ones are known by their command without these flags."""
    from evals.cli.estimate import print_estimates, without_flags
    from evals.cli.oaieval import request_of
    from evals.cli.oaieval_flags import get_parser as get_oaieval_parser

    def parsed(task: Sequence[str]) -> tuple[argparse.Namespace, RunRequest]:
        of_task = get_oaieval_parser().parse_args(list(task[1:]))
        return of_task, request_of(of_task)

    progress = Progress(progress_file(args.model, args.eval_set))
    plain = [without_flags(task) for task in tasks]
    are_done = [False] * len(tasks)
    if args.resume and progress.load():
        _drop_changed(plain, progress)
        are_done = [progress.is_done(task) for task in plain]
    title = f"{args.eval_set} on {args.model}"
    return print_estimates(tasks, are_done, parsed, title=title, as_json=args.json)


def _drop_changed(tasks: Sequence[Task], progress: Progress) -> None:
    """Forget finished evals that are not the same any more, and say why."""
    from evals.cli.oaievalset_changes import change_since

    for task in tasks:
        if progress.is_done(task):
            change = change_since(task, progress.result_of(task))
            if change is not None:
                _say(f"{task[2]} on {task[1]} has changed and is run again: {change}")
                progress.forget(task)


def _run_all(tasks: Sequence[Task], progress: Progress, args: argparse.Namespace) -> list[dict[str, Any]]:
    """What came of each task, in order; shorter than `tasks` when one ended the set."""
    results = []
    for number, task in enumerate(tasks, 1):
        if progress.is_done(task):
            results.append({"exit_code": 0, **progress.result_of(task), "was_done": True})
            continue
        _say(f"\n{number} of {len(tasks)}: {' '.join(shown(task))}")
        result = run_task(task, resume=args.resume)
        results.append(result)
        if result["exit_code"] == 0:
            progress.add(task, result)
        elif args.exit_on_error or result["exit_code"] in (130, 143):
            break
    return results


def run_task(task: Task, *, resume: bool) -> dict[str, Any]:
    """Run one eval in a process; its exit code, final report and record. Messages and progress show as they come."""
    command = [
        sys.executable,
        "-m",
        "oaieval_commands",
        "oaieval",
        *task[1:],
        "--json",
        *(["--resume"] if resume else []),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    with _leaving_signals_to(process) as signals:
        output, _ = process.communicate()
    code = process.returncode or (128 + signals[0] if signals else 0)
    result: dict[str, Any] = {"exit_code": code if code >= 0 else 128 - code}
    with contextlib.suppress(ValueError):
        told = json.loads(output)
        result |= {key: told[key] for key in ("final_report", "record_path", "run_id", "errors") if key in told}
    return result


@contextlib.contextmanager
def _leaving_signals_to(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Ctrl-C reaches the eval from the terminal, SIGTERM is handed on; the eval ends in its own way and we wait.

    Yields the list of the signals that came.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return

    def hand_on(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if number == signal.SIGTERM:
            process.terminate()

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(
    args: argparse.Namespace, tasks: Sequence[Task], results: Sequence[dict[str, Any]], registry: Registry
) -> None:
    from evals.json_text import dumps
    from evals.report_keys import headline

    rows = []
    for i, task in enumerate(tasks):
        result = results[i] if i < len(results) else {"exit_code": None}
        declared = registry.eval_facts(task[2]).get("metrics")
        metric = headline(result.get("final_report") or {}, declared if isinstance(declared, list) else ())
        rows.append({"eval": task[2], "completion_fn": task[1], "metric": metric, "was_done": False, **result})
    joint = None
    if len(results) > 1:
        from evals.comparison.eval_set import together

        joint = together(rows)
    if args.json:
        code = max((result["exit_code"] for result in results), default=0)
        told = {"model": args.model, "eval_set": args.eval_set, "evals": rows, "exit_code": code}
        print(dumps({**told, **_joint_json(rows, joint)}), flush=True)
        return
    lines = [*summary_lines(rows), *(joint_lines(rows, joint) if joint is not None else [])]
    print("\n".join(["", f"{args.eval_set} on {args.model}", "", *lines]), flush=True)


def _joint_json(rows: Sequence[dict[str, Any]], joint: Together | None) -> dict[str, Any]:
    """The means of the set; each row gets `family_interval`, which holds together with those of all others."""
    for place, row in enumerate(rows):
        found = None if joint is None else joint.family.get(place)
        row["family_interval"] = [found.low, found.high] if found is not None and found.defined else None
    means = () if joint is None else joint.means
    return {"means": [mean.as_dict() for mean in means], "not_in_means": [] if joint is None else list(joint.left_out)}


def joint_lines(rows: Sequence[dict[str, Any]], joint: Together) -> list[str]:
    """The mean of the set's evals, and the intervals that hold for all of them at once."""
    from evals.report.words import indented, interval, number

    several = len({row["completion_fn"] for row in rows}) > 1
    lines = []
    for mean in joint.means:
        found, of = mean.estimate, f" of {mean.completion_fn}" if several else ""
        certainty = "no interval: one has a single sample"
        if found.interval.defined:
            certainty = f"95 % interval {interval(found.interval)} ({found.method})"
        lines += indented(f"mean {mean.metric} over {mean.n_evals} evals{of}: {number(found.value)}   {certainty}")
    if joint.means and joint.left_out:
        lines += indented(f"not in the mean: {', '.join(joint.left_out)}")
    if len(joint.family) > 1:
        lines += ["", *indented(f"intervals of all {len(joint.family)} that hold at once, 95 % (Bonferroni):")]
        cells = [
            (rows[place]["eval"], *[rows[place]["completion_fn"]][:several], interval(bounds))
            for place, bounds in joint.family.items()
        ]
        lines += [f"  {line}" for line in table(cells, right=set(), width=78)]
    return ["", *lines] if lines else []


def summary_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The table that ends a set: eval, model if there are several, exit code, metric with its interval, errors."""
    from evals.report.words import interval_text, number
    from evals.report_keys import metrics_of, n_of

    several = len({row["completion_fn"] for row in rows}) > 1
    cells = [("eval", *["model"][:several], "exit", "metric", "", "95 % interval", "n", "errors", "")]
    for row in rows:
        report, name, code = row.get("final_report") or {}, row["metric"], row["exit_code"]
        metric = metrics_of(report).get(name or "")
        interval = metric.ci95 if metric is not None else None
        n = n_of(name, report) if name else None
        cells.append((
            row["eval"],
            *[row["completion_fn"]][:several],
            "-" if code is None else str(code),
            name or "",
            number(report[name]) if name else "",
            interval_text(*interval) if interval else "",
            "" if n is None else f"{n:,}",
            str(report.get("n_errors") or "") if report else "",
            "not run" if code is None else "earlier" if row["was_done"] else "",
        ))  # fmt: skip
    return [f"  {line}" for line in table(cells, right={column + several for column in (1, 3, 5, 6)}, width=78)]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """The command's entry point; returns the exit code."""
    return run_command(lambda: run(*arguments(argv)))


if __name__ == "__main__":
    sys.exit(main())
