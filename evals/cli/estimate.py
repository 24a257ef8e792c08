"""`--estimate` of `oaieval` and `oaievalset`: what a run would call and cost, before anything is paid."""

from __future__ import annotations

import argparse
import contextlib
import logging
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from evals.cli.console import table
from evals.errors import UsageError

if TYPE_CHECKING:
    from evals.runner.estimate import RunEstimate
    from evals.runner.request import RunRequest


def wants_estimate(args: argparse.Namespace) -> bool:
    """Whether parsed arguments of oaieval ask for an estimate."""
    return bool(args.estimate or args.estimate_calls)


def without_flags(task: Sequence[str]) -> list[str]:
    """The command of a run without the flags of estimates, which is the one that a set has done."""
    kept: list[str] = []
    words = iter(task)
    for word in words:
        flag = word.partition("=")[0].replace("_", "-")
        if flag in ("--estimate-calls", "--price") and "=" not in word:
            next(words, None)
        elif flag not in ("--estimate", "--estimate-calls", "--price"):
            kept.append(word)
    return kept


def prices_of(text: str | None) -> tuple[float, float] | None:
    """The prices in `0.5,1.5`.

    Raises:
        UsageError: these are not two numbers of 0 or more.
    """
    if text is None:
        return None
    try:
        given, written = (float(part) for part in text.split(","))
    except ValueError:
        what = f"--price needs two numbers, not {text!r}"
        raise UsageError(what, fix="dollars per million tokens: --price 0.5,1.5") from None
    if not (0 <= given < math.inf and 0 <= written < math.inf):
        raise UsageError(
            f"--price is {text!r}: a price is a number from 0 up", fix="dollars per million tokens: --price 0.5,1.5"
        )
    return given, written


def estimate(args: argparse.Namespace, request: RunRequest) -> RunEstimate:
    """The estimate that parsed arguments of oaieval ask for. request: the run that they describe."""
    from evals.runner.estimate import estimate_run

    prices = prices_of(args.price)
    with _quiet():
        return estimate_run(request, n_trial_calls=args.estimate_calls or 0, prices=prices)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without messages about calls: nothing is called."""
    logger = logging.getLogger("evals")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def print_estimate(args: argparse.Namespace, request: RunRequest) -> int:
    """Print the estimate of one run."""
    from evals.json_text import dumps
    from evals.report.terminal.estimate import estimate_text

    found = estimate(args, request)
    print(dumps(found.as_dict()) if args.json else estimate_text(found), flush=True)
    return 0


def print_estimates(
    tasks: Sequence[Sequence[str]],
    are_done: Sequence[bool],
    parsed: Callable[[Sequence[str]], tuple[argparse.Namespace, RunRequest]],
    *,
    title: str,
    as_json: bool,
) -> int:
    """Print the estimates of a set's runs, and their sum.

    tasks: commands `oaieval MODEL EVAL ...`. are_done: those that the set skips. parsed: arguments and run of a task.
    """
    from evals.json_text import dumps
    from evals.report.terminal.estimate import estimates_lines

    found = []
    for task, is_done in zip(tasks, are_done, strict=True):
        print(f"estimating {task[2]} on {task[1]}", file=sys.stderr, flush=True)
        found.append(None if is_done else estimate(*parsed(task)))
    if as_json:
        print(dumps(_as_json(tasks, found)), flush=True)
        return 0
    rows = estimates_lines(found, [(task[2], task[1]) for task in tasks])
    numbers = set(range(len(rows[0]) - 4, len(rows[0])))
    lines = [f"  {line}" for line in table(rows, right=numbers, width=78)]
    print("\n".join([f"{title}: an estimate", "", *lines]))
    print("\n  tokens are bytes/4 unless measured, completions up to their caps; retries are not counted")
    print("  each number with its range and basis: --json, or oaieval MODEL EVAL --estimate", flush=True)
    return 0


def _as_json(tasks: Sequence[Sequence[str]], found: Sequence[RunEstimate | None]) -> dict[str, Any]:
    from dataclasses import asdict

    from evals.runner.estimate import summed

    left = [one for one in found if one is not None]
    models = [model for one in left for model in one.models]
    costs = [one.cost_usd for one in left if one.cost_usd is not None]
    rows = [
        {"eval": task[2], "completion_fn": task[1], "was_done": one is None, **({} if one is None else one.as_dict())}
        for task, one in zip(tasks, found, strict=True)
    ]
    total = {
        "calls": asdict(summed([one.calls for one in left], "sum")),
        "prompt_tokens": asdict(summed([one.prompt_tokens for one in models], "sum")),
        "completion_tokens": asdict(summed([one.completion_tokens for one in models], "sum")),
        "cost_usd": asdict(summed(costs, "sum")) if len(costs) == len(left) else None,
    }
    return {"evals": rows, "sum": total}
