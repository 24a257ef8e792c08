"""The sandbox tells right programs from wrong ones, says how they end, and leaves nothing behind."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sandbox_world import function_problem, needs

from evals.sandbox.host.sandbox import Sandbox
from evals.sandbox.problem import FunctionTests, Problem, StdioCase, StdioTests
from evals.suite.code.problems import code_problem

TWICE = function_problem("assert candidate(2) == 4, 'no twice'")
SLOW = function_problem("assert candidate(2) == 4", timeout_s=1.0)
SUMS = Problem("s", "", StdioTests((StdioCase("1 2\n", "3\n"), StdioCase("5 6\n", "11"))), None, 20.0)
EVALCODE = Path(__file__).parents[3] / "data" / "evalcode" / "samples.jsonl"


@pytest.mark.parametrize(
    ("program", "status", "kind"),
    [
        ("def f(n):\n    return 2 * n", "passed", None),
        ("def f(n):\n    return n", "failed", "assertion"),
        ("def f(n):\n    return 1 / 0", "failed", "exception"),
        ("def g(n):\n    return 2 * n", "failed", "exception"),
        ("raise KeyError(1)", "failed", "exception"),
        ("def f(n) return", "syntax_error", None),
        ("f = '\\0'\0", "syntax_error", None),
        ("import sys\ndef f(n):\n    sys.exit(0)", "failed", "exception"),
        ("import os\ndef f(n):\n    os._exit(0)", "failed", "exception"),
        ("import sys\nsys.exit(0)", "failed", "exception"),
        ("def f(n):\n    return bytearray(1 << 31)", "memory", None),
        ("def f(n):\n    return object", "failed", "assertion"),
        ("import sys\ndef f(n):\n    return sys", "failed", "assertion"),
    ],
)
def test_each_way_to_end_has_its_verdict(strict, program, status, kind):
    verdict = strict.check(TWICE, program)
    assert (verdict.status.value, verdict.kind, verdict.assurance) == (status, kind, "strict"), verdict


def test_what_an_exception_says_names_the_line_of_the_program(strict):
    verdict = strict.check(TWICE, "def f(n):\n    raise ValueError('too odd')")
    assert verdict.detail == "ValueError: too odd (line 2)"


@pytest.mark.parametrize(
    "program", ["def f(n):\n    while True: pass", "import time\ndef f(n):\n    time.sleep(60)", "while True: pass"]
)
def test_a_program_without_end_is_timed_out(strict, program):
    assert strict.check(SLOW, program).status.value == "timed_out"


def test_tests_that_do_not_end_on_what_a_program_gives_are_timed_out(strict):
    problem = function_problem("assert candidate(2) ** candidate(2) ** candidate(2) > 0", timeout_s=1.0)
    assert strict.check(problem, "def f(n):\n    return 99_999").status.value in ("timed_out", "memory")


@pytest.mark.parametrize(
    ("program", "status", "kind"),
    [
        ("a, b = map(int, input().split())\nprint(a + b)", "passed", None),
        ("import sys\nif __name__ == '__main__':\n    print(sum(map(int, sys.stdin.read().split())))", "passed", None),
        ("import os\nos.write(1, str(sum(map(int, os.read(0, 99).split()))).encode())\nos._exit(0)", "passed", None),
        ("import atexit\natexit.register(lambda: print(sum(map(int, input().split()))))", "passed", None),
        ("print(3)", "failed", "wrong_output"),
        ("print(sum(map(int, input().split())))\nraise SystemExit(3)", "failed", "exception"),
        ("print(sum(map(int, input().split())))\n1 / 0", "failed", "exception"),
        ("while True: print('x' * 1000)", "failed", "wrong_output"),
        ("print(", "syntax_error", None),
        ("bytearray(1 << 31)", "memory", None),
    ],
)
def test_whole_programs_are_judged_by_what_they_print(strict, program, status, kind):
    verdict = strict.check(SUMS, program)
    assert (verdict.status.value, verdict.kind) == (status, kind), verdict


def test_output_of_a_failed_program_is_kept_and_escaped(strict):
    verdict = strict.check(SUMS, "import sys\nprint('no \\x1b[31m')\nsys.stderr.write('why\\n')")
    assert (verdict.stdout, verdict.stderr) == ("no \\x1b[31m\n", "why\n")
    assert verdict.detail == "case 1 of 2"


def test_tests_that_need_a_shared_process_are_refused_or_labelled(strict, weak):
    problem = function_problem("assert 'def f' in inspect.getsource(candidate)", setup="import inspect")
    program = "def f(n):\n    return n"
    assert strict.check(problem, program).status.value == "refused"
    verdict = weak.check(problem, program)
    assert (verdict.status.value, verdict.assurance) == ("passed", "weak")


@pytest.mark.parametrize(
    "tests", ["def check(candidate)", "import no_such_module\ndef check(candidate): pass", "x = 1"]
)
def test_tests_that_cannot_run_are_an_error_of_ours(strict, tests):
    problem = Problem("p", "", FunctionTests(tests), "f", 20.0)
    assert strict.check(problem, "def f(n):\n    return n").status.value == "harness_error"


def test_our_own_problems_accept_their_references_and_refuse_an_empty_body(strict):
    rows = [json.loads(line) for line in EVALCODE.read_text(encoding="utf-8").splitlines()]
    problems = [code_problem(row, 30.0) for row in rows]
    with ThreadPoolExecutor(2) as threads:
        right = list(threads.map(lambda p: strict.check(p.problem, p.reference), problems))
        empty = list(threads.map(lambda p: strict.check(p.problem, f"{p.problem.prompt}\n    pass\n"), problems))
    assert [verdict for verdict in right if not verdict.passed] == []
    assert [verdict for verdict in empty if verdict.passed] == []


def test_a_program_sees_no_environment_no_home_and_no_other_process(strict):
    needs(namespaces=True)
    body = "found = candidate()\nassert found == [[], [1], False, []], found"
    program = (
        "import os\n"
        "def f():\n"
        "    secret = [k for k in os.environ if k not in ('PATH', 'HOME', 'LANG', 'LC_CTYPE', 'OPENBLAS_NUM_THREADS')]\n"
        f"    return [secret, [os.getpid()], os.path.exists({str(Path(__file__))!r}), os.listdir('/proc')]\n"
    )
    os.environ["EVALS_TEST_SECRET"] = "s3cret"
    try:
        verdict = strict.check(function_problem(body), program)
    finally:
        del os.environ["EVALS_TEST_SECRET"]
    assert verdict.passed, verdict


def test_programs_leave_nothing_for_one_another(strict):
    needs(namespaces=True)
    program = "import os, builtins\ndef f():\n    seen = os.listdir('/tmp')\n    open('/tmp/x', 'w').write('x')\n    return seen"
    verdicts = [strict.check(function_problem("assert candidate() == []"), program) for _ in range(4)]
    assert all(verdict.passed for verdict in verdicts), verdicts


CLASS_PROMPT = "class Mean:\n    def value(self):\n        pass\n    def is_valid(self):\n        return False\n"
LIAR = "class Liar:\n    def __sub__(self, other): return 0.0\n    __rsub__ = __mod__ = __sub__\n    def __eq__(self, other): return True\n    def __abs__(self): return 0.0\n    def __lt__(self, other): return True\n    __hash__ = None\n"


@pytest.mark.parametrize(
    ("body", "prompt", "entry", "program"),
    [
        ("assert candidate() == 5", "", "f", f"{LIAR}def f(): return Liar()"),
        ("assert abs(candidate() - 5) < 1e-6", "", "f", f"{LIAR}def f(): return Liar()"),
        ("assert candidate() in [5]", "", "f", f"{LIAR}def f(): return Liar()"),
        ("assert abs(candidate().value() - 2.5) < 1e-6", CLASS_PROMPT, "Mean", f"{LIAR}class Mean:\n    def value(self): return Liar()"),
        ("assert candidate().is_valid()", CLASS_PROMPT + "def f():\n    pass\n", "f", "class Mean:\n    pass\ndef f():\n    m = Mean()\n    m.is_valid = lambda: True\n    return m"),
        ("try:\n    candidate()\nexcept ValueError:\n    return\nassert False", "", "f", "class ValueError(Exception): pass\ndef f(): raise ValueError"),
        ("assert all(map(lambda n: candidate(n) == n, [1, 2]))", "", "f", "def f(n): raise StopIteration"),
        ("got = candidate()\nassert got == 16, got", "", "f", "class A:\n    def __str__(self): return 'x'\ndef f(): return A()"),
        ("with candidate() as got:\n    assert got == 16", "", "f", "class C:\n    def __enter__(self): return 3\n    def __exit__(self, *error): return True\ndef f(): return C()"),
        ("with candidate() as got:\n    assert got + 1 == 17", "", "f", "class C:\n    def __enter__(self): return None\n    def __exit__(self, *error): return True\ndef f(): return C()"),
        ("def must_be_sixteen(n):\n    assert n == 16\ncandidate(must_be_sixteen)", "", "f", "def f(g):\n    try: g(3)\n    except AssertionError: pass"),
        ("assert {16: 1}[candidate()]", "", "f", "class A:\n    def __hash__(self): return 16\ndef f(): return A()"),
    ],
)  # fmt: skip
def test_objects_that_lie_are_not_believed(strict, body, prompt, entry, program):
    assert strict.check(function_problem(body, prompt, entry), program).status.value == "failed"


@pytest.mark.parametrize(
    ("body", "program"),
    [
        ("try:\n    candidate(3)\nexcept ValueError as error:\n    assert str(error) == 'bad number 3'", "class Bad(ValueError):\n    def __init__(self, n): self.n = n\n    def __str__(self): return f'bad number {self.n}'\ndef f(n): raise Bad(n)"),
        ("items = [1]\ntry:\n    candidate(items)\nexcept KeyError:\n    assert items == []", "def f(items):\n    items.clear()\n    raise KeyError(1)"),
        ("assert candidate() == 1", "\ufeffdef f(): return 1"),
        ("with candidate(KeyError):\n    {}['missing']", "import contextlib\ndef f(kind): return contextlib.suppress(kind)"),
        ("from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as pool:\n    assert list(pool.map(candidate, range(20))) == list(range(20))", "def f(n): return n"),
        ("assert candidate() == 8", "import os\ndef f():\n    return len([os.waitpid(p, 0) for p in [os.fork() or os._exit(0) for _ in range(8)]])"),
    ],
)  # fmt: skip
def test_honest_programs_that_look_odd_pass(strict, body, program):
    verdict = strict.check(function_problem(body), program)
    assert verdict.passed, verdict


def test_memory_of_all_processes_together_is_limited(strict):
    problem = Problem(
        "m", "", FunctionTests("def check(candidate):\n    assert candidate() == 1\n"), "f", 60.0, 200 << 20
    )
    program = (
        "import os, time\n"
        "def f():\n"
        "    for _ in range(6):\n"
        "        if os.fork() == 0:\n"
        "            held = bytearray(60 << 20)\n"
        "            time.sleep(100)\n"
        "    time.sleep(100)\n"
        "    return 1\n"
    )
    assert strict.check(problem, program).status.value == "memory"


@pytest.mark.parametrize("name", ["KeyError", "ImportError"])
def test_an_exception_of_the_program_in_the_tests_module_is_the_program_s(weak, name):
    problem = Problem("p", "", FunctionTests("X = f(1)\ndef check(candidate):\n    assert X == 1\n"), "f", 20.0)
    found = weak.check(problem, f"def f(x):\n    raise {name}('k')\n")
    assert (found.status.value, found.kind) == ("failed", "exception")


def test_a_sandbox_is_of_the_process_that_opened_it(weak):
    problem = Problem("p", "", FunctionTests("def check(candidate):\n    assert candidate() == 1\n"), "f", 20.0)
    pid = os.fork()
    if pid == 0:
        try:
            weak.check(problem, "def f():\n    return 1\n")
        except RuntimeError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert weak.check(problem, "def f():\n    return 1\n").status.value == "passed"


@pytest.mark.slow
def test_a_program_that_starves_itself_by_its_children_ends_soon_after_its_limit(weak):
    program = """
import os, signal, time
def f():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for _ in range(20):
        if os.fork() == 0:
            while True:
                until = time.perf_counter() + 0.004
                while time.perf_counter() < until:
                    pass
                if os.fork() != 0:
                    os._exit(0)
    os.nice(19)
    while True:
        pass
"""
    problem = Problem("p", "", FunctionTests("def check(candidate):\n    candidate()\n"), "f", 1.0)
    found = weak.check(problem, program)
    assert found.status.value == "timed_out"
    ended_s = float(
        found.detail.split(" s")[0]
    )  # not `wall_s`: to kill its children takes seconds on a machine with load
    assert ended_s < 10  # 2.5 s by its own time; 20 s if waiting for its children counted


def test_tests_may_read_files_of_the_folder_that_the_evaluator_is_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("answer.txt").write_text("42", encoding="utf-8")
    tests = FunctionTests("def check(candidate):\n    assert candidate() == int(open('answer.txt').read())\n")
    with Sandbox(workers=1, assurance="strict") as sandbox:
        found = sandbox.check(Problem("p", "", tests, "f", 20.0), "def f():\n    return 42\n")
        assert found.status.value == "passed"
        reads = "def f():\n    return int(open('answer.txt').read())\n"
        assert sandbox.check(Problem("p", "", tests, "f", 20.0), reads).status.value == "failed"


HOLDS = """
import mmap, os, time
kept = []
def f():
    while len(kept) < 60:
        block = mmap.mmap(-1, 16 << 20)
        for at in range(0, 16 << 20, 4096):
            block[at] = 1
        block.resize(4096)
        kept.append(block)
    time.sleep(30)
"""


def test_memory_that_is_held_by_mappings_and_counted_by_no_process_is_counted(strict):
    problem = Problem("held", "", FunctionTests("def check(candidate):\n    candidate()\n"), "f", 20.0, 256 << 20)
    verdict = strict.check(problem, HOLDS)
    assert verdict.status.value == "memory", verdict


def test_a_program_has_no_core_dump_and_cannot_have_one(strict):
    program = (
        "import resource\ndef f():\n    before = resource.getrlimit(resource.RLIMIT_CORE)\n"
        "    try:\n        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n    except ValueError: pass\n"
        "    return before, resource.getrlimit(resource.RLIMIT_CORE)\n"
    )
    assert strict.check(function_problem("assert candidate() == ((1, 1), (1, 1))"), program).passed
