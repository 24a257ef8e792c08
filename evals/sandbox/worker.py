"""The supervisor's hold on one tester and, through it, its zygote."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from typing import Any

from evals.sandbox.inside.channel import Channel
from evals.sandbox.inside.codec import dumps, loads
from evals.sandbox.plan import command
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.tester import MAX_JOB
from evals.sandbox.zygote_link import START_S

BACKSTOP_S = 1.5
"After the limit: when the tester itself hangs, in a comparison that does not end, it is killed."


class WorkerLost(Exception):
    """The tester is gone or cannot start; `str` says what it left behind."""


class Hung(Exception):
    """The tester did not end a check in time, and was killed."""


class Worker:
    """One tester process, which judges one program at a time."""

    def __init__(self, config: dict[str, Any]) -> None:
        ours, theirs = socket.socketpair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            command("evals.sandbox.tester", sys.executable),
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            env={"LANG": "C.UTF-8"},
            close_fds=True,
        )
        theirs.close()
        self.channel = Channel(ours, MAX_JOB)
        self._wait(2 * START_S)
        try:
            self.channel.send(dumps({**config, "path": [path for path in sys.path if path]}))
            answer = self._heard()
        except WorkerLost:
            self.close()
            raise
        if "error" in answer:
            self.close()
            raise WorkerLost(str(answer["error"]))

    def check(self, problem: Problem, program: str, limit_s: float) -> dict[str, Any]:
        """The tester's outcome. Raises WorkerLost, or Hung."""
        self._wait(2 * START_S)
        try:
            self.channel.send(dumps({"problem": data_of(problem), "program": program, "limit_s": limit_s}))
        except EOFError:
            raise WorkerLost(f"the tester is gone; {self._left()}") from None
        while True:
            answer = self._heard()
            if "started" not in answer:
                return answer
            self._wait(limit_s + BACKSTOP_S)

    def _wait(self, limit_s: float) -> None:
        self.channel.sock.settimeout(limit_s)

    def _heard(self) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = loads(self.channel.receive())
        except TimeoutError:
            raise Hung from None
        except (EOFError, OSError, ValueError) as error:
            raise WorkerLost(f"the tester is gone ({type(error).__name__}); {self._left()}") from None
        return answer

    def _left(self) -> str:
        self._said.seek(0)
        return self._said.read()[-2000:].decode("utf-8", "replace").strip()

    def close(self) -> None:
        """End the tester; its zygote and all programs end with it."""
        self.channel.close()
        self._process.kill()
        self._process.wait()
        self._said.close()


def data_of(problem: Problem) -> dict[str, Any]:
    """A problem as the tester's `problem_of` takes it."""
    tests = problem.tests
    return {
        "problem_id": problem.problem_id,
        "prompt": problem.prompt,
        "tests": tests.source if isinstance(tests, FunctionTests) else [[c.stdin, c.stdout] for c in tests.cases],
        "entry_point": problem.entry_point,
        "timeout_s": problem.timeout_s,
        "memory_bytes": problem.memory_bytes,
    }
