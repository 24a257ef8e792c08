"""What a reference cannot pass, no program is called wrong for; its time is known before the first verdict."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sandbox_world import function_problem

from evals.sandbox.host.references import References
from evals.sandbox.problem import Problem
from evals.sandbox.protocol import Outcome

RIGHT, WRONG = "def f(n):\n    return n * n + 7\n", "def f(n):\n    return 5\n"
# The tests look into a namespace that only the program has.
SHARED = replace(
    function_problem("import program_state\nassert candidate(3) == 16", setup="import sys"),
    reference=f"import sys, types\nsys.modules['program_state'] = types.ModuleType('program_state')\n{RIGHT}",
)
BROKEN = replace(function_problem("assert candidate(3) == 17"), reference=RIGHT)
SLOW = Problem(
    "slow",
    "",
    function_problem("for n in range(4):\n    assert candidate(n) == sum(i % 7 for i in range(3_000_000 + n))").tests,
    "f",
    0.5,
    reference="def f(n):\n    return sum(i % 7 for i in range(3_000_000 + n))\n",
)


def test_the_first_program_of_a_slow_problem_has_the_time_that_its_reference_takes(strict):
    assert SLOW.reference is not None
    assert strict.check(SLOW, SLOW.reference).status.value == "passed"


def test_a_program_that_does_not_end_is_still_timed_out_beside_a_reference(strict):
    problem = replace(function_problem("assert candidate(3) == 16", timeout_s=1.0), reference=RIGHT)
    assert strict.check(problem, "def f(n):\n    while True: pass\n").status.value == "timed_out"


@pytest.mark.parametrize("program", [RIGHT, WRONG])
def test_where_the_reference_does_not_pass_no_program_is_called_wrong(strict, weak, program):
    for sandbox in (strict, weak):
        verdict = sandbox.check(BROKEN, program)
        assert (verdict.status.value, verdict.kind) == ("refused", "reference"), verdict
        assert "assertion" in verdict.detail or "failed" in verdict.detail


def test_a_program_that_passes_needs_no_reference(strict):
    assert strict.check(BROKEN, "def f(n):\n    return n * n + 8\n").status.value == "passed"


def test_a_wrong_program_fails_beside_a_reference_that_passes(strict):
    problem = replace(function_problem("assert candidate(3) == 16"), reference=RIGHT)
    verdict = strict.check(problem, WRONG)
    assert (verdict.status.value, verdict.kind, verdict.assurance) == ("failed", "assertion", "strict")


def test_tests_that_only_pass_in_the_program_s_process_are_judged_there_and_called_weak(weak):
    assert SHARED.reference is not None
    found = [weak.check(SHARED, program) for program in (SHARED.reference, SHARED.reference.replace("+ 7", "+ 8"))]
    assert [(verdict.status.value, verdict.assurance) for verdict in found] == [("passed", "weak"), ("failed", "weak")]


def test_tests_that_only_pass_in_the_program_s_process_are_refused_if_strict_is_asked_for(strict):
    assert SHARED.reference is not None
    verdict = strict.check(SHARED, SHARED.reference)
    assert (verdict.status.value, verdict.kind) == ("refused", "assurance")
    assert "no strict verdict" in verdict.detail


def test_a_reference_is_measured_once_and_awaited_by_others():
    begun, go_on, n_runs = threading.Event(), threading.Event(), []

    def run(program: str, limit_s: float, same_process: bool) -> Outcome:
        n_runs.append(program)
        begun.set()
        assert go_on.wait(20)
        return Outcome("passed", cpu_s=2.0, own_s=2.0)

    references = References()
    problem = replace(function_problem("pass", timeout_s=1.0), reference="REFERENCE")
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(references.known, problem, run)
        assert begun.wait(20)
        second = threads.submit(references.known, problem, run)
        assert references.allowance(problem, run).limit_s == 1.0  # nobody waits for it while a program runs
        go_on.set()
        assert first.result(20) == second.result(20)
    assert n_runs == ["REFERENCE"]
    assert references.allowance(problem).limit_s == 8.0


def test_a_sandbox_that_fails_on_a_reference_says_nothing_of_programs():
    problem = replace(function_problem("pass"), reference="REFERENCE")
    assert References().known(problem, lambda program, limit_s, same_process: Outcome("harness_error")) is None
