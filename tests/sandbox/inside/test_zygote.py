"""Programs end with their tester, and what one leaves alone counts as its own."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time

import pytest
from sandbox_world import WITHOUT_NAMESPACES, is_running, needs, new_pool

from evals.sandbox.host.problem_spec import problem_spec_of
from evals.sandbox.host.worker import Hung, WorkerLost
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.process_tree import tree_of
from evals.sandbox.protocol import Allowance


@pytest.mark.parametrize("namespaces", [True, False])
def test_programs_end_when_their_tester_is_killed(strict, namespaces):
    needs(namespaces)
    pool = new_pool(namespaces)
    worker = pool._take()
    problem = Problem("p", "", FunctionTests("def check(candidate):\n    candidate()\n"), "f", 100.0)
    program = "import os\ndef f():\n    os.fork()\n    os.fork()\n    while True: pass\n"
    waiting = threading.Thread(target=lambda: lose(worker, problem, program))
    waiting.start()
    below = [worker.pid, *tree_of(worker.zygote_pid)]
    until = time.monotonic() + 60
    while len(below) < 6 and time.monotonic() < until:
        time.sleep(0.05)
        below = [worker.pid, *tree_of(worker.zygote_pid)]
    os.kill(worker.pid, signal.SIGKILL)
    waiting.join(60)
    pool.close()
    while any(is_running(pid) for pid in below) and time.monotonic() < until + 30:
        time.sleep(0.05)
    assert len(below) >= 6
    assert [pid for pid in below if is_running(pid)] == []
    assert not worker._scratch or not os.path.exists(worker._scratch)


def lose(worker, problem, program):
    with contextlib.suppress(WorkerLost, Hung):
        worker.check(problem_spec_of(problem, 1), program, Allowance(100.0, 100.0))


ORPHANS = """
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.host.sandbox import Sandbox
program = '''
import os, time
def f():
    for _ in range(4):
        if os.fork() == 0:
            if os.fork() == 0:
                held = bytearray(b"x") * (90 << 20)
                time.sleep(100)
            os._exit(0)
        os.wait()
    time.sleep(10)
'''
tests = FunctionTests("def check(candidate):\\n    candidate()\\n")
with Sandbox(workers=1) as sandbox:
    print(sandbox.check(Problem("p", "", tests, "f", 20.0, memory_bytes=200 << 20), program).status.value)
"""


def test_without_namespaces_what_a_program_left_alone_counts_as_its_own(strict, as_ordinary_user):
    needs(namespaces=False)
    done = as_ordinary_user(WITHOUT_NAMESPACES + ORPHANS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == ["memory"]
