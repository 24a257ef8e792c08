"""Speed of `--processes`: one process against two, and against two commands with half of the data each.

Run it as `python benchmarks/distributed.py [rows] [rounds]`. All are started in turn, so that a busy machine slows all
alike; printed are the best of the rounds. With `scripted` no server is needed. With a loopback server, the server is a
process of its own, whose CPU time is printed too: on two cores it takes part of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

N_ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
N_ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3


def write_eval(folder: Path, name: str, rows: range) -> None:
    """An eval of sums under `name`."""
    (folder / "registry" / "evals").mkdir(parents=True, exist_ok=True)
    data = folder / f"{name}.jsonl"
    with data.open("w") as file:
        for i in rows:
            prompt = [{"role": "user", "content": f"What is {i} + {i % 97}?"}]
            file.write(json.dumps({"input": prompt, "ideal": str(i + i % 97)}) + "\n")
    body = {"class": "evals.suite:Match", "args": {"samples_jsonl": str(data)}}
    (folder / "registry" / "evals" / f"{name}.yaml").write_text(
        f"{name}: {{id: {name}.dev.v0}}\n{name}.dev.v0: {json.dumps(body)}\n"
    )


def command(folder: Path, model: str, name: str, *options: str) -> list[str]:
    """`oaieval` on one of the evals."""
    record = folder / f"record-{name}.jsonl"
    record.unlink(missing_ok=True)
    args = ["--completion_args", "default=7,path=" + str(folder / "none.jsonl")] if model == "scripted" else []
    program = [sys.executable, "-m", "evals.cli.oaieval", model, name, "--record_path", str(record)]
    return [*program, "--registry_path", str(folder / "registry"), *args, *options]


def wall_s(*commands: list[str], base_url: str) -> float:
    """Seconds until all commands, started together, have ended."""
    environment = {**os.environ, "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "x"}
    began = time.perf_counter()
    running = [
        subprocess.Popen(each, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for each in commands
    ]
    codes = [each.wait() for each in running]
    if any(codes):
        raise SystemExit(f"a run failed: exit codes {codes}")
    return time.perf_counter() - began


def best(folder: Path, model: str, base_url: str) -> dict[str, float]:
    """The best time of each way over the rounds, in seconds."""
    ways = {
        "one process": lambda: [command(folder, model, "whole")],
        "--processes 2": lambda: [command(folder, model, "whole", "--processes", "2")],
        "two commands": lambda: [command(folder, model, "first"), command(folder, model, "second")],
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(N_ROUNDS):
        for name, make in ways.items():
            times[name].append(wall_s(*make(), base_url=base_url))
    return {name: min(values) for name, values in times.items()}


def show(model: str, found: dict[str, float]) -> None:
    """The rates, and the ratios that matter."""
    for name, seconds in found.items():
        print(f"{model:10} {name:14} {seconds:7.2f} s   {N_ROWS / seconds:8,.0f} samples/s")
    one, both, two = found.values()
    print(f"{model:10} --processes 2 has {one / both:.2f} times the rate of one process")
    print(f"{model:10} --processes 2 has {two / both:.2f} times the summed rate of two commands")


def main() -> None:
    """Measure without and with a server."""
    print(f"{N_ROWS:,} samples, best of {N_ROUNDS} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "none.jsonl").write_text('{"prompt": "nothing", "completion": "x"}\n')
        write_eval(folder, "whole", range(N_ROWS))
        write_eval(folder, "first", range(0, N_ROWS, 2))
        write_eval(folder, "second", range(1, N_ROWS, 2))
        show("scripted", best(folder, "scripted", ""))
        served = subprocess.Popen(
            [sys.executable, "-m", "evals.testing.openai_process", "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        assert served.stdout is not None
        url = next(word for word in served.stdout.readline().split() if word.startswith("http"))
        before = time.perf_counter()
        show("gpt-test", best(folder, "gpt-test", url))
        ticks = sum(map(int, Path(f"/proc/{served.pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
        share = ticks / os.sysconf("SC_CLK_TCK") / (time.perf_counter() - before)
        print(f"the server used {100 * share:.0f} % of one core meanwhile")
        served.terminate()
        served.wait()


if __name__ == "__main__":
    main()
