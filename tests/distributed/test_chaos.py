"""A run over two processes that is stopped in every way, again and again, ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest
from commands import Workplace, report_of
from shared_work import SumServer, in_any_order, sum_rows

from evals.testing.waiting import wait_until

N = 5_000
N_STOPS = 50
IN_FLIGHT = 16
ENOUGH = 60
"Answers after which a run is stopped."

BROKEN_WORLD = """
import os, random, socket, time

real_time, real_lookup = time.time, socket.getaddrinfo
if os.environ.get("CLOCK_JUMPS"):
    time.time = lambda: real_time() + random.choice((-86400.0, 0.0, 86400.0))
if os.environ.get("NO_DNS_AFTER_S"):
    began = time.monotonic()

    def lookup(*args, **kwargs):
        if time.monotonic() - began > float(os.environ["NO_DNS_AFTER_S"]):
            raise socket.gaierror(-2, "Name or service not known")
        return real_lookup(*args, **kwargs)

    socket.getaddrinfo = lookup
"""
"As `sitecustomize`, in every process of a run: a clock that jumps by a day, and names that are no longer found."


def children_of(process: Popen[str]) -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    except OSError:
        return []


def kill_a_child(process: Popen[str]) -> None:
    for pid in children_of(process)[:1]:
        os.kill(pid, signal.SIGKILL)


def kill_all(process: Popen[str]) -> None:
    for pid in [*children_of(process), process.pid]:
        os.kill(pid, signal.SIGKILL)


STOPS: list[Callable[[Popen[str]], None]] = [
    lambda process: process.send_signal(signal.SIGKILL),
    lambda process: process.send_signal(signal.SIGTERM),
    lambda process: process.send_signal(signal.SIGINT),
    kill_a_child,
    kill_all,
]


class Chaos:
    """Starts the run, and stops it once it has made some calls."""

    def __init__(self, workplace: Workplace, server: SumServer) -> None:
        self.workplace, self.server = workplace, server
        self.dice = random.Random(7)
        self.n_lost = 0
        self.seen = 0, 0.0
        (workplace.folder / "sitecustomize.py").write_text(BROKEN_WORLD)
        workplace.environment["PYTHONPATH"] = f"{workplace.folder}:{workplace.environment.get('PYTHONPATH', '')}"

    def start(self, limit_bytes: int | None = None, **environment: str) -> Popen[str]:
        command = self.workplace.command(
            "gpt-test",
            "sums",
            "--processes",
            "2",
            "--concurrency",
            str(IN_FLIGHT),
            "--record_path",
            "a.jsonl",
            "--resume",
        )

        if limit_bytes is not None:  # bash counts in blocks of 1,024 bytes
            command = ["bash", "-c", f'ulimit -f {limit_bytes // 1024}; exec "$@"', "limited", *command]
        return Popen(
            command,
            cwd=self.workplace.folder,
            env=self.workplace.env(self.server.base_url.replace("127.0.0.1", "localhost"), **environment),
            text=True,
        )

    def silent_for_s(self) -> float:
        """Seconds since the server was last asked."""
        if self.server.n_requests != self.seen[0]:
            self.seen = self.server.n_requests, time.monotonic()
        return time.monotonic() - self.seen[1]

    def stop_once(self, number: int) -> int:
        """One run and its end by a fault; the exit code."""
        kind = number % 10
        asked = self.server.n_requests
        if kind == 8:  # a full disk: files may grow by so much
            record = self.workplace.folder / "a.jsonl"
            process = self.start(limit_bytes=(record.stat().st_size if record.exists() else 0) + 20_000)
        elif kind == 9:
            process = self.start(NO_DNS_AFTER_S="3", EVALS_THREAD_TIMEOUT="5")
        else:
            process = self.start(**({"CLOCK_JUMPS": "1"} if kind % 2 else {}))
        wait_until(lambda: process.poll() is not None or self.server.n_requests - asked >= ENOUGH, limit_s=120)
        if kind == 9:  # it notices by itself that nobody can be reached; a signal ends its waiting
            wait_until(lambda: process.poll() is not None or self.silent_for_s() > 2, limit_s=120)
        if process.poll() is None:
            (self.dice.choice(STOPS) if kind < 8 else STOPS[1])(process)
        self.n_lost += IN_FLIGHT
        return process.wait(timeout=240)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_fifty_stops_lose_nothing_and_repeat_only_what_was_in_flight(tmp_path: Path):
    workplace = Workplace(tmp_path)
    workplace.add_eval("sums", sum_rows(N))
    with SumServer(latency_s=0.1) as server:
        chaos = Chaos(workplace, server)
        codes = [chaos.stop_once(number) for number in range(N_STOPS)]
        done = workplace.oaieval(
            "gpt-test", "sums", "--processes", "2", "--record_path", "a.jsonl", "--resume",
            base_url=server.base_url.replace("127.0.0.1", "localhost"),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        n_again = server.n_requests - N
        assert len(server.asked) == N
        alone = workplace.oaieval(
            "gpt-test",
            "sums",
            "--record_path",
            "alone.jsonl",
            base_url=server.base_url.replace("127.0.0.1", "localhost"),
        )
        assert alone.returncode == 0
    assert {3, 143, -9} <= set(codes), codes
    assert 0 <= n_again <= chaos.n_lost
    assert report_of(workplace.folder / "a.jsonl") == report_of(workplace.folder / "alone.jsonl")
    finals = [set(in_any_order(workplace.folder / name)) for name in ("alone.jsonl", "a.jsonl")]
    assert {line for line in finals[0] if '"type": "match"' in line} <= finals[1]
