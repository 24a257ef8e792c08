"""Ctrl-C once: finish what is in flight. Twice: stop now. The same for SIGTERM."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from evals.engine.loop import engine_loop
from evals.engine.session import Session
from evals.errors import Interrupted


class _Stopped(KeyboardInterrupt):
    """What a signal raises where no engine could end the run: before the first sample, and after the last."""

    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code


@contextmanager
def handle_interrupts(session: Session, on_interrupt: Callable[[int], None] | None = None) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into an end of `session` while the body runs; nothing outside the main thread.

    on_interrupt: told how many signals have come (1, 2, ...).
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    n_signals = 0

    def handle(signum: int, frame: FrameType | None) -> None:
        nonlocal n_signals
        n_signals += 1
        why = Interrupted("stopped", exit_code=128 + signum)
        loop = engine_loop()
        loop.call_soon_threadsafe(lambda: session.end(why, now=n_signals > 1))
        if on_interrupt is not None:
            with suppress(OSError):
                on_interrupt(n_signals)
        if session.on_growth is None or n_signals > 2:
            raise _Stopped(why.exit_code)

    wanted = (signal.SIGINT, signal.SIGTERM)
    before = {signum: signal.signal(signum, handle) for signum in wanted}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
