"""The tester: a process that holds the tests and decides. It runs no untrusted code, and takes in plain values only."""

from __future__ import annotations

import math
import os
import resource
import socket
import sys
import time
from dataclasses import replace
from typing import Any

from evals.sandbox.inside import linux
from evals.sandbox.inside.channel import Channel, from_fd
from evals.sandbox.inside.wire import dumps, loads
from evals.sandbox.output import MAX_DETAIL, NumberRule
from evals.sandbox.problem import FunctionTests, Problem, StdioCase, StdioTests
from evals.sandbox.protocol import (
    BEGUN,
    LEAST_ROOM_S,
    MAX_JOB,
    MOST_ROOM,
    Allowance,
    CandidateEnded,
    CannotStart,
    Check,
    FunctionJob,
    Limits,
    Outcome,
    ProblemSpec,
    ProgramJob,
    Ready,
    SameProcessJob,
    Setup,
    job_parts,
    read,
    write,
)
from evals.sandbox.tester import guard
from evals.sandbox.tester.calls import Program
from evals.sandbox.tester.clock import Clock
from evals.sandbox.tester.exits import Died, Exit, HarnessError, NeedsOneProcess, WrongType
from evals.sandbox.tester.function_check import Quiet, namespace_of, run_tests
from evals.sandbox.tester.missing import beside_missing
from evals.sandbox.tester.outcomes import PASSED, claimed_outcome, outcome_of, outcome_of_output, shortened
from evals.sandbox.tester.restore import Restored
from evals.sandbox.tester.seeds import counted
from evals.sandbox.tester.shapes import Shape, shape_of
from evals.sandbox.tester.stdio_check import Printed, run_case
from evals.sandbox.tester.watch import Watch
from evals.sandbox.tester.zygote_link import Spare, ZygoteLink

TESTER_BYTES = 4 << 30
"Address space of the tester: values that a program gives must not make it take the machine."

MAX_WATCHED_OUTPUT_BYTES = 1 << 20
"Of what a program prints, if its tests read it; else `MAX_DETAIL`."


class Tester:
    """Judges one program at a time.

    zygotes: the socket by which a zygote can be had.

    Raises:
        HarnessError: its zygote cannot be set up.
    """

    def __init__(self, evaluator: Channel, setup: Setup, zygotes: socket.socket) -> None:
        self._evaluator = evaluator
        self._strict = setup.assurance == "strict"
        launch = setup.launch
        # Programs that have no tree of files of their own see no third-party package.
        has_tree = launch.plan.namespaces or bool(launch.command)
        self._packages = frozenset(launch.plan.root_fs.packages if has_tree else ())
        self._n_checks = 0
        self._notes = os.dup(2)  # tests may close descriptor 2
        self._clock = Clock()
        self._watch = Watch(evaluator)
        self._problems: dict[int, Problem] = {}
        self._shapes: dict[int, Shape] = {}
        self._link = ZygoteLink(setup.launch, zygotes)
        self._link.order()

    @property
    def zygote_pid(self) -> int:
        """The zygote's process id; 0 if it cannot be seen."""
        return self._link.pid

    def serve(self) -> None:
        """Judge until the evaluator is gone."""
        while True:
            try:
                job = read(self._evaluator.receive(), Check, Allowance)
            except EOFError:
                self._link.close()
                return
            if isinstance(job, Allowance):
                continue  # for a program that has ended meanwhile
            self._n_checks += 1
            try:
                self._keep(job)
                outcome = self._judged(job)
            except HarnessError as error:
                outcome = Outcome("harness_error", detail=str(error))
            except Exception as error:
                outcome = Outcome("harness_error", detail=f"{type(error).__name__}: {error}", lost=True)
            self._evaluator.send(write(shortened(outcome)))

    def _keep(self, job: Check) -> None:
        if job.forget:
            self._problems.clear()
            self._shapes.clear()
        if job.problem is not None:
            self._problems[job.number] = problem_of(job.problem)

    def _judged(self, job: Check) -> Outcome:
        problem = self._problems[job.number]
        if isinstance(problem.tests, StdioTests):
            return self._whole_program(problem, problem.tests, job)
        return beside_missing(self._of_function(problem, problem.tests, job), problem.prompt, self._packages)

    def _of_function(self, problem: Problem, tests: FunctionTests, job: Check) -> Outcome:
        if job.same_process:
            return replace(self._same_process(problem, tests, job), assurance="weak")
        shape = self._shape(job.number, problem)
        if shape.weak_because is None:
            found = self._function(problem, shape, job)
            shape = self._shape(job.number, problem)  # which the tests may have shown to be another
            if shape.weak_because is None:
                return found
        if self._strict:
            return Outcome("refused", "assurance", f"no strict verdict: {shape.weak_because}")
        return replace(self._same_process(problem, tests, job), assurance="weak")

    def _shape(self, number: int, problem: Problem) -> Shape:
        """The shape of a problem's tests, found out once. Raises HarnessError."""
        found = self._shapes.get(number)
        if found is None:
            try:
                found = self._shapes[number] = shape_of(problem)
            except (SyntaxError, ValueError, RecursionError) as error:
                raise HarnessError(f"the tests cannot be read: {error}") from None
        return found

    def _function(self, problem: Problem, shape: Shape, job: Check) -> Outcome:
        """Tests run here, the program elsewhere."""
        spare = self._link.take()
        calls = Program(spare.channel, shape, problem.entry_point or "", namespace_of(problem))
        max_output_bytes = MAX_WATCHED_OUTPUT_BYTES if shape.reads_output else MAX_DETAIL
        classes = tuple(sorted(shape.classes))
        order = FunctionJob(job.program, limits_of(problem), problem.entry_point or "", classes, max_output_bytes)
        error: BaseException | None = None
        try:
            with Restored(), counted(shape.settings), Quiet(), self._timed(problem, spare, job.allowed):
                calls.start(order)
                run_tests(calls, problem, shape)
        except BaseException as caught:
            error = caught
        # What ended the check counts, whatever tests and program made of it afterwards.
        error = self._clock.exit or calls.failed or calls.over or error
        if isinstance(error, NeedsOneProcess):
            self._shapes[job.number] = replace(shape, weak_because=str(error))
        calls.ended(Died("the check is over"))
        ended = self._ended(spare)
        found = PASSED if error is None else outcome_of(error, ended, calls.raised)
        return self._complete(found, ended, calls.printed)

    def _same_process(self, problem: Problem, tests: FunctionTests, job: Check) -> Outcome:
        """Program and tests run in one process: what it says may be forged."""
        spare = self._link.take()
        order = SameProcessJob(job.program, limits_of(problem), problem.entry_point or "", tests.source)
        error: BaseException | None = None
        message: Any = None
        try:
            with self._timed(problem, spare, job.allowed):
                spare.channel.send(dumps(job_parts(order)))
                message = loads(spare.channel.receive())
        except (EOFError, OSError):
            error = Died("the program's process ended")
        except Exception:
            error = WrongType("what the program says cannot be read")
        except Exit as caught:
            error = caught
        ended = self._ended(spare)
        return self._complete(claimed_outcome(message) if error is None else outcome_of(error, ended), ended)

    def _whole_program(self, problem: Problem, tests: StdioTests, job: Check) -> Outcome:
        """The outcome of the first case that fails; processor time is that of all cases up to it."""
        cpu_s, found = 0.0, PASSED
        self._watch.start(job.allowed)
        self._note_begin()
        for number, case in enumerate(tests.cases, 1):
            found = self._case(problem, case, tests.numbers, job.program)
            cpu_s += found.cpu_s
            if found.status != "passed":
                detail = f"case {number} of {len(tests.cases)}: {found.detail}".rstrip(": ")
                return replace(found, detail=detail, cpu_s=cpu_s)
        return replace(found, cpu_s=cpu_s)

    def _case(self, problem: Problem, case: StdioCase, numbers: NumberRule, program: str) -> Outcome:
        spare = self._link.take()
        error: BaseException | None = None
        printed = Printed()
        try:
            with self._timed(problem, spare):
                printed = run_case(spare.channel, ProgramJob(program, limits_of(problem)), case)
        except Exit as caught:
            error = caught
        except (EOFError, OSError):
            error = Died("the program's process ended")
        ended = self._ended(spare)
        found = outcome_of_output(printed, case, numbers, ended) if error is None else outcome_of(error, ended)
        stdout, stderr = (data.decode("utf-8", "replace") for data in (printed.stdout[:MAX_DETAIL], printed.stderr))
        return self._complete(found, ended, stdout, stderr)

    def _timed(self, problem: Problem, spare: Spare, allowed: Allowance | None = None) -> Clock:
        """What ends its `with` block by an `Exit` when time or memory of the program is over.

        allowed: of a check that begins here; without it the check goes on with another process.
        """
        if allowed is not None:
            self._watch.start(allowed)
            self._note_begin()
        self._watch.begin(spare.pid, problem.memory_bytes)
        return self._clock.running(self._watch.look)

    def _ended(self, spare: Spare) -> CandidateEnded:
        """Stop the clock, and end the program with all that it started."""
        self._clock.stop()
        self._watch.finish(self._clock.elapsed_s)
        return self._link.end(spare)

    def _complete(self, found: Outcome, ended: CandidateEnded, stdout: str = "", stderr: str = "") -> Outcome:
        """The outcome with what the program used and printed."""
        own_s = self._watch.own_s(ended)
        return Outcome(
            found.status, found.kind, found.detail, found.assurance, ended.cpu_s, own_s, stdout, stderr, found.lost
        )

    def _note_begin(self) -> None:
        os.pwrite(self._notes, BEGUN.pack(self._n_checks, time.monotonic()), 0)


def limits_of(problem: Problem) -> Limits:
    """Limits of each process of a program. Processor time is that of the longest wall time that it can get."""
    return Limits(problem.memory_bytes, math.ceil(MOST_ROOM * problem.timeout_s + LEAST_ROOM_S))


def problem_of(spec: ProblemSpec) -> Problem:
    """The problem that was sent."""
    tests = (
        StdioTests(tuple(StdioCase(given, expected) for given, expected in spec.cases), spec.numbers)
        if spec.tests is None
        else FunctionTests(spec.tests)
    )
    return Problem(spec.problem_id, spec.prompt, tests, spec.entry_point, spec.timeout_s, spec.memory_bytes)


def load() -> None:
    """Import what many tests do."""
    for name in ("collections", "copy", "itertools", "math", "random", "string"):
        __import__(name)


def main(zygotes: int) -> None:
    """Take the setup from the socket at descriptor 0, and serve. zygotes: the socket to order a zygote by."""
    evaluator = from_fd(0, MAX_JOB)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    setup = read(evaluator.receive(), Setup)
    guard.install()
    sys.path[:] = setup.path
    sys.setrecursionlimit(3000)  # for values as deep as the codec takes, and tests that recurse on them
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)  # what a launcher leaves behind comes here, and not to the machine
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(
        resource.RLIMIT_AS, (TESTER_BYTES if hard == resource.RLIM_INFINITY else min(TESTER_BYTES, hard), hard)
    )
    try:
        tester = Tester(evaluator, setup, socket.socket(fileno=zygotes))
    except HarnessError as error:
        evaluator.send(write(CannotStart(str(error))))
        return
    evaluator.send(write(Ready(tester.zygote_pid)))
    tester.serve()
