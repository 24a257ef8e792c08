"""A candidate is always there, and a new one if the old one was lost."""

from __future__ import annotations

import os
import signal
import time

import pytest
from sandbox_world import needs, new_pool

from evals.sandbox.host.problem_spec import problem_spec_of
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.process_tree import tree_of
from evals.sandbox.protocol import Allowance


@pytest.mark.parametrize("namespaces", [True, False])
def test_a_candidate_that_is_killed_as_it_waits_is_replaced(strict, namespaces):
    needs(namespaces)
    problem = Problem("p", "", FunctionTests("def check(candidate):\n    assert candidate() == 1\n"), "f", 20.0)
    pool = new_pool(namespaces)
    spec, program = problem_spec_of(problem, 1), "def f():\n    return 1\n"
    try:
        worker = pool._take()
        for _ in range(3):
            waiting = []
            while not waiting:
                waiting = tree_of(worker.zygote_pid)[1:]
            time.sleep(0.2)  # until it has confined itself
            os.kill(waiting[0], signal.SIGKILL)
            time.sleep(0.2)  # until it has ended
            assert worker.check(spec, program, Allowance(20.0, 20.0)).status == "passed"
    finally:
        pool.close()
