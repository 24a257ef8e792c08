"""The sandbox of two builds beside each other: `python benchmarks/sandbox_builds.py OLD=PYTHON NEW=PYTHON`.

Each PYTHON has one build of this package installed. In every rotation each build judges the reference solutions of a
file in HumanEval's form (`--problems PATH`) in a fresh process: in a first round, where every problem is new, and in
later ones; then 328 programs of which every tenth is an endless loop. Programs a second, and the processor time of all
processes of the sandbox a program; the latter says more where others use the machine too.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

DEFAULT = Path(__file__).parents[1] / "data" / "evalcode" / "samples.jsonl"
LIMIT_S, N_LATER, N_WITH_LOOPS = 3.0, 3, 328
LOOP = "    while True:\n        pass\n"
PARTS = ("first round", "later rounds", "beside 10 % endless loops")

Figures = dict[str, tuple[float, float, int]]
"By part: programs a second, milliseconds of processor time a program, programs that did not pass."


def rows_of(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).decode().splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def cpu_s() -> float:
    """Processor time of this process and all below it, with that of those which have ended."""
    fields, parents = {}, {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            found = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        fields[int(name)], parents[int(name)] = found, int(found[1])
    mine = {os.getpid()}
    while (grown := mine | {pid for pid, parent in parents.items() if parent in mine}) != mine:
        mine = grown
    return sum(sum(map(int, fields[pid][11:15])) for pid in mine) / os.sysconf("SC_CLK_TCK")


def measure(path: Path, workers: int) -> Figures:
    """What this build does."""
    try:
        from evals.sandbox.host.sandbox import Sandbox
    except ImportError:  # where it was before
        from evals.sandbox.sandbox import Sandbox  # type: ignore[import-not-found, no-redef]
    from evals.sandbox.problem import FunctionTests, Problem

    jobs = []
    for row in rows_of(path):
        right = row["prompt"] + row["canonical_solution"]
        tests = FunctionTests(row["test"])
        problem = Problem(row["task_id"], row["prompt"], tests, row["entry_point"], LIMIT_S, reference=right)
        jobs.append((problem, right))
    many = [jobs[number % len(jobs)] for number in range(N_WITH_LOOPS)]
    mixed = [(one, one.prompt + LOOP) if number % 10 == 5 else (one, right) for number, (one, right) in enumerate(many)]

    def judged(rounds: list[list[Any]]) -> list[tuple[float, float, int]]:
        with Sandbox(workers=workers, assurance="strict") as sandbox, ThreadPoolExecutor(sandbox.n_threads) as pool:
            trivial = Problem("t", "", FunctionTests("def check(f):\n    assert f() == 1\n"), "f", LIMIT_S)
            list(pool.map(lambda _: sandbox.check(trivial, "def f(): return 1"), range(2 * workers)))
            return [timed(lambda job: sandbox.check(*job).status.value == "passed", pool, given) for given in rounds]

    first, *later = judged([jobs] * (1 + N_LATER))
    middle = tuple(statistics.median(column) for column in zip(*later, strict=True))
    return dict(zip(PARTS, (first, middle, *judged([mixed])), strict=True))  # type: ignore[arg-type]


def timed(passes: Callable[[Any], bool], pool: ThreadPoolExecutor, jobs: list[Any]) -> tuple[float, float, int]:
    before_s, began_s = cpu_s(), time.perf_counter()
    passed = list(pool.map(passes, jobs))
    wall_s = time.perf_counter() - began_s
    return len(jobs) / wall_s, (cpu_s() - before_s) / len(jobs) * 1e3, passed.count(False)


def table(found: dict[str, list[Figures]]) -> str:
    """Medians of the rotations, and the medians of the ratios to the first build in the same rotation."""
    old = next(iter(found))
    lines = ["| | build | programs/s | CPU ms a program | times the programs/s | less CPU | not passed |"]
    lines.append("|---|---|---:|---:|---:|---:|---:|")
    for part in PARTS:
        for name, figures in found.items():
            rate, cpu, failed = (statistics.median(one[part][column] for one in figures) for column in range(3))
            pairs = [(one[part], before[part]) for one, before in zip(figures, found[old], strict=True)]
            faster = statistics.median(mine[0] / theirs[0] for mine, theirs in pairs)
            less = statistics.median(theirs[1] / mine[1] for mine, theirs in pairs)
            lines.append(f"| {part} | {name} | {rate:.0f} | {cpu:.2f} | {faster:.2f} | {less:.2f} | {failed:.0f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("builds", nargs="*", metavar="NAME=PYTHON", help="the first is what others are compared with")
    parser.add_argument(
        "--problems", type=Path, default=DEFAULT, help="JSON lines with prompt, canonical_solution, test, entry_point"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rotations", type=int, default=5)
    given = parser.parse_args()
    if not given.builds:
        print(json.dumps(measure(given.problems, given.workers)))
        return
    builds = dict(build.split("=", 1) for build in given.builds)
    found: dict[str, list[Figures]] = {name: [] for name in builds}
    for number in range(given.rotations):
        order = list(builds)
        for name in order[number % len(order) :] + order[: number % len(order)]:
            command = [builds[name], __file__, "--problems", str(given.problems), "--workers", str(given.workers)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
            found[name].append(json.loads(done.stdout.splitlines()[-1]))
            print(f"rotation {number + 1}, {name}: {found[name][-1]}", file=sys.stderr, flush=True)
    print(table(found))


if __name__ == "__main__":
    main()
