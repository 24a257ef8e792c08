"""Mathematics in other processes: the same verdicts as math-verify itself, and no algebra holds a run."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

pytest.importorskip("math_verify")

from evals.suite.answers.math_answers import MathRule
from evals.suite.answers.math_pool import Ended, MathPool

ANSWERS = [
    "1/2", "0.5", r"\frac{1}{2}", r"\dfrac12", "50\\%", "-\\frac{1}{2}", "2", "2.0", "4/2", r"\sqrt{4}", r"\sqrt{2}",
    r"\frac{2}{\sqrt{2}}", "1.41421356", "x+1", "1+x", "(x+1)^2", "x^2+2x+1", "x^2 + 1", r"\{1,2\}", r"\{2,1\}",
    "(1,2)", "(2,1)", "[1,2)", "(1,2]", r"\pi", "3.14159", r"\frac{\pi}{4}", r"45^\circ", "1,000", "1000", "10^3",
    r"10\text{ cm}", "10", r"\text{ten}", r"x=10", r"\frac{10}{1}", r"\infty", r"-\infty", r"\emptyset", "2x", "x\\cdot 2",
    r"\begin{pmatrix}1\\2\end{pmatrix}", "3+4i", "4i+3", r"\log_2 8", "3", r"\binom{4}{2}", "6", "5!", "120",
]  # fmt: skip


def directly(answer: str, ideal: str) -> bool:
    from math_verify import parse, verify

    parsed = [parse(f"${text}$", parsing_timeout=None) for text in (ideal, answer)]
    return bool(verify(*parsed, timeout_seconds=None))


@pytest.fixture(scope="module")
def pool():
    pool = MathPool(size=1)
    yield pool
    pool.close()


def test_verdicts_equal_math_verify_in_this_process(pool):
    rule = MathRule(pool)
    pairs = [(ANSWERS[i], ANSWERS[(i + shift) % len(ANSWERS)]) for i in range(len(ANSWERS)) for shift in range(5)]
    assert len(pairs) >= 200
    found = [rule.same(answer, ideal) for answer, ideal in pairs]
    assert found == [directly(answer, ideal) for answer, ideal in pairs]
    assert 50 <= sum(found) <= 200


@pytest.mark.parametrize(
    ("answer", "ideal", "same"),
    [
        ("1/2", "0.5", True),
        (r"\frac{2}{\sqrt{2}}", r"\sqrt{2}", True),
        ("x^2+2x+1", "(x+1)^2", True),
        ("2", "3", False),
    ],
)
def test_answers_are_compared_as_mathematics(pool, answer, ideal, same):
    assert MathRule(pool).same(answer, ideal) is same


def test_the_boxed_expression_is_the_answer(pool):
    assert MathRule(pool).extract(r"First 7, so \boxed{\frac{1}{3}}.") == r"\frac{1}{3}"
    assert MathRule(pool).extract("no mathematics") is None


def test_what_does_not_end_is_ended_and_the_pool_goes_on():
    pool = MathPool(size=1, deadline_s=1.0)
    try:
        assert MathRule(pool).same("2", "1+1") is True
        with pytest.raises(Ended):
            pool.ask({"text": "$3$", "ideal": "$10000000!$"})
        assert MathRule(pool).same("2", "1+1") is True
    finally:
        pool.close()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and timers")
def test_a_machine_that_is_busy_with_others_does_not_judge():
    """The deadline was one of the clock: an answer was wrong when its process had not been let to compute."""
    pool = MathPool(size=1, deadline_s=2.0)
    try:
        assert MathRule(pool).same("2", "1+1") is True
        worker = pool._free.queue[-1]._process
        os.kill(worker.pid, signal.SIGSTOP)
        threading.Timer(3.0, os.kill, (worker.pid, signal.SIGCONT)).start()
        assert MathRule(pool).same("3", "1+2") is True
        assert worker.poll() is None
    finally:
        pool.close()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_worker_that_was_killed_is_replaced(pool):
    assert MathRule(pool).same("2", "1+1") is True
    worker = pool._free.queue[-1]
    os.kill(worker._process.pid, signal.SIGKILL)
    worker._process.wait(30)
    with pytest.raises(Ended):
        pool.ask({"text": "$1$"})
    assert MathRule(pool).same("2", "1+1") is True


def test_several_threads_share_the_pool(pool):
    rule, found = MathRule(pool), []
    threads = [threading.Thread(target=lambda n=n: found.append(rule.same(f"{n}", f"{2 * n}/2"))) for n in range(8)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 60
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    assert found == [True] * 8
