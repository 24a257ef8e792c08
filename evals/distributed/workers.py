"""The processes of a run, from their start to their end; they import what they need while the parent does the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from evals.distributed.pipes import send

if TYPE_CHECKING:
    from evals.distributed.messages import Ahead, Job, State, Stop
    from evals.distributed.stretches import Stretch

END_WITHIN_S = 10.0
"Seconds that processes get to end by themselves after everything is done."

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Worker:
    """One process. control: to tell it what to do; news: where it tells how far it is. state: what it told last."""

    def __init__(self, process: subprocess.Popen[bytes], control: BinaryIO, news: BinaryIO) -> None:
        self.process, self.control, self.news = process, control, news
        self.state: State | None = None
        self.has_job = False
        self._told_to_stop = 0

    @property
    def is_done(self) -> bool:
        """Whether it has told that it is done with its samples, all or not."""
        return self.state is not None and self.state.is_done

    def prepare(self, ahead: Ahead) -> None:
        """Tell it what it can make ready. It has no job yet, and is ended at once if none comes."""
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


@contextmanager
def started(n: int) -> Iterator[list[Worker]]:
    """`n` processes without a job, for as long as the block lasts. None is left behind."""
    workers = [_started(n) for _ in range(n)]
    try:
        yield workers
    finally:
        end_all(workers)


def _started(n: int) -> Worker:
    control_read, control_write = os.pipe()
    news_read, news_write = os.pipe()
    environment = dict(os.environ)
    for name in _THREADS:
        environment.setdefault(name, str(max(1, (os.cpu_count() or 1) // n)))
    process = subprocess.Popen(
        [sys.executable, "-m", "evals.distributed.worker", str(control_read), str(news_write)],
        stdin=subprocess.DEVNULL,
        pass_fds=(control_read, news_write),
        env=environment,
        start_new_session=True,  # Ctrl-C reaches the parent alone, which tells the others
    )
    os.close(control_read)
    os.close(news_write)
    return Worker(process, os.fdopen(control_write, "wb"), os.fdopen(news_read, "rb"))


def end_all(workers: Sequence[Worker]) -> None:
    """End them: one without a job at once, the others when they are done, or after a while."""
    for worker in workers:
        with suppress(OSError):
            worker.control.close()
        if not worker.has_job:
            worker.process.kill()
    for worker in workers:
        try:
            worker.process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()


def how_it_ended(worker: Worker) -> str:
    """The signal or the exit code of a process that has died, in words."""
    with suppress(subprocess.TimeoutExpired):
        worker.process.wait(END_WITHIN_S)
    code = worker.process.returncode
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
