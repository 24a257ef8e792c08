"""Finds the layers that work on this machine, and tries every property by a program that does its best to break it."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from evals.errors import UsageError
from evals.sandbox.host.launchers import launcher_of
from evals.sandbox.host.pool import Pool
from evals.sandbox.host.problem_spec import problem_spec_of
from evals.sandbox.host.worker import Hung, WorkerLost
from evals.sandbox.inside import landlock, linux
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.protocol import Allowance, Assurance

LIMIT_S = 30.0
MEMORY_BYTES = 256 << 20
"Less than the 512 MiB that the program below asks for."

ALLOWED_VARIABLES = {"PATH", "HOME", "LANG", "LC_CTYPE", "TMPDIR", "OPENBLAS_NUM_THREADS"}
"Those that the zygote sets, and LC_CTYPE, which Python sets by itself."

_PROGRAM = r"""
import ctypes, os, socket, time

def told(action):
    try:
        return "done: " + str(action())[:100]
    except BaseException as error:
        return type(error).__name__ + ": " + str(error)[:100]

def write(path):
    with open(path, "w") as file:
        file.write("x")

def large():
    with open("large", "wb") as file:
        for _ in range(17):
            file.write(bytes(1 << 20))

def fork_many():
    n = 0
    try:
        while n < 200:
            if os.fork() == 0:
                time.sleep(100)
                os._exit(0)
            n += 1
    except OSError:
        return n
    return n

def call(name, *args):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*args) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def f(port, file, folder, pid):
    return {
        "network": told(lambda: socket.create_connection(("127.0.0.1", port), 2)),
        "read": told(lambda: open(file).read()),
        "write": told(lambda: write(folder + "/written")),
        "own files": told(lambda: write("own")),
        "environment": told(lambda: " ".join(sorted(os.environ))),
        "signals": told(lambda: os.kill(pid, 0)),
        "memory": told(lambda: len(bytearray(1 << 29))),
        "file size": told(large),
        "namespaces": told(lambda: call("unshare", 0x10000000)),
        "library": told(lambda: __import__("colorsys").__name__),
        "root": told(lambda: os.setuid(0) or os.getuid()),
        "processes": told(fork_many),
    }
"""

# The outcome of tests is the one way out for what the program was told: they fail with it as their message.
_TESTS = """
import json
def check(candidate):
    raise AssertionError(json.dumps(candidate(*ARGUMENTS)))
"""


@dataclass(frozen=True)
class Property:
    """One thing that must hold of every program, and what came of trying to break it."""

    name: str
    holds: bool
    said: str
    "What the program was told when it tried."
    fix: str = ""


def open_pool(launcher: str, assurance: Assurance) -> tuple[Pool, str]:
    """A pool whose first worker has started, and why there are no namespaces (empty if there are).

    Raises:
        UsageError: this machine cannot isolate programs in that way.
    """
    errors = []
    for namespaces in (True, False) if launcher == "auto" else (False,):
        pool = Pool(launcher_of(launcher, assurance, namespaces))
        try:
            pool.warm()
        except (WorkerLost, Hung) as error:
            pool.close()
            errors.append(str(error) or "no answer in time")
            continue
        return pool, errors[0] if errors else ""
    raise UsageError(
        f"programs cannot be isolated on this machine ({launcher})",
        notes=[error[:300] for error in errors],
        fix=fix_for_namespaces() if launcher == "auto" else "see docs/sandbox.md, or leave out --sandbox",
    )


def require(properties: list[Property]) -> None:
    """Nothing, if all properties hold.

    Raises:
        UsageError: one does not; with what the program was told, and the fix.
    """
    broken = [found for found in properties if not found.holds]
    if broken:
        raise UsageError(
            f"programs would not be isolated on this machine: {', '.join(found.name for found in broken)}",
            notes=[f"{found.name}: {found.said}" for found in broken],
            fix=broken[0].fix,
        )


def try_properties(pool: Pool) -> list[Property]:
    """Run a program that tries to break each property.

    Raises:
        UsageError: it cannot be run.
    """
    with _bait() as (port, folder):
        arguments = (port, f"{folder}/secret", folder, os.getpid())
        tests = FunctionTests(f"ARGUMENTS = {arguments!r}\n{_TESTS}")
        problem = Problem("properties", "", tests, "f", LIMIT_S, MEMORY_BYTES)
        outcome = pool.check(problem_spec_of(problem, -1), _PROGRAM, Allowance(LIMIT_S, LIMIT_S))
    text = outcome.detail.rpartition(" (line")[0]
    try:
        said: dict[str, str] = json.loads(text)
    except ValueError:
        raise UsageError(
            f"the sandbox cannot run a program that tries it: {outcome.status}",
            notes=[outcome.detail[:500]],
            fix="report this with the output of `evals sandbox doctor`",
        ) from None
    return _properties(said, pool.survivors())


def _properties(said: dict[str, str], survivors: int) -> list[Property]:
    def refused(key: str) -> bool:
        return not said[key].startswith("done")

    variables = set(said["environment"].removeprefix("done: ").split())
    n_processes = said["processes"].removeprefix("done: ")
    fix = fix_for_namespaces()
    found = [
        Property("no network", refused("network"), said["network"], fix),
        Property("your files cannot be read", refused("read"), said["read"], fix),
        Property("your files cannot be written", refused("write"), said["write"], fix),
        Property("files of its own", not refused("own files"), said["own files"], "free space where files are kept"),
        Property(
            "Python's library can be read",
            not refused("library"),
            said["library"],
            "install Python where every user can read it",
        ),
        Property("no environment", variables <= ALLOWED_VARIABLES, said["environment"]),
        Property("no signals to other processes", refused("signals"), said["signals"], fix),
        Property("nothing survives", survivors == 0, f"{survivors} processes left", fix),
        Property("memory is limited", refused("memory"), said["memory"]),
        Property("files are limited", refused("file size"), said["file size"]),
        Property(
            "processes are limited",
            n_processes.isdigit() and int(n_processes) < 200,
            f"{n_processes} started",
            "run as an ordinary user: the kernel does not limit the processes of root",
        ),
        Property("no namespaces of its own", refused("namespaces"), said["namespaces"]),
        Property("no root", refused("root"), said["root"]),
    ]
    return [replace(one, fix="") if one.holds else one for one in found]


@contextlib.contextmanager
def _bait() -> Iterator[tuple[int, str]]:
    """A port that answers, and a folder that everybody may read and write."""
    with socket.create_server(("127.0.0.1", 0)) as server, tempfile.TemporaryDirectory(prefix="evals-bait-") as folder:
        os.chmod(folder, 0o777)
        secret = Path(folder, "secret")
        secret.write_text("secret", encoding="ascii")
        secret.chmod(0o644)
        yield server.getsockname()[1], folder


def layers(pool: Pool) -> dict[str, str]:
    """What holds programs, in words, by layer."""
    launch = pool.launcher.launch
    own_uid = launch.plan.uid if launch.user is None else launch.user
    version = launch.plan.landlock_abi
    return {
        "kernel": f"{platform.release()} {linux.MACHINE}",
        "user id of programs": "the evaluator's own" if own_uid is None else f"one of their own (from {own_uid})",
        "namespaces": "user, files, network, processes, messages, names"
        if launch.plan.namespaces
        else pool.launcher.held_by,
        "Landlock": f"version {version}" if version else "none",
        "filter of system calls": "yes",
        "memory of all processes": "looked at every 20 ms",
    }


def fix_for_namespaces() -> str:
    """What to change on this machine so that namespaces work, as far as this process can see."""
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or --sandbox bwrap with its AppArmor profile"
        )
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl kernel.unprivileged_userns_clone=1"
    if _setting("user/max_user_namespaces") == "0":
        return "sudo sysctl user.max_user_namespaces=10000"
    if os.path.exists("/.dockerenv"):
        return "docker run --security-opt seccomp=unconfined, or --cap-add SYS_ADMIN"
    if not landlock.abi():
        return "use a kernel that allows user namespaces, or one with Landlock (5.13 or newer); or --sandbox docker"
    return "see docs/sandbox.md"


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text(encoding="ascii").strip()
    except OSError:
        return ""
