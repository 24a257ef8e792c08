"""The tester: a process that holds the tests and decides. It runs no untrusted code and takes in plain values only."""

from __future__ import annotations

import contextlib
import math
import os
import resource
import signal
import socket
import sys
import traceback
from typing import Any

from evals.sandbox.inside import linux
from evals.sandbox.inside.channel import Channel, from_fd
from evals.sandbox.inside.wire import dumps, loads
from evals.sandbox.output import MAX_DETAIL, same_output
from evals.sandbox.problem import FunctionTests, Problem, StdioCase, StdioTests
from evals.sandbox.tester.calls import Program
from evals.sandbox.tester.clock import Clock
from evals.sandbox.tester.exits import (
    CannotTravel,
    Died,
    Ending,
    HarnessError,
    NotPython,
    OutOfMemory,
    TimeUp,
    WrongType,
)
from evals.sandbox.tester.function_check import namespace_of, quiet, run_tests
from evals.sandbox.tester.shapes import Shape
from evals.sandbox.tester.stdio_check import Printed, run_case
from evals.sandbox.tester.watch import LEAST_ROOM_S, MOST_ROOM, Allowance, Watch
from evals.sandbox.tester.zygote_link import Spare, Used, ZygoteLink

MAX_JOB = 1 << 28
TESTER_BYTES = 4 << 30
"Address space of the tester: values that a program gives must not make it take the machine."

Outcome = dict[str, Any]


class Tester:
    """Judges one program at a time."""

    def __init__(self, supervisor: Channel, config: dict[str, Any], zygotes: socket.socket) -> None:
        self.supervisor = supervisor
        self.link = ZygoteLink(config["command"], config["plan"], zygotes)
        self.clock = Clock()
        self.watch = Watch(self.supervisor)
        self.problems: dict[int, tuple[Problem, Shape | None]] = {}
        self.strict = config["assurance"] == "strict"
        self.link.order()

    def serve(self) -> None:
        """Judge until the supervisor is gone."""
        while True:
            try:
                job = loads(self.supervisor.receive())
            except EOFError:
                self.link.close()
                return
            if "problem" not in job:
                continue  # an allowance for a program that has ended meanwhile
            try:
                outcome = self.judge(*self._known(job), job["program"], Allowance(job["limit_s"], job["enough_s"]))
            except HarnessError as error:
                outcome = {"status": "harness_error", "detail": str(error)}
            except Exception as error:
                outcome = {"status": "harness_error", "detail": f"{type(error).__name__}: {error}", "lost": True}
            outcome = {key: value[:MAX_DETAIL] if isinstance(value, str) else value for key, value in outcome.items()}
            self.supervisor.send(dumps(outcome))

    def _known(self, job: dict[str, Any]) -> tuple[Problem, Shape | None]:
        """The problem of a job, which is sent once; after `forget` all are sent again."""
        if job.get("forget"):
            self.problems.clear()
        if "data" in job:
            self.problems[job["problem"]] = problem_of(job["data"])
        return self.problems[job["problem"]]

    def judge(self, problem: Problem, shape: Shape | None, program: str, allowed: Allowance) -> Outcome:
        """What came of one program."""
        if isinstance(problem.tests, StdioTests):
            return self._stdio(problem, problem.tests.cases, program, allowed)
        assert shape is not None
        if shape.weak_because is None:
            return self._function(problem, shape, program, allowed)
        if self.strict:
            return {"status": "refused", "detail": f"no strict verdict: {shape.weak_because}"}
        return self._together(problem, program, allowed) | {"assurance": "weak"}

    def _function(self, problem: Problem, shape: Shape, program: str, allowed: Allowance) -> Outcome:
        spare = self.link.take()
        namespace = namespace_of(problem)
        calls = Program(spare.channel, shape, problem.entry_point or "", namespace)
        job = job_of("function", problem, program) | {
            "entry": problem.entry_point,
            "classes": sorted(shape.classes),
            "max_output": 1 << 20 if shape.reads_output else 4096,
        }
        error: BaseException | None = None
        try:
            with quiet(), self._timed(problem.memory_bytes, spare, allowed):
                spare.channel.send(dumps(job))
                self.link.order()
                run_tests(calls, problem, shape)
        except BaseException as caught:
            error = caught
        error = self.clock.ending or calls.failed or calls.over or error
        calls.ended(Died("the check is over"))
        used = self._ended(spare)
        found = {"status": "passed"} if error is None else told(error, used, calls.raised)
        return found | self.watch.spent(used) | {"stdout": calls.printed}

    def _together(self, problem: Problem, program: str, allowed: Allowance) -> Outcome:
        """Program and tests in one process: what it says may be forged."""
        assert isinstance(problem.tests, FunctionTests)
        spare = self.link.take()
        job = job_of("together", problem, program)
        job |= {"entry": problem.entry_point, "tests": problem.tests.source}
        error: BaseException | None = None
        message: Any = None
        try:
            with self._timed(problem.memory_bytes, spare, allowed):
                spare.channel.send(dumps(job))
                self.link.order()
                message = loads(spare.channel.receive())
        except (EOFError, OSError):
            error = Died("the program's process ended")
        except Exception:
            error = WrongType("what the program says cannot be read")
        except Ending as caught:
            error = caught
        used = self._ended(spare)
        found = told(error, used, {}) if error is not None else claimed(message)
        return found | self.watch.spent(used)

    def _stdio(self, problem: Problem, cases: tuple[StdioCase, ...], program: str, allowed: Allowance) -> Outcome:
        cpu_s = 0.0
        self.watch.start(allowed)
        found: Outcome = {"status": "passed"}
        self._say_started()
        for number, case in enumerate(cases, 1):
            found = self._case(problem, case, program)
            cpu_s += found["cpu_s"]
            if found["status"] != "passed":
                found["detail"] = f"case {number} of {len(cases)}: {found.get('detail', '')}".rstrip(": ")
                break
        return found | {"cpu_s": cpu_s}

    def _case(self, problem: Problem, case: StdioCase, program: str) -> Outcome:
        spare = self.link.take()
        job = job_of("program", problem, program)
        error: BaseException | None = None
        printed = Printed()
        try:
            with self._timed(problem.memory_bytes, spare):
                printed = run_case(spare.channel, job, case, self.link.order)
        except Ending as caught:
            error = caught
        except (EOFError, OSError):
            error = Died("the program's process ended")
        used = self._ended(spare)
        if error is None:
            found = judged_output(printed, case, used)
        else:
            found = told(error, used, {})
        shown = {"stdout": printed.stdout[:4096].decode("utf-8", "replace"),
                 "stderr": printed.stderr.decode("utf-8", "replace")}  # fmt: skip
        return found | self.watch.spent(used) | shown

    @contextlib.contextmanager
    def _timed(self, memory_bytes: int, spare: Spare, allowed: Allowance | None = None) -> Any:
        if allowed is not None:
            self.watch.start(allowed)
            self._say_started()
        self.watch.begin(spare.pid, memory_bytes)
        with self.clock.running(self.watch.look):
            yield

    def _ended(self, spare: Spare) -> Used:
        """Stop the clock, and end the program with all that it started."""
        self.clock.stop()
        self.watch.finish(self.clock.elapsed_s)
        return self.link.end(spare)

    def _say_started(self) -> None:
        self.supervisor.send('{"started":1}')


def job_of(mode: str, problem: Problem, program: str) -> dict[str, Any]:
    """What every candidate is told."""
    cpu_s = math.ceil(MOST_ROOM * problem.timeout_s + LEAST_ROOM_S)
    return {"mode": mode, "source": program, "memory_bytes": problem.memory_bytes, "cpu_s": cpu_s}


def problem_of(data: dict[str, Any]) -> tuple[Problem, Shape | None]:
    """A problem and the shape of its tests, as `worker.py` sends them."""
    tests, shape = data.pop("tests"), data.pop("shape")
    if isinstance(tests, str):
        ahead = tuple(shape.pop("ahead"))
        sets = {key: frozenset(value) for key, value in shape.items() if isinstance(value, list)} | {"ahead": ahead}
        return Problem(tests=FunctionTests(tests), **data), Shape(**{**shape, **sets})
    return Problem(tests=StdioTests(tuple(StdioCase(*case) for case in tests)), **data), None


def told(error: BaseException, used: Used, raised: dict[int, tuple[BaseException, str]]) -> Outcome:
    """The outcome that an exception means."""
    if isinstance(error, Died):
        return _death(used)
    for kind, status, failure in _ENDINGS:
        if isinstance(error, kind):
            return {"status": status, "kind": failure, "detail": str(error)}
    from_program = raised.get(id(error))
    if isinstance(error, MemoryError):
        return {"status": "memory", "detail": from_program[1] if from_program else "MemoryError in the tests"}
    if from_program is not None:
        return {"status": "failed", "kind": "exception", "detail": from_program[1]}
    if isinstance(error, AssertionError):
        return {"status": "failed", "kind": "assertion", "detail": f"{_text(error)}{_place(error)}"}
    if isinstance(error, (HarnessError, ImportError)):
        return {"status": "harness_error", "detail": _text(error)}
    return {"status": "failed", "kind": "exception", "detail": f"{type(error).__name__}: {_text(error)}{_place(error)}"}


_ENDINGS: tuple[tuple[type[Ending], str, str | None], ...] = (
    (TimeUp, "timed_out", None),
    (NotPython, "syntax_error", None),
    (WrongType, "failed", "wrong_type"),
    (OutOfMemory, "memory", None),
    (CannotTravel, "refused", None),
)


def _text(error: BaseException) -> str:
    """What an exception says; it may hold an object of the program, which is not asked any more."""
    try:
        return str(error)
    except BaseException:
        return "(an object of the program)"


def _place(error: BaseException) -> str:
    """Where in the tests an exception came up."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "tests.py"]
    return f" (line {frames[-1].lineno} of the tests)" if frames else ""


def _death(used: Used) -> Outcome:
    """The outcome of a process that ended by itself in the midst of its tests."""
    if os.WIFSIGNALED(used.status):
        number = os.WTERMSIG(used.status)
        if number == signal.SIGXCPU:
            return {"status": "timed_out", "detail": "processor time"}
        return {
            "status": "failed",
            "kind": "exception",
            "detail": f"the process was ended by {signal.Signals(number).name}",
        }
    code = os.WEXITSTATUS(used.status)
    return {"status": "failed", "kind": "exception", "detail": f"the process ended with code {code} and no result"}


def claimed(message: Any) -> Outcome:
    """The outcome that a process says which holds program and tests."""
    try:
        if message[0] == "passed":
            return {"status": "passed"}
        if message[0] == "syntax":
            return {"status": "syntax_error", "detail": str(message[1])}
        _, names, text, line = message
        if names[0] == "MemoryError":
            return {"status": "memory", "detail": str(text)}
        if "AssertionError" in names:
            return {"status": "failed", "kind": "assertion", "detail": str(text)}
        return {"status": "failed", "kind": "exception", "detail": f"{names[0]}: {text} (line {line})"}
    except Exception:
        return {"status": "failed", "kind": "wrong_type", "detail": "what the program says cannot be read"}


def judged_output(printed: Printed, case: StdioCase, used: Used) -> Outcome:
    """The outcome of one run that has ended."""
    if printed.too_much:
        return {"status": "failed", "kind": "wrong_output", "detail": "it prints without end"}
    if printed.status is None and used.status != 0:
        return _death(used)
    if printed.said.startswith("MemoryError"):
        return {"status": "memory", "detail": printed.said}
    if printed.status:
        return {"status": "failed", "kind": "exception", "detail": printed.said or f"exit code {printed.status}"}
    if not same_output(printed.stdout.decode("utf-8", "replace"), case.stdout):
        return {"status": "failed", "kind": "wrong_output"}
    return {"status": "passed"}


def load() -> None:
    """Import what many tests do."""
    for name in ("collections", "copy", "itertools", "math", "random", "string"):
        __import__(name)


def main(zygotes: int) -> None:
    """Take the configuration from the socket at descriptor 0, and serve. zygotes: the socket to order one by."""
    supervisor = from_fd(0, MAX_JOB)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    config = loads(supervisor.receive())
    sys.path[:] = config["path"]
    sys.setrecursionlimit(3000)
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(
        resource.RLIMIT_AS, (TESTER_BYTES if hard == resource.RLIM_INFINITY else min(TESTER_BYTES, hard), hard)
    )
    try:
        tester = Tester(supervisor, config, socket.socket(fileno=zygotes))
    except HarnessError as error:
        supervisor.send(dumps({"error": str(error)}))
        return
    supervisor.send(dumps({"ready": 1, "zygote": tester.link.pid}))
    tester.serve()
