"""The process that programs are forked from: it was executed afresh, knows no test, and holds one socket.

It first moves into namespaces of its own, then forks and kills at the tester's word. Its messages are trusted: no
program ever shares its process.
"""

from __future__ import annotations

import array
import contextlib
import gc
import json
import os
import signal
import socket
import sys
from typing import Any

from evals.sandbox.inside import candidate, confine, linux, view
from evals.sandbox.inside.channel import Channel
from evals.sandbox.inside.seccomp import Filter

_WARM = (
    "typing math collections re itertools functools heapq string bisect copy operator random dataclasses enum abc "
    "traceback"
)
"Modules that most programs import: loaded once here."

NEW_WORKER = linux.CLONE_NEWNS | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS | linux.CLONE_NEWNET | linux.CLONE_NEWPID


class Zygote:
    """State of the loop. plan: what the tester wants, see `main`."""

    def __init__(self, control: socket.socket, plan: dict[str, Any]) -> None:
        self.control, self.plan = control, plan
        self.children: dict[int, int] = {}
        self.own_pids = -1
        self.layers = confine.Layers(
            Filter() if plan["seccomp"] else None,
            plan["landlock_abi"],
            ("/",),
        )

    def serve(self) -> None:
        """Fork, kill and report until the tester is gone."""
        while True:
            data, ancillary, _, _ = self.control.recvmsg(4096, socket.CMSG_LEN(4))
            if not data:
                return
            order = json.loads(data)
            if order[0] == "fork":
                self._fork(order[1], _received_fd(ancillary))
            else:
                self._end(order[1])

    def _fork(self, number: int, channel: int) -> None:
        try:
            if self.own_pids >= 0:
                linux.unshare(linux.CLONE_NEWPID, "unshare pid")
            pid = os.fork()
        except OSError as error:
            self._say({"number": number, "error": f"fork: {error}"})
            os.close(channel)
            return
        if pid == 0:
            self._become_candidate(channel)
        if self.own_pids >= 0:
            linux.setns(self.own_pids, linux.CLONE_NEWPID)
        os.close(channel)
        self.children[number] = pid

    def _become_candidate(self, fd: int) -> None:
        """In the child: confine it, run one program, and end."""
        code = 70
        try:
            self.control.close()
            os.dup2(fd, 3)
            confine.close_all_but((0, 1, 2, 3))
            channel = Channel(socket.socket(fileno=3))
            try:
                if self.plan["namespaces"]:
                    view.fresh_scratch(self.plan["view"]["scratch_bytes"])
                os.chdir("/tmp")
                confine.confine(self.layers)
            except Exception as error:
                channel.send(json.dumps(["broken", f"{type(error).__name__}: {error}"]))
                os._exit(70)
            candidate.run(channel)
            code = 0
        except BaseException:
            code = 71
        finally:
            os._exit(code)

    def _end(self, number: int) -> None:
        """Kill a child with all that it started, and say what it used."""
        pid = self.children.pop(number, None)
        if pid is None:
            self._say({"number": number, "error": "never forked"})
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, status, used = os.wait4(pid, 0)
        self._say({"number": number, "status": status, "cpu_s": used.ru_utime + used.ru_stime, "rss": used.ru_maxrss})

    def _say(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.control.send(json.dumps(message).encode())


def _received_fd(ancillary: list[tuple[int, int, bytes]]) -> int:
    fds = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[:4])
    return fds[0]


def main() -> None:
    """Take the plan from the socket at descriptor 0, move in, and serve."""
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)
    plan = json.loads(control.recv(1 << 16))
    try:
        _warm_up(plan)
        zygote = Zygote(control, plan)
        if plan["namespaces"]:
            zygote.own_pids = _move_in(plan)
        confine.common_limits()
    except (OSError, KeyError) as error:
        control.send(json.dumps({"error": str(error)}).encode())
        return
    control.send(json.dumps({"ready": True}).encode())
    gc.collect()
    gc.freeze()
    zygote.serve()


def _warm_up(plan: dict[str, Any]) -> None:
    for name in _WARM.split():
        __import__(name)
    from evals.sandbox.inside import codec_more, together, whole_program  # noqa: F401

    linux.one_malloc_arena()
    sys.path[:] = [path for path in sys.path if path not in plan["hidden_paths"]]
    if plan["view"]["packages"]:
        sys.path.append(view.PACKAGES)
    sys.executable = plan["python"]
    sys.argv = [""]
    os.environ.clear()
    os.environ.update(plan["environment"])


def _move_in(plan: dict[str, Any]) -> int:
    """Become process 1 of fresh namespaces, as an unprivileged user; returns a descriptor of its own pid namespace."""
    tree = view.View.from_dict(plan["view"])
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    if plan["uid"] is not None:
        linux.unshare(linux.CLONE_NEWNS, "unshare mount")
        view.build(tree)
        _give_up_root(plan["uid"])
    uid, gid = os.getuid(), os.getgid()
    linux.unshare(linux.CLONE_NEWUSER | NEW_WORKER, "unshare user, mount, net, ipc, uts, pid")
    for name, text in (("setgroups", "deny"), ("uid_map", f"1000 {uid} 1"), ("gid_map", f"1000 {gid} 1")):
        _write_at(proc, f"self/{name}", text)
    if plan["uid"] is None:
        view.build(tree)
    if os.fork() != 0:
        os._exit(0)
    own = os.open("self/ns/pid", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    os.close(proc)
    return own


def _give_up_root(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    linux.prctl(linux.PR_SET_DUMPABLE, 1)


def _write_at(folder: int, path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY, dir_fd=folder)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
