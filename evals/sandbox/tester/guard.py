"""Watches what tests do in their process, and ends a check that would run what the program gave, or change the machine.

The tester is not confined as programs are. That tests run code they were given is mostly seen in their source, see
`runs_text`; what is not, Python's audit events show, before anything is run.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from evals.sandbox.tester.calls import Program
from evals.sandbox.tester.exits import NeedsOneProcess

_REFERENCE = "reference.py"
"The file that tests compile a problem's own solution as, for its results: it may run text that it makes itself."

_PROCESSES = "subprocess.Popen os.system os.exec os.posix_spawn os.spawn os.fork os.forkpty pty.spawn os.startfile"
_CHANGES = (
    "os.remove os.rename os.rmdir os.mkdir os.chmod os.chown os.link os.symlink os.truncate os.utime os.setxattr "
    "os.removexattr os.kill os.killpg shutil.rmtree shutil.move shutil.copyfile"
)
_NETWORK = "socket.connect socket.bind socket.sendto urllib.Request"
_CODE = frozenset({"compile", "marshal.loads", "marshal.load", "code.__new__", "pickle.find_class", "ctypes.dlopen"})
_WATCHED = _CODE.union(f"{_PROCESSES} {_CHANGES} {_NETWORK} open".split())

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LIBRARY = os.path.dirname(os.__file__)
_COMPILERS = "collections/__init__.py dataclasses.py ast.py enum.py typing.py functools.py"
_OF_PYTHON = frozenset(f"{_LIBRARY}/{part}" for part in _COMPILERS.split())
"Modules that compile text which they make from names, or parse it and run nothing."


class _Watch:
    program: Program | None = None
    texts: frozenset[str] = frozenset()


def install() -> None:
    """Watch this process from now on. An audit hook cannot be taken off."""
    sys.addaudithook(_hook)


@contextlib.contextmanager
def watched(program: Program) -> Iterator[None]:
    """End the check of this program if tests do in the block what only a confined process may do."""
    _Watch.program, _Watch.texts = program, program.shape.texts
    try:
        yield
    finally:
        _Watch.program = None


def _hook(event: str, args: tuple[Any, ...]) -> None:
    program = _Watch.program
    if program is None or event not in _WATCHED or not _is_refused(event, args):
        return
    _Watch.program = None  # to end the check may take what is watched
    try:
        raise program.ended(NeedsOneProcess(f"the tests do {event}, maybe with what the program gave"))
    finally:
        _Watch.program = program


def _is_refused(event: str, args: tuple[Any, ...]) -> bool:
    caller = sys._getframe(2)
    if event == "open":
        _, mode, flags = args
        writes = not set("wax+").isdisjoint(mode) if isinstance(mode, str) else bool((flags or 0) & _WRITES)
        return writes and not _is_importing(caller)
    if event == "compile" and args[0] is not None:
        source = args[0].decode("utf-8", "replace") if isinstance(args[0], bytes) else args[0]
        if source in _Watch.texts:
            return False
    of_python = event in _CODE and (caller.f_code.co_filename in _OF_PYTHON or caller.f_code.co_filename == _REFERENCE)
    return not of_python and not _is_importing(caller)


def _is_importing(frame: FrameType | None) -> bool:
    """Whether an import is under way: modules are files of this machine, which no program has written."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
