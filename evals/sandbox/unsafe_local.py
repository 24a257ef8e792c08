"""No sandbox: program and tests share one plain process of this user. Only for machines that may be lost.

A program can read this user's files, use the network, start other programs, and forge its verdict. The limits are
against accidents alone: of time for its process group, of memory and files; it has an empty environment and its own
folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evals.sandbox.output import escaped, same_output
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.verdict import Status, Verdict

START_S = 1.0
"Time for the interpreter to start, in addition to the problem's own limit."

MAX_FILE_BYTES = 1 << 24

_LIMITS = """
import json, os, sys
job = json.loads(sys.stdin.buffer.read())
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (job["memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
result = os.dup(1)
def say(status, kind=None, detail=""):
    os.write(result, json.dumps([status, kind, detail[:1000]]).encode())
    os._exit(0)
def redirect(fd, path, flags):
    opened = os.open(path, flags, 0o600)
    os.dup2(opened, fd)
try:
    code = compile(job["program"], "program.py", "exec")
except (SyntaxError, ValueError) as error:
    say("syntax_error", None, str(error))
except (RecursionError, MemoryError) as error:
    say("syntax_error", None, type(error).__name__)
"""

_FUNCTION = (
    _LIMITS
    + """
for fd in (0, 1, 2):
    redirect(fd, os.devnull, os.O_RDWR)
import linecache, types
module = types.ModuleType("program")
sys.modules["program"] = module
linecache.cache["program.py"] = (len(job["program"]), None, job["program"].splitlines(True), "program.py")
try:
    exec(code, module.__dict__)
    if job["name"] not in module.__dict__:
        say("failed", "exception", f"NameError: the program defines no {job['name']}")
    tests = dict(module.__dict__)
    exec(compile(job["test"], "tests.py", "exec"), tests)
    tests["check"](module.__dict__[job["name"]])
except AssertionError as error:
    say("failed", "assertion", str(error))
except MemoryError:
    say("memory")
except BaseException as error:
    say("failed", "exception", f"{type(error).__name__}: {error}")
say("passed")
"""
)

_PROGRAM = (
    _LIMITS
    + """
redirect(0, job["stdin"], os.O_RDONLY)
redirect(1, job["stdout"], os.O_WRONLY | os.O_CREAT)
redirect(2, os.devnull, os.O_RDWR)
try:
    exec(code, {"__name__": "__main__"})
except SystemExit as error:
    if error.code not in (None, 0):
        say("failed", "exception", f"SystemExit: {error.code}")
except MemoryError:
    say("memory")
except BaseException as error:
    say("failed", "exception", f"{type(error).__name__}: {error}")
try:
    sys.stdout.flush()
except (OSError, ValueError) as error:
    say("failed", "exception", f"{type(error).__name__}: {error}")
say("passed")
"""
)


class UnsafeLocal:
    """Judges programs without protection; the assurance of every verdict is `unsafe`."""

    def check(self, problem: Problem, program: str) -> Verdict:
        """The verdict on one whole program. Blocks; may be called from several threads."""
        began_s = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="evals-unsafe-", ignore_cleanup_errors=True) as folder:
            status, kind, detail = _judged(problem, program, Path(folder), began_s)
        return Verdict(Status(status), kind, escaped(detail), "unsafe", time.perf_counter() - began_s)


def _judged(problem: Problem, program: str, folder: Path, began_s: float) -> tuple[str, str | None, str]:
    job = {"program": program, "memory_bytes": problem.memory_bytes, "file_bytes": MAX_FILE_BYTES}
    until_s = began_s + problem.timeout_s + START_S
    if isinstance(problem.tests, FunctionTests):
        return _run(_FUNCTION, {**job, "name": problem.entry_point, "test": problem.tests.source}, folder, until_s)
    for number, case in enumerate(problem.tests.cases, 1):
        given, printed = folder / f"{number}.in", folder / f"{number}.out"
        given.write_text(case.stdin, encoding="utf-8")
        outcome = _run(_PROGRAM, {**job, "stdin": str(given), "stdout": str(printed)}, folder, until_s)
        if outcome[0] != "passed":
            return outcome
        if not same_output(printed.read_text(encoding="utf-8", errors="replace"), case.stdout, problem.tests.numbers):
            return "failed", "wrong_output", f"case {number} of {len(problem.tests.cases)}"
    return "passed", None, ""


def _run(source: str, job: dict[str, object], folder: Path, until_s: float) -> tuple[str, str | None, str]:
    # Python on Windows does not start without SYSTEMROOT.
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", "-c", source],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=kept,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(json.dumps(job).encode(), timeout=max(0.0, until_s - time.perf_counter()))
    except subprocess.TimeoutExpired:
        return "timed_out", None, ""
    finally:
        _end(process)
    try:
        status, kind, detail = json.loads(said)
        return Status(status).value, kind, str(detail)
    except (ValueError, TypeError):
        return "failed", "exception", f"the process ended with code {process.returncode} and no verdict"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all that it started in its own group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.wait()
