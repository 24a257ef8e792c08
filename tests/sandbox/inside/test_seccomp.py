"""The filter of system calls answers each call as its lists say, on both machines."""

from __future__ import annotations

import json

import pytest
from sandbox_world import in_a_process

from evals.sandbox.inside import linux, seccomp


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


def run_filter(code: bytes, arch: int, number: int, *args: int) -> int:
    """What a filter answers to one call: the few instructions that it uses, as the kernel runs them."""
    loaded, at = 0, 0
    words = {0: number, 4: arch}
    for place, value in enumerate([*args, 0, 0, 0, 0, 0, 0][:6]):
        words |= {16 + 8 * place: value & 0xFFFFFFFF, 20 + 8 * place: value >> 32 & 0xFFFFFFFF}
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
    wanted |= {seccomp._FLOCK[side]: {0x50000}}
    wanted |= {seccomp._SOCKET[side]: {0x5000D}, seccomp._CLONE[side]: {0x7FFF0000}}
    code = seccomp.program(machine, unix_sockets=False, signals=False, attributes=False)
    for number in range(600):
        expected = {0x50026} if number >= 463 else wanted.get(number, {0x7FFF0000})
        assert run_filter(code, arch, number) in expected, number
    for numbers in (*seccomp._OF_ITSELF.values(), seccomp._SETPRIORITY):
        assert run_filter(code, arch, numbers[side], 0) == 0x7FFF0000
        assert run_filter(code, arch, numbers[side], 1) == 0x50001


@pytest.mark.parametrize(("side", "machine", "arch"), [(0, "x86_64", 0xC000003E), (1, "aarch64", 0xC00000B7)])
def test_what_holds_memory_or_tells_neighbours_something_is_looked_at_by_its_arguments(side, machine, arch):
    allow, eperm, enomem = 0x7FFF0000, 0x50001, 0x5000C
    setrlimit, fcntl, mmap = seccomp._SETRLIMIT[side], seccomp._FCNTL[side], seccomp._MMAP[side]
    prlimit = seccomp._OF_ITSELF["prlimit64"][side]
    shared, private, big = 0x21, 0x22, (1 << 24) + 1
    for attributes in (True, False):
        code = seccomp.program(machine, attributes=attributes)
        for call, answer in [
            ((setrlimit, 4, 1), eperm), ((setrlimit, 7, 1), allow),
            ((prlimit, 0, 4, 0), allow), ((prlimit, 0, 4, 1), eperm), ((prlimit, 0, 4, 1 << 32), eperm),
            ((prlimit, 0, 7, 1), allow), ((prlimit, 9, 7, 1), allow if attributes else eperm),
            ((fcntl, 3, 1024), eperm), ((fcntl, 3, 1026), eperm), ((fcntl, 3, 6), allow), ((fcntl, 1024, 1), allow),
            ((mmap, 0, big, 3, shared), enomem), ((mmap, 0, 1 << 40, 3, shared), enomem),
            ((mmap, 0, big - 1, 3, shared), allow), ((mmap, 0, big, 3, private), allow), ((mmap, 0, big, 3, 1), allow),
            ((mmap, 0, big, 3, 0x23), enomem),
        ]:  # fmt: skip
            assert run_filter(code, arch, *call) == answer, call


INSTALLED = """
import ctypes, fcntl, json, mmap, os, resource, socket
from evals.sandbox.inside import linux, seccomp
libc = ctypes.CDLL(None, use_errno=True)
linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
seccomp.Filter(unix_sockets=UNIX).install()
def errno_of(action):
    try:
        action()
        return 0
    except OSError as error:
        return error.errno
    except ValueError:  # as Python calls EPERM of a limit
        return 1
def call(name, *args):
    if getattr(libc, name)(*args) == -1:
        raise OSError(ctypes.get_errno(), name)
print(json.dumps({
    "fork": errno_of(lambda: os.waitpid(os.fork() or os._exit(0), 0)),
    "unshare": errno_of(lambda: call("unshare", linux.CLONE_NEWUSER)),
    "ptrace": errno_of(lambda: call("ptrace", 16, os.getpid(), 0, 0)),
    "inet": errno_of(socket.socket),
    "unix": errno_of(lambda: socket.socket(socket.AF_UNIX)),
    "memfd": errno_of(lambda: os.memfd_create("x")),
    "keyctl": errno_of(lambda: call("syscall", {"x86_64": 250, "aarch64": 219}[linux.MACHINE], 0, 0)),
    "inotify": errno_of(lambda: call("inotify_init1", 0)),
    "flock": errno_of(lambda: fcntl.flock(open("/dev/null"), fcntl.LOCK_EX)),
    "lease": errno_of(lambda: fcntl.fcntl(open("/dev/null"), 1024, 0)),
    "core": errno_of(lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0))),
    "shared": errno_of(lambda: mmap.mmap(-1, (1 << 24) + 1)),
    "shared and small": errno_of(lambda: mmap.mmap(-1, 1 << 24)),
    "clone3": errno_of(lambda: call("syscall", 435, 0, 0)),
}))
"""


@pytest.mark.parametrize(("unix_sockets", "unix"), [(True, 0), (False, 13)])
def test_the_kernel_answers_as_the_filter_says(unix_sockets, unix):
    found = json.loads(in_a_process(INSTALLED.replace("UNIX", str(unix_sockets), 1)))
    refused = dict.fromkeys(("unshare", "ptrace", "memfd", "keyctl", "inotify", "lease", "core"), 1)
    assert found == refused | {
        "fork": 0,
        "inet": 13,
        "unix": unix,
        "clone3": 38,
        "flock": 0,
        "shared": 12,
        "shared and small": 0,
    }
