"""The processes of a run, from their start to their end; they import what they need while the parent does the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from evals.distributed.pipes import send
from evals.json_text import dumps

if TYPE_CHECKING:
    from evals.distributed.messages import Ahead, Job, State, Stop
    from evals.distributed.stretches import Stretch

END_WITHIN_S = 10.0
"Seconds that workers get to end by themselves after everything is done."

_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from evals.distributed.worker import main; main(int(sys.argv[2]), int(sys.argv[3]))"
)
"""With the `sys.path` of this process: `-m` would take a user's own folder `evals` for this package, and not find a
plug-in whose folder was added here."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Worker:
    """One process. control: to tell it what to do; news: where it tells how far it is. state: what it told last."""

    def __init__(self) -> None:
        control_read, control_write = os.pipe()
        news_read, news_write = os.pipe()
        places = [path or os.getcwd() for path in sys.path]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CODE, dumps(places), str(control_read), str(news_write)],
            stdin=subprocess.DEVNULL,
            pass_fds=(control_read, news_write),
            start_new_session=True,  # Ctrl-C reaches the parent alone, which tells the others
        )
        os.close(control_read)
        os.close(news_write)
        self.control: BinaryIO = os.fdopen(control_write, "wb")
        self.news: BinaryIO = os.fdopen(news_read, "rb")
        self.state: State | None = None
        self.has_job = False
        self._told_to_stop = 0

    @property
    def is_done(self) -> bool:
        """Whether it has told that it is done with its samples, all or not."""
        return self.state is not None and self.state.is_done

    def prepare(self, ahead: Ahead) -> None:
        """Have it make the eval, check a part of the rows, and find its own. It is ended at once if no job comes."""
        with suppress(OSError):
            send(self.control, ahead)

    def give(self, task: Job | Stretch) -> None:
        """Give it something to do. One that has died takes nothing: who follows its state finds out."""
        self.has_job = True
        with suppress(OSError):
            send(self.control, task)

    def stop(self, stop: Stop) -> None:
        """Ask it to end; a second time only if that is to be at once."""
        force = 2 if stop.now else 1
        if force > self._told_to_stop:
            self._told_to_stop = force
            with suppress(OSError):  # it has ended
                send(self.control, stop)

    def end(self) -> None:
        """Wait until it has ended, as `control` is closed; kill one without a job, and one that takes too long."""
        if not self.has_job:
            self._process.kill()
        try:
            self._process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def how_it_ended(self) -> str:
        """The signal or the exit code of one that has died, in words."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_WITHIN_S)
        code = self._process.returncode
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


@contextmanager
def started(n: int) -> Iterator[list[Worker]]:
    """`n` processes without a job, for as long as the block lasts. None is left behind.

    Numeric libraries of each are told to use an equal part of the cores.
    """
    with _threads_of_each(max(1, (os.cpu_count() or 1) // n)):
        workers = [Worker() for _ in range(n)]
        try:
            yield workers
        finally:
            end_all(workers)


@contextmanager
def _threads_of_each(n: int) -> Iterator[None]:
    added = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, str(n)))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def end_all(workers: Sequence[Worker]) -> None:
    """End them: one without a job at once, the others when they are done, or after a while."""
    for worker in workers:
        with suppress(OSError):
            worker.control.close()
    for worker in workers:
        worker.end()
