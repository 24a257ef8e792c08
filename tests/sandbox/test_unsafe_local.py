"""What runs without a sandbox is judged right, labelled, and ended in time."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from evals.sandbox.problem import FunctionTests, Problem, StdioCase, StdioTests
from evals.sandbox.unsafe_local import UnsafeLocal
from evals.sandbox.verdict import Status

TESTS = FunctionTests("def check(candidate):\n    assert candidate(2) == 4, 'no twice'\n")
PROBLEM = Problem("p", "def f(n):\n", TESTS, "f", timeout_s=5.0)
DOUBLING = Problem("d", "", StdioTests((StdioCase("1\n", "2\n"), StdioCase("5 6\n", "10 12"))), None, timeout_s=5.0)


@pytest.mark.parametrize(
    ("program", "status", "kind"),
    [
        ("def f(n):\n    return 2 * n", "passed", None),
        ("def f(n):\n    return n", "failed", "assertion"),
        ("def f(n):\n    return 1 / 0", "failed", "exception"),
        ("def g(n):\n    return 2 * n", "failed", "exception"),
        ("def f(n) return", "syntax_error", None),
        ("f = '\\0'\0", "syntax_error", None),
        ("import sys\ndef f(n):\n    sys.exit(0)", "failed", "exception"),
        ("import os\ndef f(n):\n    os._exit(0)", "failed", "exception"),
        ("def f(n):\n    print('x' * 10**6)\n    return 2 * n", "passed", None),
        ("from dataclasses import dataclass\n@dataclass\nclass A:\n    n: int\ndef f(n):\n    return A(n).n * 2", "passed", None),
        ("def f(n):\n    return input()", "failed", "exception"),
    ],
)  # fmt: skip
def test_each_way_to_end_has_its_verdict(program, status, kind):
    verdict = UnsafeLocal().check(PROBLEM, program)
    assert (verdict.status.value, verdict.kind, verdict.assurance) == (status, kind, "unsafe"), verdict


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are those of Linux")
def test_a_memory_bomb_is_told_from_a_wrong_answer():
    assert UnsafeLocal().check(PROBLEM, "def f(n):\n    return bytearray(1 << 33)").status is Status.MEMORY


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_an_endless_program_is_ended_with_what_it_started(tmp_path):
    left = tmp_path / "pid"
    program = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\nopen({str(left)!r}, 'w').write(str(child.pid))\n"
        "def f(n):\n    while True: pass\n"
    )
    problem = Problem("p", "", TESTS, "f", timeout_s=2.0)
    assert UnsafeLocal().check(problem, program).status is Status.TIMED_OUT
    pid, until_s = int(left.read_text()), time.monotonic() + 10
    while is_running(pid) and time.monotonic() < until_s:
        time.sleep(0.02)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    """Whether a process is there and is no zombie that waits for its parent."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_the_environment_stays_outside(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-test")
    program = "import os\ndef f(n):\n    return 4 if 'OPENAI_API_KEY' not in os.environ else 0"
    assert UnsafeLocal().check(PROBLEM, program).status is Status.PASSED


@pytest.mark.parametrize(
    ("program", "status", "kind"),
    [
        ("print(*(2 * int(x) for x in input().split()))", "passed", None),
        ("print(2)", "failed", "wrong_output"),
        ("print(2 * int(input()))", "failed", "exception"),
        ("import sys\nprint(*(2 * int(x) for x in sys.stdin.read().split()))\nsys.exit()", "passed", None),
        ("import sys\nsys.exit(3)", "failed", "exception"),
        ("print(", "syntax_error", None),
    ],
)
def test_whole_programs_are_judged_by_what_they_print(program, status, kind):
    verdict = UnsafeLocal().check(DOUBLING, program)
    assert (verdict.status.value, verdict.kind) == (status, kind), verdict
