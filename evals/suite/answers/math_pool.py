"""A pool of processes that compute mathematics: one that computes for too long is killed and replaced."""

from __future__ import annotations

import atexit
import functools
import json
import os
import queue
import subprocess
import sys
import threading
from typing import Any

DEADLINE_S = 5.0
"Seconds of CPU time for one reading or comparison (math-verify's own limit); a busy machine changes no score."
WALL_FACTOR = 1.0 if sys.platform == "win32" else 12.0
"A silent worker is killed after this many deadlines on the clock. Windows has no timer of CPU time."
START_S = 300.0
"Seconds on the clock for a process to import its packages, on a busy machine."

_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from evals.suite.answers.math_worker import main; main(float(sys.argv[2]))"
)
_PASSED_ON = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH")


class Ended(Exception):
    """The worker reached its deadline, or died while it worked on the request."""


class MathPool:
    """Up to `size` worker processes. Several threads may use it. A worker that hangs is killed and replaced.

    size: by default one less than the machine's cores, at least 1 and at most 4. deadline_s: seconds of CPU time for
    one request. Workers start when they are first needed, and stay.
    """

    def __init__(self, size: int | None = None, deadline_s: float = DEADLINE_S) -> None:
        self.deadline_s = deadline_s
        self._free: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(size or max(1, min(4, (os.cpu_count() or 2) - 1))):
            self._free.put(None)

    def ask(self, request: dict[str, Any]) -> Any:
        """The value that a worker computes for `request` (see `evals.suite.answers.math_worker`). Blocks.

        Raises:
            Ended: the worker took longer than the deadline, died, or raised an error.
        """
        worker = self._free.get()
        try:
            worker = worker or _Worker(self.deadline_s)
            reply = worker.ask(request, self.deadline_s)
        except BaseException:
            if worker is not None:
                worker.close()
            worker = None
            raise
        finally:
            self._free.put(worker)
        if "error" in reply:
            raise Ended(reply["error"])
        return reply["value"]

    def close(self) -> None:
        """Kill the idle processes. The pool can be used again."""
        found = []
        while not self._free.empty():
            found.append(self._free.get())
        for worker in found:
            if worker is not None:
                worker.close()
            self._free.put(None)


class _Worker:
    def __init__(self, deadline_s: float) -> None:
        command = [sys.executable, "-c", _CODE, json.dumps([path or os.getcwd() for path in sys.path]), str(deadline_s)]
        environment = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**environment, "PYTHONUTF8": "1"},
        )
        try:
            self._reply_within(START_S)
        except BaseException:
            self.close()
            raise

    def ask(self, request: dict[str, Any], deadline_s: float) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise Ended("the process died") from error
        try:
            reply: dict[str, Any] = self._reply_within(WALL_FACTOR * deadline_s)
        except Ended:
            raise Ended(f"no answer within {deadline_s:g} s of computing") from None
        return reply

    def _reply_within(self, seconds: float) -> Any:
        """The next line of the process. Without one in `seconds` it is killed; its own timer may end it earlier."""
        assert self._process.stdout is not None
        alarm = threading.Timer(seconds, self._process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            line = self._process.stdout.readline()
        finally:
            alarm.cancel()
        if not line.endswith(b"\n"):
            raise Ended(f"the process ended, or wrote nothing for {seconds:g} s")
        return json.loads(line)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@functools.lru_cache(maxsize=1)
def shared_pool() -> MathPool:
    """The pool of this process. Its workers start when they are needed and end with the process."""
    pool = MathPool()
    atexit.register(pool.close)
    return pool
