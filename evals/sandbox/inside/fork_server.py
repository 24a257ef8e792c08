"""A process that has loaded what its children need, and forks them in milliseconds, most of their memory shared.

One forks testers at the evaluator's word, another forks zygotes at the testers'. The latter was executed afresh with an
empty environment, so that neither it nor a zygote nor a program has ever held a test or a secret.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any

from evals.sandbox.inside import linux
from evals.sandbox.protocol import MAX_ORDER, Done, End, Fork, read, write


def main() -> None:
    """Fork children that run `main` of the module that is the first argument, until nobody is left who might ask.

    Orders come by the socket at descriptor 0. Further arguments are descriptors that the children's `main` is given.
    """
    name, *inherited = sys.argv[1:]
    module: Any = importlib.import_module(name)
    module.load()
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    # The first process of a zygote ends once there is one within its namespaces, which this process then has to reap.
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    # Objects that the collector no longer visits stay in pages that children share.
    gc.collect()
    gc.freeze()
    fds = _served(control)
    if fds is not None:
        control.close()
        _become(fds, module.main, list(map(int, inherited)))
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def _served(control: socket.socket) -> list[int] | None:
    """Do what is ordered until nobody is left; in a child that was forked, return the descriptors that are its own.

    A child comes back from here and does its work in `main`: each frame that stays below a program is one less that it
    may recurse.
    """
    while True:
        data, fds, _, _ = socket.recv_fds(control, MAX_ORDER, 2)
        if not data:
            return None
        order = read(data.decode(), Fork, End)
        done = _ended(order.pid) if isinstance(order, End) else _forked(order)
        if done is None:
            return fds
        for fd in fds:
            os.close(fd)
        if isinstance(order, End) or order.answer:
            with contextlib.suppress(BrokenPipeError):
                control.send(write(done).encode())


def _forked(order: Fork) -> Done | None:
    """The answer to an order; None in the child."""
    if not order.answer:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how these children end
    try:
        pid = os.fork()
    except OSError as error:
        return Done(errno=error.errno or 1)
    return Done(pid) if pid else None


def _become(fds: list[int], work: Callable[..., object], inherited: list[int]) -> None:
    """In the child: take the two descriptors as standard input and error, do its work, and end."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sys.argv = [""]
        for target, fd in zip((0, 2), fds, strict=True):
            os.dup2(fd, target)
            os.close(fd)
        work(*inherited)
        code = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _ended(pid: int) -> Done:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
    return Done()
