"""The process that programs are forked from: it knows no test, and holds one socket.

It first moves into namespaces of its own, then forks and kills at the tester's word. Its messages are trusted, since no
program ever shares its process.
"""

from __future__ import annotations

import _socket
import builtins
import contextlib
import functools
import gc
import os
import signal
import socket
import sys
from _sitebuiltins import Quitter

from evals.sandbox.inside import confine, jobs, landlock, linux, namespaces, root_fs
from evals.sandbox.inside.candidate import Candidate
from evals.sandbox.inside.channel import Channel, framed
from evals.sandbox.inside.removal import clear
from evals.sandbox.inside.seccomp import Filter
from evals.sandbox.protocol import FORK, MAX_ORDER, CannotStart, ZygotePlan, ZygoteReady, read, write

_WARM = (
    "typing math collections re itertools functools heapq string bisect copy operator dataclasses enum abc traceback"
)
"""Modules that most programs import: loaded once here. Not `random` and `threading`: what they do after every fork
costs more than the few programs that import them save."""

# Landlock covers devices too. What is written to these is lost.
_WRITABLE_DEVICES = ("/dev/null", "/dev/full")

_ORDER_BYTES, _FD_BYTES = 64, socket.CMSG_LEN(4)

READY = framed('["ready"]')

NULL = 0
"The descriptor of /dev/null."


class Zygote:
    """Forks and kills.

    own: descriptors of its own namespaces by their flag; none without namespaces. It leaves two of these for a moment
    to fork a program into fresh ones, and comes back by the descriptors.

    Raises:
        OSError: a layer cannot be made.
    """

    def __init__(self, control: socket.socket, plan: ZygotePlan, own: dict[int, int]) -> None:
        self.control, self.plan = control, plan
        self.children: dict[int, int] = {}
        "Process ids by the numbers that the tester gives."
        self.entering: list[linux.Prepared] = []
        self.leaving: list[linux.Prepared] = []
        "System calls that take it into fresh namespaces, and back into its own."
        self.opening: list[linux.Prepared] = []
        "Those that put all layers on a candidate, and say that it is ready."
        self.abi = landlock.abi() if plan.landlock_abi is None else plan.landlock_abi
        # Without namespaces: from version 6 on Landlock keeps signals within a program, before that the filter must
        # refuse them. Sockets it must refuse in any case, as Landlock never sees those that have a path.
        signals = plan.namespaces or self.abi >= 6
        filter_ = Filter(plan.namespaces, signals, plan.namespaces) if plan.seccomp else None
        # With namespaces all programs have their files at one path, so that one set of rules serves them all.
        self.layers = confine.Layers(filter_, self._rules([root_fs.WRITABLE]) if plan.namespaces else None)
        # Each candidate's socket gets the descriptor of this one before the fork: so all around it can be made here.
        sock = _socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.fd, self.candidate = sock.fileno(), Candidate(Channel(sock))
        if plan.namespaces:
            fresh = linux.prepared("unshare", linux.CLONE_NEWPID | linux.CLONE_NEWNS)
            self.entering = [fresh, *root_fs.fresh_scratch(plan.root_fs.scratch_bytes)]
            self.leaving = [linux.prepared("setns", namespace, kind) for kind, namespace in own.items()]
            self.opening = self._opening("/tmp", self.layers)
        else:
            linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
        linux.bar_capabilities()
        confine.inherited()

    def _rules(self, writable: list[str]) -> landlock.Rules | None:
        if not self.abi:
            return None
        return landlock.rules(self.abi, self.plan.readable, [*writable, *_WRITABLE_DEVICES])

    def _folder(self, number: int) -> str:
        """Where a program's files lie, if no namespace gives it its own."""
        return f"{self.plan.scratch}/{number}"

    def serve(self) -> None:
        """Fork, kill and report until the tester is gone."""
        while True:
            data, ancillary, _, _ = self.control.recvmsg(_ORDER_BYTES, _FD_BYTES)
            if not data:
                return self._leave()
            for order in data.split():
                if order.startswith(FORK):
                    self._fork(int(order[1:]), _received_fd(ancillary))
                else:
                    self._end(int(order[1:]))

    def _leave(self) -> None:
        """The tester is gone: end everything."""
        if self.plan.namespaces:
            return  # when process 1 of a process namespace ends, the kernel kills all others in it
        for pid in self.children.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.children.clear()
        self._kill_rest()
        self._clear_shared()
        self._clear()
        with contextlib.suppress(OSError):
            os.rmdir(self.plan.scratch)  # for nobody else may be left to do it

    def _fork(self, number: int, channel: int) -> None:
        os.dup2(channel, self.fd)
        os.close(channel)
        try:
            # A new process namespace takes in the next child, not this process: the program is its process 1.
            linux.in_turn(self.entering)
            if not self.entering:
                os.mkdir(self._folder(number), 0o700)
            pid = linux.fork()
        except OSError as error:
            self._say(f"{number} fork: {error}")
        else:
            if pid == 0:
                self._become_candidate(number)
            self.children[number] = pid
        os.dup2(NULL, self.fd)  # else the tester would not see that the candidate has ended
        linux.in_turn(self.leaving)

    def _become_candidate(self, number: int) -> None:
        """In the child: confine it, run one program, and end."""
        code = 70
        try:
            opening = self.opening or self._without_namespaces(number)
            code = jobs.do(self.candidate, opening, confine.limits_of_problem)
        except BaseException:
            code = 71
        finally:
            os._exit(code)

    def _opening(self, folder: str, layers: confine.Layers) -> list[linux.Prepared]:
        """The calls that put all layers on a candidate, which lives in this folder, and say that it is ready."""
        return [
            linux.prepared("dup3", NULL, 2, 0),  # standard error of a zygote is a file that the tester reads
            linux.prepared("setpgid", 0, 0),
            linux.prepared("chdir", os.fsencode(folder)),
            *confine.confining(layers),
            # All but its own socket: the control socket and the descriptors of namespaces stay outside.
            *linux.closing_all_but(self.fd, 3),
            linux.prepared("write", self.fd, READY, len(READY)),
        ]

    def _without_namespaces(self, number: int) -> list[linux.Prepared]:
        """What puts all layers on this process, in a folder of its own."""
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)  # what it orphans still counts as its own
        folder = self._folder(number)
        os.environ.update(HOME=folder, TMPDIR=folder)
        return self._opening(folder, confine.Layers(self.layers.seccomp, self._rules([folder, *self.plan.shared])))

    def _end(self, number: int) -> None:
        """Kill a child with all that it started, and say what it used."""
        pid = self.children.pop(number, None)
        if pid is None:
            self._say(f"{number} was never forked")
            return
        # A child that has ended can be sent a signal too, until it is waited for.
        os.kill(pid, signal.SIGKILL)
        # With namespaces this waits for all processes of the program: the kernel lets process 1 go after the others.
        _, status, used = os.wait4(pid, 0)
        if not self.plan.namespaces:
            self._kill_rest()
            self._clear_shared()
        self._say(f"{number} {status} {used.ru_utime + used.ru_stime}")
        if not self.plan.namespaces:
            self._clear()  # after the verdict: a program may leave tens of thousands of files, which takes seconds

    def _kill_rest(self) -> None:
        """Kill what an ended program left behind: its orphans are this process's children now, and theirs will be."""
        # Again until none is left: each that is killed may have had children, and others may fork meanwhile.
        while True:
            kept = set(self.children.values())
            strays = [pid for pid in _own_children() if pid not in kept]
            if not strays:
                return
            for pid in strays:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for pid in strays:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def _clear(self) -> None:
        """Remove the folders of programs that have ended. No other program can reach them."""
        with contextlib.suppress(OSError):
            clear(self.plan.scratch, frozenset(map(str, self.children)))

    def _clear_shared(self) -> None:
        """Remove what an ended program left in places that the next one sees."""
        for path in self.plan.shared:
            with contextlib.suppress(OSError):
                clear(path)

    def _say(self, message: str) -> None:
        try:  # noqa: SIM105 - a context manager is objects and pages more, each time after a fork
            self.control.send(message.encode())
        except BrokenPipeError:
            pass


def _own_children() -> list[int]:
    fd = os.open("/proc/thread-self/children", os.O_RDONLY)
    try:
        return list(map(int, os.read(fd, 1 << 16).split()))
    finally:
        os.close(fd)


def _received_fd(ancillary: list[tuple[int, int, bytes]]) -> int:
    ((_, _, data),) = ancillary
    return int.from_bytes(data[:4], sys.byteorder)


def main() -> None:
    """Take the plan from the socket at descriptor 0, move in, and serve."""
    control = _control()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (NULL, 1):
        os.dup2(null, fd)
    os.close(null)
    try:
        zygote = _moved_in(control, read(control.recv(MAX_ORDER).decode(), ZygotePlan))
    except (OSError, ValueError, KeyError) as error:
        control.send(write(CannotStart(str(error))).encode())
        return
    control.send(write(ZygoteReady()).encode())
    # As in `fork_server`: what the collector does not visit is not copied for each program.
    gc.collect()
    gc.freeze()
    zygote.serve()


def _moved_in(control: socket.socket, plan: ZygotePlan) -> Zygote:
    """A zygote that has set up what its plan says. Raises OSError."""
    load()
    _settle(plan)
    own: dict[int, int] = {}
    if plan.namespaces:
        own = namespaces.move_in(plan)
    elif plan.uid is not None:
        os.chown(plan.scratch, plan.uid, plan.uid)
        namespaces.give_up_root(plan.uid)
    return Zygote(control, plan, own)


def _control() -> socket.socket:
    """The socket at descriptor 0, or the one at the path that is given: descriptors do not pass into containers."""
    if len(sys.argv) < 2:
        return socket.socket(fileno=os.dup(0))
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.connect(sys.argv[1])
    return control


@functools.cache
def load() -> None:
    """Import what programs and the code around them need, once."""
    for name in _WARM.split():
        __import__(name)
    # `site`, which Python leaves out here, gives programs these.
    for name in ("exit", "quit"):
        setattr(builtins, name, Quitter(name, "Ctrl-D"))
    linux.plain_malloc()
    confine.rehearse()
    jobs.rehearse()


def _settle(plan: ZygotePlan) -> None:
    """Let paths and environment be what programs are to see."""
    sys.path[:] = [path for path in sys.path if path not in plan.hidden_paths]
    if plan.root_fs.packages:
        sys.path.append(root_fs.PACKAGES)
    sys.executable = plan.python
    sys.argv = [""]
    os.environ.clear()
    os.environ.update(plan.environment)
