"""What a run costs beside a bare loop over the same server: CPU, waiting, memory, bytes, start-up.

python benchmarks/engine.py [--rounds 5] [--only cpu,latency,memory,bytes,startup,registry]
                            [--peer-registry DIR] [--against PYTHON]

--against compares with another build, whose interpreter is PYTHON: CPU a sample, and of a one-sample run, without and
with the extra [fast]. All builds take turns.

Every figure is a median of rounds in which the two sides take turns, on one local server in a process of its own.
CPU is user + system time of the whole measured process, as the operating system counts it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from evals.testing.openai_process import ServerProcess

PEER_BYTES_A_SAMPLE = 1180
"What openai/evals 3.0.1.post1 writes for such a sample."

BARE_LOOP = """
import asyncio, json, sys
from openai import AsyncOpenAI

async def main(path, base_url, n, in_flight):
    client = AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0)
    rows = [json.loads(line) for line in open(path)][:n]
    gate, right = asyncio.Semaphore(in_flight), 0
    async def one(row):
        nonlocal right
        async with gate:
            reply = await client.chat.completions.create(model="loopback", messages=row["input"], temperature=0)
        right += reply.choices[0].message.content.startswith(row["ideal"])
    await asyncio.gather(*map(one, rows))
    print(right)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""


class Used(NamedTuple):
    """What one finished process took."""

    cpu_s: float
    wall_s: float
    peak_mb: float


def measure(command: list[str], environment: dict[str, str] | None = None, cwd: Path | None = None) -> Used:
    """Run a command to its end and say what it took; a failure shows its output."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        env = {**os.environ, **(environment or {})}
        process = subprocess.Popen(command, stdout=output, stderr=output, env=env, cwd=cwd)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.perf_counter() - began
        if process.returncode:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)}\n{output.read().decode()}")
    return Used(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024)


class Bench:
    """A registry with one Match eval of as many rows as asked for, and commands over it."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.folder, self.base_url = folder, base_url
        (folder / "evals").mkdir()
        (folder / "data").mkdir()
        (folder / "evals" / "bench.yaml").write_text(
            "bench:\n  id: bench.dev.v0\n  metrics: [accuracy]\n"
            "bench.dev.v0:\n  class: evals.elsuite.basic.match:Match\n  args:\n    samples_jsonl: bench.jsonl\n"
        )

    def rows(self, n: int) -> None:
        """Write `n` samples."""
        with open(self.folder / "data" / "bench.jsonl", "w") as file:
            for i in range(n):
                prompt = [
                    {"role": "system", "content": "Answer with the number alone."},
                    {"role": "user", "content": f"What is {i} + {i % 97}? Think of apples if it helps you to add."},
                ]
                file.write(json.dumps({"input": prompt, "ideal": "42" if i % 2 else str(i)}) + "\n")

    @property
    def data(self) -> str:
        return str(self.folder / "data" / "bench.jsonl")

    def run(self, *flags: str, name: str = "bench") -> Used:
        record = self.folder / "record.jsonl"
        record.unlink(missing_ok=True)
        command = [sys.executable, "-m", "evals.cli.oaieval", "loopback", name, "--registry_path", str(self.folder)]
        return measure([*command, "--record_path", str(record), *flags], {"OPENAI_BASE_URL": self.base_url})

    def build(self, python: str, n: int, environment: dict[str, str]) -> Used:
        """A run of `n` samples by the build of an interpreter. The working folder holds no package of ours."""
        (self.folder / "record.jsonl").unlink(missing_ok=True)
        command = [python, "-m", "evals.cli.oaieval", "loopback", "bench", "--registry_path", str(self.folder)]
        flags = ["--record_path", "record.jsonl", "--max_samples", str(n)]
        return measure([*command, *flags], {"OPENAI_BASE_URL": self.base_url, **environment}, self.folder)

    def bare(self, n: int, in_flight: int) -> Used:
        return measure([sys.executable, "-c", BARE_LOOP, self.data, self.base_url, str(n), str(in_flight)])


def medians(rounds: int, *sides: Callable[[], float]) -> list[float]:
    """The median of each side, taken in turns; one round before is not counted."""
    values: list[list[float]] = [[] for _ in sides]
    for number in range(rounds + 1):
        for side, seen in zip(sides, values, strict=True):
            figure = side()
            if number:
                seen.append(figure)
    return [statistics.median(seen) for seen in values]


def show(what: str, figure: str, bar: str) -> None:
    print(f"{what:<52} {figure:<28} {bar}", flush=True)


def cpu(bench: Bench, rounds: int, n: int = 2000) -> None:
    """CPU a sample at 0 ms: whole processes, start-up included, over the same rows with 64 in flight."""
    bench.rows(n)
    ours, bare = medians(
        rounds,
        lambda: bench.run("--concurrency", "64").cpu_s / n * 1e6,
        lambda: bench.bare(n, 64).cpu_s / n * 1e6,
    )
    show(
        "CPU a sample, recording, start-up included",
        f"{ours:,.0f} us, bare {bare:,.0f} us",
        f"ratio {ours / bare:.2f} (bar 0.5, aim 0.2)",
    )


HIDE_FAST = "import sys\nfor name in ('httptools',):\n    sys.modules[name] = None  # its import fails\n"


def builds(bench: Bench, rounds: int, other: str, n: int = 3000) -> None:
    """CPU a sample and of a start, by another build, by this one without [fast], and with it, in turns."""
    bench.rows(n)
    hidden = bench.folder / "hidden"
    hidden.mkdir(exist_ok=True)
    (hidden / "sitecustomize.py").write_text(HIDE_FAST)
    sides = {
        "the other build": (other, {}),
        "without [fast]": (sys.executable, {"PYTHONPATH": str(hidden)}),
        "with [fast]": (sys.executable, {}),
    }
    samples: dict[str, list[float]] = {name: [] for name in sides}
    starts: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name in sides if number % 2 else reversed(sides):
            python, environment = sides[name]
            one, all_ = bench.build(python, 1, environment), bench.build(python, n, environment)
            if number:  # the first round writes byte code, and is not counted
                samples[name].append((all_.cpu_s - one.cpu_s) / (n - 1) * 1e6)
                starts[name].append(one.cpu_s * 1e3)
    first, *ours = sides
    for what, unit, values in (("CPU a sample", "us", samples), ("CPU of a one-sample run", "ms", starts)):
        show(f"{what}, {first}", f"{statistics.median(values[first]):,.0f} {unit}", f"median of {rounds} rounds")
        for name in ours:
            ratios = [mine / its for mine, its in zip(values[name], values[first], strict=True)]
            show(
                f"{what}, {name}",
                f"{statistics.median(values[name]):,.0f} {unit}",
                f"ratio {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}, n = {rounds}",
            )


def latency(bench: Bench, rounds: int) -> None:
    """Wall time at 200 ms against the ideal n / in_flight * 0.2 s, start-up taken off."""
    for in_flight, bar in ((100, "bar 1.1"), (200, "bar 1.5, aim 1.15")):
        n = in_flight * 25
        bench.rows(n)
        ideal_s = n / in_flight * 0.2

        def whole(in_flight: int = in_flight) -> float:
            return bench.run("--concurrency", str(in_flight)).wall_s

        def start() -> float:
            return bench.run("--concurrency", "1", "--max_samples", "1").wall_s - 0.2

        wall_s, start_s = medians(rounds, whole, start)
        show(
            f"200 ms, {in_flight} in flight, {n} samples",
            f"{wall_s - start_s:.2f} s, ideal {ideal_s:.2f} s",
            f"ratio {(wall_s - start_s) / ideal_s:.2f} ({bar})",
        )


def width(bench: Bench, server: ServerProcess) -> None:
    """How many calls are in flight with no flag at all."""
    bench.rows(3000)
    bench.run()
    show("in flight at most, no flag, 200 ms", str(server.stats()["max_in_flight"]), "bar 100")


def memory(bench: Bench, rounds: int) -> None:
    """Peak memory of the process at 1,000 and at 100,000 samples."""
    peaks = {}
    for n in (1000, 100_000):
        bench.rows(n)
        peaks[n] = statistics.median(bench.run("--concurrency", "64").peak_mb for _ in range(min(rounds, 2)))
    ratio = peaks[100_000] / peaks[1000]
    show(
        "peak memory, 100,000 against 1,000 samples",
        f"{peaks[100_000]:.1f} MB, {peaks[1000]:.1f} MB",
        f"ratio {ratio:.3f} (bar 1.1)",
    )


def record_bytes(bench: Bench) -> None:
    bench.rows(1000)
    bench.run("--concurrency", "64")
    size = (bench.folder / "record.jsonl").stat().st_size / 1000
    show(
        "record bytes a sample",
        f"{size:,.0f}, openai/evals {PEER_BYTES_A_SAMPLE:,}",
        f"ratio {size / PEER_BYTES_A_SAMPLE:.2f} (bar 1.3)",
    )


def startup(bench: Bench, rounds: int) -> None:
    """A one-sample run against the bare import of the SDK."""
    bench.rows(1)
    ours, sdk = medians(
        max(rounds, 5),
        lambda: bench.run().wall_s,
        lambda: measure([sys.executable, "-c", "import openai"]).wall_s,
    )
    show("a one-sample run, import openai", f"{ours:.2f} s, {sdk:.2f} s", f"ratio {ours / sdk:.2f} (bar 1.3)")


RESOLVE = """
import sys, time
from evals.registry.lookup import Registry
registry = Registry(registry_paths=[sys.argv[1]])
began = time.perf_counter()
registry.get_eval(sys.argv[2])
print((time.perf_counter() - began) * 1000)
"""


def registry(bench: Bench, rounds: int, peer: Path) -> None:
    """Resolving one name in a cold process: the registry of openai/evals, and an empty one."""
    empty = bench.folder / "empty"
    (empty / "evals").mkdir(parents=True, exist_ok=True)

    def resolve(folder: Path) -> float:
        command = [sys.executable, "-c", RESOLVE, str(folder), "test-match"]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    full_ms, empty_ms = medians(max(rounds, 5), lambda: resolve(peer), lambda: resolve(empty))
    show(
        "resolving a name in 463 files, in none",
        f"{full_ms:.1f} ms, {empty_ms:.1f} ms",
        f"{full_ms - empty_ms:.1f} ms beyond (bar 50)",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="cpu,latency,memory,bytes,startup,registry")
    parser.add_argument("--against", help="the interpreter of an environment with another build, for `builds`")
    parser.add_argument("--peer-registry", type=Path, default=os.environ.get("EVALS_PEER_REGISTRY"))
    args = parser.parse_args()
    wanted = args.only.split(",")
    with tempfile.TemporaryDirectory() as folder:
        with ServerProcess("--answer", "42") as server:
            bench = Bench(Path(folder), server.base_url)
            if "cpu" in wanted:
                cpu(bench, args.rounds)
            if "bytes" in wanted:
                record_bytes(bench)
            if "startup" in wanted:
                startup(bench, args.rounds)
            if args.against:
                builds(bench, args.rounds, args.against)
            if "memory" in wanted:
                memory(bench, args.rounds)
        if "latency" in wanted:
            with ServerProcess("--answer", "42", "--latency", "0.2") as server:
                bench.base_url = server.base_url
                latency(bench, args.rounds)
                width(bench, server)
        if "registry" in wanted and args.peer_registry:
            registry(bench, args.rounds, Path(args.peer_registry))


if __name__ == "__main__":
    main()
