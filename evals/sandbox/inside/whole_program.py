"""Runs a whole program as `python program.py` would: `__main__`, standard input and output, an exit code."""

from __future__ import annotations

import atexit
import io
import os
import sys
import traceback
import types

from evals.sandbox.inside.channel import Channel
from evals.sandbox.inside.source import FILE, compiled
from evals.sandbox.inside.wire import dumps
from evals.sandbox.protocol import ProgramJob


def run_program(channel: Channel, job: ProgramJob, fds: list[int]) -> None:
    """Run it, say how it ended, and end this process."""
    # Programs may use descriptors 0, 1 and 2 by number, or hand them on to processes that they start.
    for target, fd in enumerate(fds):
        os.dup2(fd, target)
        os.close(fd)
    path = os.path.join(os.getcwd(), FILE)
    code = compiled(job.source, path)
    if isinstance(code, str):
        channel.send(dumps(["syntax", code]))
        os._exit(1)
    _standard_streams()
    module = types.ModuleType("__main__")
    module.__dict__["__file__"] = path
    # Some programs read or run their own file: `multiprocessing` does it for them.
    with open(path, "w", encoding="utf-8", errors="surrogatepass") as file:
        file.write(job.source)
    sys.modules["__main__"] = module
    sys.argv = [path]
    status, said = _ended(code, module)
    channel.send(dumps(["ended", status, said]))
    os._exit(status & 0xFF)  # at once: what Python does at its end was done in `_ended`, as far as programs see it


def _ended(code: types.CodeType, module: types.ModuleType) -> tuple[int, str]:
    """The exit code, and what to say of an exception, after all that Python does when a program ends."""
    status, said = 0, ""
    try:
        exec(code, module.__dict__)
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        said = f"SystemExit: {error.code!r}"[:1000] if status else ""
    except BaseException as error:
        traceback.print_exc()
        status, said = 1, f"{type(error).__name__}: {error}"[:1000]
    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()  # waits for threads that are no daemons
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except BaseException as error:
        status, said = status or 1, said or f"{type(error).__name__}: {error}"[:1000]
    return status, said


def _standard_streams() -> None:
    """Text streams over descriptors 0, 1 and 2, buffered as for pipes."""
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        errors = "backslashreplace" if fd == 2 else "surrogateescape"
        raw = os.fdopen(fd, "rb" if fd == 0 else "wb", closefd=False)
        stream = io.TextIOWrapper(raw, "utf-8", errors, line_buffering=fd == 2)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
