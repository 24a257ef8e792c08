"""Workers are replaced when they are lost, and nothing is left when the pool is closed or the evaluator killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from sandbox_world import ROOT, is_running, new_pool

from evals.sandbox.host.problem_spec import problem_spec_of
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.process_tree import tree_of
from evals.sandbox.protocol import Allowance


def test_a_sandbox_that_is_closed_says_nothing_of_what_it_was_judging(strict):
    problem = Problem("p", "", FunctionTests("def check(candidate):\n    candidate()\n"), "f", 100.0)
    pool = new_pool()
    said = []

    def judge():
        try:
            said.append(
                pool.check(problem_spec_of(problem, 1), "def f():\n    while True: pass\n", Allowance(100.0, 100.0))
            )
        except RuntimeError as error:
            said.append(str(error))

    thread = threading.Thread(target=judge)
    thread.start()
    while not pool._all:
        time.sleep(0.01)
    time.sleep(0.3)
    pool.close()
    thread.join(60)
    assert said == ["the sandbox was closed while it judged a program"]


EVALUATOR = """
import sys
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.host.sandbox import Sandbox
problem = Problem("p", "", FunctionTests("def check(candidate):\\n    candidate()\\n"), "f", 100.0)
with Sandbox(workers=1) as sandbox:
    print("open", flush=True)
    sandbox.check(problem, "import os\\ndef f():\\n    os.fork()\\n    while True: pass\\n")
"""


def test_nothing_is_left_of_a_sandbox_whose_evaluator_was_killed(strict):
    with subprocess.Popen([sys.executable, "-c", EVALUATOR], stdout=subprocess.PIPE, cwd=ROOT) as evaluator:
        evaluator.stdout.readline()
        until, below = time.monotonic() + 60, []
        while len(below) < 7 and time.monotonic() < until:  # two that fork, a tester, a zygote, two programs, one spare
            time.sleep(0.05)
            below = tree_of(evaluator.pid)[1:]
        evaluator.kill()
    while any(is_running(pid) for pid in below) and time.monotonic() < until + 30:
        time.sleep(0.05)
    assert len(below) >= 7
    assert [pid for pid in below if is_running(pid)] == []


def test_processes_that_fork_testers_are_made_anew_when_they_are_lost(strict):
    problem = Problem("p", "", FunctionTests("def check(candidate):\n    assert candidate() == 1\n"), "f", 20.0)
    pool = new_pool()
    spec, program = problem_spec_of(problem, 1), "def f():\n    return 1\n"
    try:
        for _ in range(2):
            assert pool.check(spec, program, Allowance(20.0, 20.0)).status == "passed"
            worker = pool._take()
            for server in pool._fork_servers[-2:]:
                server._process.kill()
                server._process.wait()
            pool._drop(worker)
        assert pool.check(spec, program, Allowance(20.0, 20.0)).status == "passed"
    finally:
        pool.close()
