"""A worker is judged by what its tester says; one that is lost, hangs or cannot start is told apart."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace

import pytest
from sandbox_world import function_problem, needs, new_pool

from evals.sandbox.host.fork_server import ForkServer
from evals.sandbox.host.launchers import launcher_of
from evals.sandbox.host.plan import command, python
from evals.sandbox.host.pool import Pool
from evals.sandbox.host.problem_spec import problem_spec_of
from evals.sandbox.host.worker import MAX_KNOWN, Hung, Worker, WorkerLost
from evals.sandbox.protocol import Allowance

ONE = function_problem("assert candidate() == 1")
RIGHT = "def f():\n    return 1\n"
AMPLE = Allowance(20.0, 20.0)


@pytest.fixture
def worker(strict):
    pool = new_pool()
    yield pool._take()
    pool.close()


def test_a_problem_is_sent_once_and_again_after_many_others(worker):
    checks = [
        worker._check(problem_spec_of(ONE, number), RIGHT, AMPLE) for number in (1, 1, *range(2, MAX_KNOWN + 2), 1)
    ]
    assert [check.problem is not None for check in checks] == [True, False, *[True] * MAX_KNOWN, True]
    assert [number for number, check in enumerate(checks) if check.forget] == [MAX_KNOWN + 1]


def test_a_tester_that_was_told_to_forget_judges_what_it_is_sent_again(worker):
    for number in (1, *range(2, MAX_KNOWN + 2), 1):
        assert worker.check(problem_spec_of(ONE, number), RIGHT, AMPLE).status == "passed"


def test_a_program_that_takes_long_steps_back_once_and_gets_what_it_is_allowed_then(worker):
    asked = []

    class Slow:
        def step_back(self):
            asked.append("a slot")

        def allowance(self):
            asked.append("its time")
            return Allowance(20.0, 20.0)

    slow = "import time\ndef f():\n    time.sleep(1)\n    return 1\n"
    assert worker.check(problem_spec_of(ONE, 1), slow, Allowance(0.5, 0.5), Slow()).status == "passed"
    assert asked == ["a slot", "its time"]
    assert worker.check(problem_spec_of(ONE, 1), slow, Allowance(0.5, 0.5)).status == "timed_out"


def test_a_tester_that_hangs_in_a_step_of_c_is_given_up(worker):
    hung = problem_spec_of(function_problem("assert sum(range(candidate())) < 0"), 1)
    with pytest.raises(Hung):
        worker.check(hung, "def f():\n    return 10**12\n", Allowance(0.5, 0.5))


@pytest.mark.parametrize("running", [True, False])
def test_a_tester_that_is_killed_is_lost_and_it_is_known_whether_it_had_begun(worker, running):
    problem = problem_spec_of(ONE, 1)
    assert worker.check(problem, RIGHT, AMPLE).status == "passed"
    if not running:
        os.kill(worker.pid, signal.SIGKILL)
        time.sleep(0.3)
    else:
        threading.Timer(0.5, os.kill, (worker.pid, signal.SIGKILL)).start()
    with pytest.raises(WorkerLost, match="the tester is gone") as lost:
        worker.check(problem, "def f():\n    while True: pass\n", AMPLE)
    assert lost.value.running is running


LIAR = """
import os, time
from evals.sandbox.inside.channel import from_fd
from evals.sandbox.protocol import BEGUN, Ready, write
def load(): pass
def main():
    channel = from_fd(0)
    channel.receive()
    channel.send(write(Ready(0)))
    channel.receive()
    os.pwrite(2, BEGUN.pack(1, time.monotonic()), 0)
    channel.send('{"Outcome":{"status":"passed"}}')
"""


def test_what_is_not_exactly_an_outcome_is_not_taken_for_one(tmp_path):
    (tmp_path / "liar.py").write_text(LIAR)
    started = command("evals.sandbox.inside.fork_server", python())
    started[-1] = started[-1].replace("import sys;", f"import sys; sys.path.insert(0, {str(tmp_path)!r});")
    server = ForkServer([*started, "liar"], {})
    worker = Worker(launcher_of("auto", "strict", namespaces=True), server)
    try:
        with pytest.raises(WorkerLost, match="cannot be understood: Outcome has no field 'kind'") as lost:
            worker.check(problem_spec_of(ONE, 1), RIGHT, AMPLE)
    finally:
        worker.close()
        server.close()
    assert lost.value.running


def test_a_zygote_that_cannot_be_set_up_says_why():
    needs(namespaces=True)
    launcher = launcher_of("auto", "strict", namespaces=True)
    plan = launcher.launch.plan
    broken = replace(plan, root_fs=replace(plan.root_fs, packages={"gone": "/no/such/package"}))
    pool = Pool(replace(launcher, launch=replace(launcher.launch, plan=broken)))
    try:
        with pytest.raises(WorkerLost, match=r"the sandbox cannot be set up: .*mount /host/no/such/package"):
            pool.warm()
    finally:
        pool.close()


def test_a_launch_whose_program_does_not_exist_says_so(strict):
    launcher = launcher_of("auto", "strict", namespaces=False)
    pool = Pool(replace(launcher, launch=replace(launcher.launch, command=("/no/such/bwrap",))))
    try:
        with pytest.raises(WorkerLost, match="/no/such/bwrap cannot be started"):
            pool.warm()
    finally:
        pool.close()
