"""Runs hostile and honest programs through the sandbox and says what did not hold; standard library only, any user.

`python hostile_run.py --launcher auto --assurance strict --workers 2 [--slow] [--only NAME ...]` prints a JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Protocol

from attacked_problems import ATTACKED, problem
from honest_programs import Honest, honest_programs
from hostile_programs import Hostile, hostile_programs
from hostile_world import Family, World

from evals.sandbox.problem import Problem
from evals.sandbox.verdict import Status, Verdict

MORE_WALL_S = 2.0
"What a verdict's own wall time may be above the limit."
MAX_TEXT = 4096


class Checker(Protocol):
    """What can judge a program: a sandbox, or an evaluator that is naive."""

    def check(self, problem: Problem, program: str) -> Verdict: ...


@dataclass
class Outcome:
    """What came of one entry of the suite. wall_s: the largest of its verdicts. violations: what did not hold."""

    name: str
    status: str
    assurance: str
    wall_s: float
    over_s: float
    detail: str
    violations: list[str] = field(default_factory=list)


def attack(checker: Checker, world: World, hostile: Hostile, then_honest: bool = True) -> Outcome:
    """Run a hostile program (or two in turn), look at the world outside, and see that an honest one still passes."""
    attacked = problem(hostile.attacks, world.token, hostile.timeout_s, hostile.memory_bytes)
    verdicts = [checker.check(attacked, source) for source in hostile.sources(world.placeholders())]
    text = "".join(verdict.detail + verdict.stdout + verdict.stderr + str(verdict.kind) for verdict in verdicts)
    found = [said for verdict in verdicts for said in _not_held(verdict)] + world.violations(text)
    if then_honest:
        found += _honest_after(checker, world)
    last, wall_s = verdicts[-1], max(verdict.wall_s for verdict in verdicts)
    return Outcome(
        hostile.name, last.status.value, last.assurance, wall_s, wall_s - hostile.timeout_s, last.detail[:200], found
    )


def _not_held(verdict: Verdict) -> list[str]:
    found = []
    if verdict.passed and verdict.assurance == "strict":
        found.append("passed")
    if verdict.status is Status.HARNESS_ERROR:
        found.append(f"harness error: {verdict.detail[:300]}")
    for name, text in (("detail", verdict.detail), ("stdout", verdict.stdout), ("stderr", verdict.stderr)):
        if len(text) > MAX_TEXT:
            found.append(f"{name} has {len(text)} characters")
        if any(not (char.isprintable() or char == "\n") for char in text):
            found.append(f"{name} holds control characters")
    return found


def _honest_after(checker: Checker, world: World) -> list[str]:
    solution = ATTACKED["function"].solution
    verdict = checker.check(problem("function", world.token, 30.0, 1 << 30), solution)
    return [] if verdict.passed else [f"an honest program after it: {verdict.status.value} {verdict.detail[:200]}"]


def judge(checker: Checker, honest: Honest) -> Outcome:
    """Run an honest program and compare its verdict with the one it must have."""
    verdict = checker.check(honest.problem, honest.program)
    got = verdict.status.value, verdict.kind
    found = [] if got == honest.expects else [f"expected {honest.expects}, got {got}"]
    over_s = verdict.wall_s - honest.problem.timeout_s
    return Outcome(
        honest.name, verdict.status.value, verdict.assurance, verdict.wall_s, over_s, verdict.detail[:200], found
    )


def run_all(checker: Checker, world: World, given: argparse.Namespace) -> list[Outcome]:
    def chosen(one: Hostile | Honest, family: str) -> bool:
        wanted = not given.only or bool({one.name, family} & set(given.only))
        left_out = one.name in given.without or (one.slow and not given.slow) or (one.exposed and given.exposed)
        return wanted and not left_out

    hostile = [one for one in hostile_programs() if chosen(one, one.family)]
    honest = [one for one in honest_programs() if chosen(one, "honest")]
    return [told(attack(checker, world, one)) for one in hostile] + [told(judge(checker, one)) for one in honest]


def told(outcome: Outcome) -> Outcome:
    """The outcome, shown on standard error as it comes."""
    print(
        f"{outcome.name}: {outcome.status} {outcome.wall_s:.2f} s {' '.join(outcome.violations)}",
        file=sys.stderr,
        flush=True,
    )
    return outcome


def left_folders() -> list[str]:
    """What is in the folder for temporary files, where that was made for this process alone."""
    folder = os.environ.get("TMPDIR")
    return os.listdir(folder) if folder else []


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--launcher", default="auto")
    parser.add_argument("--assurance", default="strict")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--slow", action="store_true", help="also what takes seconds")
    parser.add_argument("--only", nargs="*", default=[], help="names or families")
    parser.add_argument("--without", nargs="*", default=[], help="names to leave out")
    parser.add_argument("--exposed", action="store_true", help="leave out what is not held without namespaces")
    parser.add_argument("--repeat", type=int, default=1)
    given = parser.parse_args(arguments)
    from evals.sandbox.host.sandbox import Sandbox

    family, began_s, before = Family(), time.monotonic(), open_descriptors()
    with World() as world:
        with Sandbox(workers=given.workers, assurance=given.assurance, launcher=given.launcher) as sandbox:
            outcomes = [one for _ in range(given.repeat) for one in run_all(sandbox, world, given)]
        survivors, left_open = family.survivors(), open_descriptors() - before - 4
        after = world.violations("") + [f"{name} was left" for name in left_folders()]
    print(json.dumps({
        "outcomes": [asdict(one) for one in outcomes],
        "statuses": Counter(f"{one.status} {one.assurance}" for one in outcomes),
        "violations": {one.name: one.violations for one in outcomes if one.violations},
        "late": {one.name: round(one.over_s, 2) for one in outcomes if one.over_s > MORE_WALL_S},
        "survivors": survivors,
        "after": after,
        "descriptors_left": max(0, left_open),
        "user": os.getuid(),
        "seconds": round(time.monotonic() - began_s, 1),
    }, indent=1))  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
