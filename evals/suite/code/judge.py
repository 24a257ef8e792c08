"""Judges programs in the sandbox, on threads, while the model writes others."""

from __future__ import annotations

import importlib
import os
import threading
import weakref
from typing import Any, Protocol

from evals.engine.off_loop import Started, WorkThreads
from evals.errors import EvalsError, UsageError
from evals.sandbox.problem import Problem
from evals.sandbox.verdict import Status, Verdict

KINDS = ("auto", "bwrap", "docker", "unsafe-local")
ASSURANCES = ("weak", "strict")


class Checker(Protocol):
    """A sandbox, as far as evals use it."""

    def check(self, problem: Problem, program: str) -> Verdict:
        """The verdict on one whole program. Blocks; called from several threads at once."""


class HarnessFailed(EvalsError):
    """The sandbox itself failed. Nothing is known about the program, and nothing is scored. Exit code 3."""

    exit_code = 3


class Judge:
    """A sandbox that starts when it is first needed, and the threads that wait for its verdicts.

    sandbox: one of `KINDS`, or an object with `check`. assurance: one of `ASSURANCES`. workers: how many programs run
    at a time; by default the number of cores.

    Raises:
        UsageError: an unknown sandbox or assurance, or `workers` is not a whole number from 1.
    """

    def __init__(self, sandbox: str | Checker = "auto", assurance: str = "weak", workers: int | None = None) -> None:
        if isinstance(sandbox, str) and sandbox not in KINDS:
            raise UsageError(f"no sandbox is called {sandbox!r}", fix=f"choose one of {', '.join(KINDS)}")
        if assurance not in ASSURANCES:
            raise UsageError(f"assurance is {assurance!r}", fix="give weak (allowed, and labelled) or strict")
        if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
            raise UsageError(f"workers is {workers!r}", fix="give a number from 1")
        self.kind, self.assurance = sandbox, assurance
        self.can_be_strict = False  # known after `open`
        self.workers = workers or os.cpu_count() or 1
        self._lock = threading.Lock()
        self._sandbox: Checker | None = None
        self._threads: WorkThreads | None = None

    def open(self) -> Checker:
        """The sandbox. The first call starts it and tries it with a right and a wrong program (`try_out`).

        Raises:
            UsageError: this machine has no such sandbox, or it cannot give the assurance.
            HarnessFailed: it cannot run programs, or judges the two alike.
        """
        with self._lock:
            if self._sandbox is None:
                sandbox = self._make() if isinstance(self.kind, str) else self.kind
                self.can_be_strict = try_out(sandbox)
                self._sandbox = sandbox
            return self._sandbox

    def _make(self) -> Checker:
        if self.kind == "unsafe-local":
            return self._unprotected()
        try:
            make = importlib.import_module("evals.sandbox.host.sandbox").Sandbox
        except ModuleNotFoundError:
            raise UsageError(
                "this build has no sandbox, and programs of a model run nowhere else unless you say so",
                notes=["`--sandbox unsafe-local` runs them as you, unprotected: only on a machine that you can lose"],
                fix="pass one from Python: PassAtK(..., sandbox=OBJECT_WITH_CHECK)",
            ) from None
        sandbox: Any = make(workers=self.workers, assurance=self.assurance, launcher=self.kind)
        sandbox.__enter__()
        weakref.finalize(self, sandbox.__exit__, None, None, None)
        return sandbox  # type: ignore[no-any-return]

    def _unprotected(self) -> Checker:
        from evals.sandbox.unsafe_local import UnsafeLocal

        if self.assurance == "strict":
            raise UsageError("without a sandbox no verdict is strict", fix="leave out unsafe-local, or strict")
        return UnsafeLocal()

    def judge(self, job: tuple[Problem, str]) -> Verdict:
        """The verdict on one program. Blocks until it has run.

        Raises:
            HarnessFailed: the sandbox failed, so nothing is known about the program.
        """
        problem, program = job
        verdict = self.open().check(problem, program)
        if verdict.status is Status.HARNESS_ERROR:
            raise HarnessFailed(
                f"the sandbox failed on a program for {problem.problem_id}",
                notes=[verdict.detail[:300], "the program is not scored: this is not a failure of the model"],
                fix="run `evals sandbox doctor`, then resume",
            )
        return verdict

    def start(self, problem: Problem, programs: list[str]) -> Started[Verdict]:
        """Start to judge programs for one problem, as many at a time as the sandbox allows. Returns at once."""
        with self._lock:
            if self._threads is None:
                n_threads: int = getattr(self._sandbox, "n_threads", self.workers)
                self._threads = WorkThreads(n_threads, "evals-judge")
                weakref.finalize(self, self._threads.close)
        return self._threads.start(self.judge, [(problem, program) for program in programs])


def try_out(sandbox: Checker) -> bool:
    """Whether the sandbox gives strict verdicts here; raises HarnessFailed unless a right program passes and a wrong
    one fails."""
    from evals.sandbox.problem import FunctionTests

    tests = FunctionTests("def check(candidate):\n    assert candidate(20) == 41\n")
    problem = Problem("self-test", "def f(n):\n", tests, "f", timeout_s=10.0)
    for program, expected in (("def f(n):\n    return 2 * n + 1\n", True), ("def f(n):\n    return n\n", False)):
        verdict = sandbox.check(problem, program)
        if (verdict.status is Status.PASSED) is not expected or verdict.status is Status.HARNESS_ERROR:
            said = f"{verdict.status.value}: {verdict.detail[:200]}"
            raise HarnessFailed(
                f"the sandbox judges a {'right' if expected else 'wrong'} program as {said}",
                notes=["nothing was called"],
                fix="run `evals sandbox doctor`",
            )
    return verdict.assurance == "strict"
