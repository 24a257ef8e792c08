"""Every property of the sandbox is tried by breaking it: with namespaces, without, as root and as an ordinary user."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from evals.cli.main import main
from evals.errors import UsageError
from evals.sandbox.host.isolation import Property, require
from evals.sandbox.host.launchers import configuration
from evals.sandbox.host.pool import Pool
from evals.sandbox.host.worker import Hung, WorkerLost, brief_of
from evals.sandbox.inside import landlock, linux, seccomp
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.tester.process_tree import tree_of

ROOT = Path(__file__).parents[3]
NOBODY = 65534


def test_doctor_says_what_holds(strict, capsys):
    assert main(["sandbox", "doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["isolated"] is True
    assert {row["name"] for row in found["properties"] if row["holds"]} >= {
        "no network",
        "nothing survives",
        "no environment",
    }


def test_doctor_prints_a_line_for_each_property(strict, capsys):
    assert main(["sandbox", "doctor"]) == 0
    out = capsys.readouterr().out
    assert "holds   no network" in out
    assert "BROKEN" not in out


def test_a_property_that_does_not_hold_is_a_refusal_that_names_the_fix():
    held, broken = Property("no network", True, "refused"), Property("no root", False, "done: 0", "do this")
    require([held])
    with pytest.raises(UsageError, match="would not be isolated on this machine: no root") as refused:
        require([held, broken])
    assert refused.value.fix == "do this"
    assert refused.value.exit_code == 2


def open_python() -> str | None:
    """A Python that an ordinary user can start."""
    check = '"$0" -I -c "import ctypes, sys; sys.exit(sys.version_info < (3, 10))"'
    for path in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        command = ["/bin/sh", "-c", check, path]
        done = subprocess.run(
            command, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", capture_output=True, check=False
        )
        if done.returncode == 0:
            return path
    return None


DOCTOR = "from evals.cli.main import main; raise SystemExit(main(['sandbox', 'doctor', '--json']))"
NO_NAMESPACES = """
import ctypes, sys
from evals.sandbox.inside import linux, seccomp
number = {"x86_64": 272, "aarch64": 97}[linux.MACHINE]
code = seccomp._load(0) + seccomp._jump(0x15, number, 0, 1) + seccomp._give(0x50001) + seccomp._give(0x7FFF0000)
buffer = ctypes.create_string_buffer(code, len(code))
linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
program = seccomp._Program(len(code) // 8, ctypes.addressof(buffer))
linux.syscall("seccomp", 1, 0, ctypes.byref(program))
"""


@pytest.fixture(scope="module")
def as_ordinary_user():
    """Runs source in a Python of an ordinary user."""
    if os.geteuid() != 0:
        yield lambda source: subprocess.run(
            [sys.executable, "-c", source], capture_output=True, text=True, timeout=300, check=False
        )
        return
    python = open_python()
    if python is None:
        pytest.skip("no Python here that an ordinary user can start")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        shutil.copytree(ROOT / "evals", f"{folder}/evals", ignore=shutil.ignore_patterns("__pycache__", "_bundled"))
        yield lambda source: subprocess.run(
            [python, "-c", source],
            user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", capture_output=True, text=True, timeout=300, check=False,
            env={"PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath},
        )  # fmt: skip


def test_an_ordinary_user_is_isolated_too(strict, as_ordinary_user):
    done = as_ordinary_user(DOCTOR)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["isolated"] is True
    assert found["layers"]["user id of programs"] == "the evaluator's own"


def test_where_the_kernel_allows_no_namespace_every_property_holds_too(strict, as_ordinary_user):
    if not landlock.abi():
        pytest.skip("this kernel has no Landlock")
    done = as_ordinary_user(NO_NAMESPACES + DOCTOR)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["isolated"] is True
    assert found["layers"]["namespaces"] == "none"
    assert "Operation not permitted" in found["without"]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_of_system_calls_is_a_program_whose_jumps_stay_inside(machine):
    code = seccomp.program(machine)
    instructions = [(code[i] | code[i + 1] << 8, code[i + 2], code[i + 3]) for i in range(0, len(code), 8)]
    assert len(code) % 8 == 0
    assert len(instructions) < 4096
    for at, (kind, if_true, if_false) in enumerate(instructions):
        if kind & 7 == 5:
            assert max(if_true, if_false) + at + 1 < len(instructions)
    assert instructions[-1][0] == 0x06


def run_filter(code: bytes, arch: int, number: int, first: int = 0) -> int:
    """What a filter answers to one call: the few instructions that it uses, as the kernel runs them."""
    loaded, at = 0, 0
    words = {0: number, 4: arch, 16: first & 0xFFFFFFFF, 24: 0}
    while True:
        kind, if_true, if_false = code[at * 8] | code[at * 8 + 1] << 8, code[at * 8 + 2], code[at * 8 + 3]
        k = int.from_bytes(code[at * 8 + 4 : at * 8 + 8], "little")
        if kind == 0x06:
            return k
        if kind == 0x20:
            loaded, at = words[k], at + 1
            continue
        taken = {0x15: loaded == k, 0x35: loaded >= k, 0x45: bool(loaded & k)}[kind]
        at += 1 + (if_true if taken else if_false)


@pytest.mark.parametrize(
    ("machine", "arch", "calls"),
    [
        ("x86_64", 0xC000003E, {"read": 0, "openat": 257, "mount": 165, "ptrace": 101, "socket": 41, "clone": 56, "clone3": 435}),
        ("aarch64", 0xC00000B7, {"read": 63, "openat": 56, "mount": 40, "ptrace": 117, "socket": 198, "clone": 220, "clone3": 435}),
    ],
)  # fmt: skip
def test_the_filter_refuses_what_it_should_on_both_machines(machine, arch, calls):
    code = seccomp.program(machine)
    allow, eperm, eacces, enosys = 0x7FFF0000, 0x50001, 0x5000D, 0x50026
    assert run_filter(code, arch, calls["read"]) == run_filter(code, arch, calls["openat"]) == allow
    assert run_filter(code, arch, calls["mount"]) == run_filter(code, arch, calls["ptrace"]) == eperm
    assert run_filter(code, arch, calls["socket"], 1) == allow
    assert run_filter(code, arch, calls["socket"], 2) == eacces
    assert run_filter(code, arch, calls["clone"], 17) == allow
    assert run_filter(code, arch, calls["clone"], 17 | linux.CLONE_NEWUSER) == eperm
    assert run_filter(code, arch, calls["clone3"]) == run_filter(code, arch, 10_000) == enosys
    assert run_filter(code, 0x40000003, calls["read"]) == 0x80000000


@pytest.mark.parametrize(("side", "machine", "arch"), [(0, "x86_64", 0xC000003E), (1, "aarch64", 0xC00000B7)])
def test_every_number_has_the_answer_of_its_list(side, machine, arch):
    lists = [
        (seccomp._REFUSED, {0x50001}), (seccomp._UNKNOWN, {0x50026}), (seccomp._SIGNALS, {0x50001}),
        (seccomp._ATTRIBUTES, {0x50000}), (seccomp._OTHERS, {0x50001}),
    ]  # fmt: skip
    wanted = {numbers[side]: answers for calls, answers in lists for numbers in calls.values()}
    wanted |= {seccomp._SOCKET[side]: {0x5000D}, seccomp._CLONE[side]: {0x7FFF0000}}
    code = seccomp.program(machine, unix_sockets=False, signals=False, attributes=False)
    for number in range(600):
        expected = {0x50026} if number >= 463 else wanted.get(number, {0x7FFF0000})
        assert run_filter(code, arch, number) in expected, number
    for numbers in (*seccomp._OF_ITSELF.values(), seccomp._SETPRIORITY):
        assert run_filter(code, arch, numbers[side], 0) == 0x7FFF0000
        assert run_filter(code, arch, numbers[side], 1) == 0x50001


def test_without_namespaces_a_program_changes_no_other_process(strict, as_ordinary_user):
    if not landlock.abi():
        pytest.skip("this kernel has no Landlock")
    done = as_ordinary_user(NO_NAMESPACES + CHANGES)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == ["passed"]


CHANGES = """
import os
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.host.sandbox import Sandbox
program = '''
import os, resource
def f(pid):
    refused = 0
    for change in (
        lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (7, 7)),
        lambda: os.setpriority(os.PRIO_PROCESS, pid, 15),
        lambda: os.setpriority(os.PRIO_PGRP, 0, 15),
        lambda: os.setpriority(os.PRIO_USER, 0, 15),
        lambda: os.sched_setaffinity(pid, {0}),
    ):
        try:
            change()
        except PermissionError:
            refused += 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
    os.setpriority(os.PRIO_PROCESS, 0, 3)
    os.nice(1)
    return refused
'''
tests = FunctionTests(f"def check(candidate):\\n    assert candidate({os.getpid()}) == 5\\n")
with Sandbox(workers=1) as sandbox:
    print(sandbox.check(Problem("p", "", tests, "f", 20.0), program).status.value)
"""


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_in_bubblewrap_every_property_holds_for_an_ordinary_user(strict, as_ordinary_user):
    done = as_ordinary_user(DOCTOR.replace("'--json'", "'--json', '--sandbox', 'bwrap'"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["isolated"] is True
    assert found["layers"]["namespaces"] == "of bubblewrap"


@pytest.mark.parametrize("namespaces", [True, False])
def test_programs_end_when_their_tester_is_killed(strict, namespaces):
    if not landlock.abi() and not namespaces:
        pytest.skip("this kernel has no Landlock")
    pool = Pool(configuration("auto", "strict", namespaces))
    worker = pool._take()
    problem = Problem("p", "", FunctionTests("def check(candidate):\n    candidate()\n"), "f", 100.0)
    program = "import os\ndef f():\n    os.fork()\n    os.fork()\n    while True: pass\n"
    waiting = threading.Thread(target=lambda: lose(worker, problem, program))
    waiting.start()
    below = [worker.pid, *tree_of(worker._zygote)]
    until = time.monotonic() + 60
    while len(below) < 6 and time.monotonic() < until:
        time.sleep(0.05)
        below = [worker.pid, *tree_of(worker._zygote)]
    os.kill(worker.pid, signal.SIGKILL)
    waiting.join(60)
    pool.close()
    while any(is_running(pid) for pid in below) and time.monotonic() < until + 30:
        time.sleep(0.05)
    assert len(below) >= 6
    assert [pid for pid in below if is_running(pid)] == []
    assert not worker._scratch or not os.path.exists(worker._scratch)


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
    if not landlock.abi():
        pytest.skip("this kernel has no Landlock")
    done = as_ordinary_user(NO_NAMESPACES + ORPHANS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == ["memory"]


@pytest.mark.parametrize("namespaces", [True, False])
def test_a_candidate_that_is_killed_as_it_waits_is_replaced(strict, namespaces):
    if not landlock.abi() and not namespaces:
        pytest.skip("this kernel has no Landlock")
    problem = Problem("p", "", FunctionTests("def check(candidate):\n    assert candidate() == 1\n"), "f", 20.0)
    pool = Pool(configuration("auto", "strict", namespaces))
    brief, program = brief_of(problem, 1), "def f():\n    return 1\n"
    try:
        worker = pool._take()
        for _ in range(3):
            waiting = []
            while not waiting:
                waiting = tree_of(worker._zygote)[1:]
            time.sleep(0.2)  # until it has confined itself
            os.kill(waiting[0], signal.SIGKILL)
            time.sleep(0.2)  # until it has ended
            assert worker.check(brief, program, (20.0, 20.0))["status"] == "passed"
    finally:
        pool.close()


def test_a_sandbox_that_is_closed_says_nothing_of_what_it_was_judging(strict):
    problem = Problem("p", "", FunctionTests("def check(candidate):\n    candidate()\n"), "f", 100.0)
    pool = Pool(configuration("auto", "strict", True))
    said = []

    def judge():
        try:
            said.append(pool.check(brief_of(problem, 1), "def f():\n    while True: pass\n", 100.0, 100.0))
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


SUPERVISOR = """
import sys
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.host.sandbox import Sandbox
problem = Problem("p", "", FunctionTests("def check(candidate):\\n    candidate()\\n"), "f", 100.0)
with Sandbox(workers=1) as sandbox:
    print("open", flush=True)
    sandbox.check(problem, "import os\\ndef f():\\n    os.fork()\\n    while True: pass\\n")
"""


def test_nothing_is_left_of_a_sandbox_whose_evaluator_was_killed(strict):
    with subprocess.Popen([sys.executable, "-c", SUPERVISOR], stdout=subprocess.PIPE, cwd=ROOT) as evaluator:
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
    pool = Pool(configuration("auto", "strict", True))
    brief, program = brief_of(problem, 1), "def f():\n    return 1\n"
    try:
        for _ in range(2):
            assert pool.check(brief, program, 20.0, 20.0)["status"] == "passed"
            worker = pool._take()
            for nursery in pool._nurseries[-2:]:
                nursery._process.kill()
                nursery._process.wait()
            pool._drop(worker)
        assert pool.check(brief, program, 20.0, 20.0)["status"] == "passed"
    finally:
        pool.close()


def lose(worker, problem, program):
    with contextlib.suppress(WorkerLost, Hung):
        worker.check(brief_of(problem, 1), program, (100.0, 100.0))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
