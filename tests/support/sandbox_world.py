"""What tests of the sandbox share: problems, pools of workers, processes seen from outside, an ordinary user."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evals.sandbox.host.launchers import launcher_of
from evals.sandbox.host.pool import Pool
from evals.sandbox.inside import landlock
from evals.sandbox.inside.channel import Channel
from evals.sandbox.problem import FunctionTests, Problem

ROOT = Path(__file__).parents[2]
NOBODY = 65534

WITHOUT_NAMESPACES = """
import ctypes, sys
from evals.sandbox.inside import linux, seccomp
number = {"x86_64": 272, "aarch64": 97}[linux.MACHINE]
code = seccomp._load(0) + seccomp._jump(0x15, number, 0, 1) + seccomp._give(0x50001) + seccomp._give(0x7FFF0000)
linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
program = seccomp._Program(len(code) // 8, code)
linux.syscall("seccomp", 1, 0, ctypes.byref(program))
"""
"Source that takes the right to make namespaces from the process that runs it."


def function_problem(
    body: str, prompt: str = "", entry: str = "f", timeout_s: float = 20.0, setup: str = ""
) -> Problem:
    """A problem whose `check(candidate)` has this body."""
    indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return Problem("p", prompt, FunctionTests(f"{setup}\ndef check(candidate):\n{indented}\n"), entry, timeout_s)


@functools.cache
def namespaces_are_allowed() -> bool:
    """Whether this user may make namespaces on this machine."""
    code = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000) != 0)"
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def needs(namespaces: bool) -> None:
    """Skip a test on a machine that cannot hold programs with namespaces, or without them by Landlock."""
    if namespaces and not namespaces_are_allowed():
        pytest.skip("this user may make no namespaces")
    if not namespaces and not landlock.abi():
        pytest.skip("this kernel has no Landlock")


def new_pool(namespaces: bool | None = None) -> Pool:
    """A pool of strict workers. namespaces: None for what this machine allows."""
    return Pool(launcher_of("auto", "strict", namespaces_are_allowed() if namespaces is None else namespaces))


CANDIDATE = "from evals.sandbox.inside import channel, jobs; jobs.run(channel.from_fd(0))"


@contextlib.contextmanager
def candidate() -> Iterator[Channel]:
    """The tester's end of a real process that waits for a job, without namespaces, Landlock and the filter."""
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryDirectory(prefix="evals-candidate-") as folder:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", CANDIDATE], stdin=theirs, cwd=folder, env={"PYTHONPATH": str(ROOT)}
            )
        channel = Channel(ours)
        try:
            assert channel.receive() == '["ready"]'
            yield channel
        finally:
            process.kill()
            process.wait()


def in_a_process(source: str, *arguments: str) -> str:
    """What a Python process of its own prints that runs this source: for what a process does to itself for good."""
    done = subprocess.run(
        [sys.executable, "-c", source, *arguments], capture_output=True, text=True, timeout=100, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


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


Runs = Callable[[str], "subprocess.CompletedProcess[str]"]


@contextlib.contextmanager
def ordinary_user() -> Iterator[Runs]:
    """Runs source in a Python of an ordinary user, who is `nobody` if this is root."""
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
            env={"PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ.get("PATH", os.defpath)},
        )  # fmt: skip
