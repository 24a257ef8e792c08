"""What each program has by itself though its process was prepared before the fork: every layer, and nothing of another."""

from __future__ import annotations

import json

import pytest
from sandbox_world import function_problem, needs, new_pool

from evals.sandbox.host.problem_spec import problem_spec_of
from evals.sandbox.host.worker import Worker
from evals.sandbox.protocol import N_AHEAD, Allowance

TOLD = problem_spec_of(function_problem("raise AssertionError(json.dumps(candidate()))", setup="import json"), 1)
"A problem whose tests fail with what the program gives."

TRIED = """
def tried(action):
    try:
        return str(action())
    except OSError as error:
        return type(error).__name__
"""

LAYERS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def is_open(fd):
    try:
        return bool(os.fstat(fd))
    except OSError:
        return False
def f():
    held = (ctypes.c_uint32 * 6)()
    libc.capget((ctypes.c_uint32 * 2)(0x20080522, 0), held)
    return {
        "descriptors": [fd for fd in range(4096) if is_open(fd)],
        "sockets": [fd for fd in range(3, 64) if is_open(fd) and (os.fstat(fd).st_mode >> 12) == 0o14],
        "capabilities": list(held),
        "no new privileges": libc.prctl(39, 0, 0, 0, 0),
        "filter": libc.syscall(272, 0x10000000) == -1 and ctypes.get_errno(),
        "group": os.getpgid(0) == os.getpid(),
        "others": tried(lambda: os.kill(os.getppid() or -1, 0)),
        "files of the machine": tried(lambda: os.listdir("/var")),
        "write": tried(lambda: os.mkdir("/usr/x")),
    }
"""

LEAVES = """
import builtins, os, socket, sys, time
def f():
    found = []
    for path in ("one", "/tmp/two", "/dev/shm/three"):
        try:
            with open(path, "w") as file:
                file.write("left")
            found.append(path)
        except OSError:
            pass
    builtins.left = sys.modules["left"] = 1
    os.environ["LEFT"] = "1"
    sys.path.append("left")
    try:
        named = socket.socket(socket.AF_UNIX)
        named.bind("\\0left")
        named.listen()
    except OSError:
        pass
    if os.fork() == 0:
        os.setsid()
        time.sleep(100)
    return found
"""

LOOKS = """
import builtins, os, socket, sys
def f():
    return {
        "files": [tried(lambda: os.listdir(path)) for path in (".", os.environ["TMPDIR" if "TMPDIR" in os.environ else "HOME"])],
        "shared": tried(lambda: os.listdir("/dev/shm")),
        "state": [hasattr(builtins, "left"), "left" in sys.modules, "left" in sys.path, "LEFT" in os.environ],
        "socket": tried(lambda: socket.socket(socket.AF_UNIX).connect("\\0left")),
        "processes": tried(lambda: os.kill(os.getppid() or -1, 0)),
    }
"""


@pytest.fixture(params=[True, False], ids=["namespaces", "without namespaces"])
def worker(request, strict):
    needs(request.param)
    pool = new_pool(request.param)
    yield pool._take()
    pool.close()


def told(worker: Worker, program: str):
    """What a program gives."""
    outcome = worker.check(TOLD, program, Allowance(20.0, 20.0))
    assert (outcome.status, outcome.kind) == ("failed", "assertion"), outcome
    return json.loads(outcome.detail.rpartition(" (line")[0])


def test_every_program_has_all_layers_and_no_descriptor_but_its_own_socket(worker):
    for _ in range(N_AHEAD + 2):
        found = told(worker, TRIED + LAYERS)
        assert found["descriptors"] == [0, 1, 2, *found["sockets"]]
        assert len(found["sockets"]) == 1
        assert found["capabilities"] == [0] * 6
        assert found["no new privileges"] == 1
        assert found["filter"] == 1  # EPERM
        assert found["group"] is True
        assert found["others"] in ("ProcessLookupError", "PermissionError")
        assert found["files of the machine"] in ("FileNotFoundError", "PermissionError")
        assert found["write"] in ("OSError", "PermissionError")


def test_the_programs_after_one_find_nothing_that_it_left(worker):
    """Two of them were forked while it ran or before."""
    assert told(worker, TRIED + LOOKS)["state"] == [False] * 4
    for _ in range(2):
        assert "one" in told(worker, LEAVES)
        for _ in range(N_AHEAD + 1):
            found = told(worker, TRIED + LOOKS)
            assert found["files"] == ["[]", "[]"]
            assert found["shared"] in ("[]", "PermissionError", "FileNotFoundError")
            assert found["state"] == [False] * 4
            assert found["socket"] in ("ConnectionRefusedError", "PermissionError")
            assert found["processes"] in ("ProcessLookupError", "PermissionError")
