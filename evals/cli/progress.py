"""Shows the progress of a run: a bar in a terminal, a line from time to time on a pipe."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from evals.engine.samples import WorkItem
    from evals.engine.session import CallCounts
    from evals.record.recorders import Event
    from evals.runner.counters import RunCounters

BAR = "{percentage:3.0f} %|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}] {desc}"

LOOK_EVERY_S = 1.0
BAR_EVERY_S = 0.2
LINE_EVERY_S = 10.0
LINE_EVERY_FRACTION = 0.1
FIRST_RETRIES_AFTER_S = 2.0
"When retries are said if no line has been written: a run that reaches no server may stop in 8 s."


class Progress:
    """An observer that counts what the engine tells it; a thread of its own draws, so that samples cost no drawing."""

    def __init__(
        self, stream: TextIO, *, look_every_s: float = LOOK_EVERY_S, line_every_s: float = LINE_EVERY_S
    ) -> None:
        self._look_every_s, self._line_every_s = look_every_s, line_every_s
        shown = os.environ.get("EVALS_SHOW_EVAL_PROGRESS")
        self._hidden = shown == ""
        self._stream = stream
        self._bar: Any = None
        self._total = 0
        self._done = 0
        self._failed = 0
        self._line_at_s = 0.0
        self._line_at_done = 0
        self._n_lines = 0
        self._counters: RunCounters | None = None
        self._counts: CallCounts | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._ticker: threading.Thread | None = None

    def watch(self, counters: RunCounters, counts: CallCounts) -> None:
        self._counters, self._counts = counters, counts

    def started(self, n_items: int, n_done_before: int) -> None:
        self._total += n_items
        self._done += n_done_before
        self._line_at_s = time.monotonic()
        self._line_at_done = self._done
        if n_done_before:
            print(f"{n_done_before:,} of {n_items:,} samples are done already", file=self._stream, flush=True)
        if self._hidden:
            return
        if self._stream.isatty():
            self._look_every_s = min(self._look_every_s, BAR_EVERY_S)
        if self._ticker is None:
            self._ticker = threading.Thread(target=self._tick, name="evals-progress", daemon=True)
            self._ticker.start()
        if not self._stream.isatty():
            return
        from tqdm import tqdm

        self._bar = tqdm(
            total=self._total, initial=self._done, file=self._stream, dynamic_ncols=True, leave=False, unit="",
            bar_format=BAR,
        )  # fmt: skip

    def finished(self, item: WorkItem, events: Sequence[Event]) -> None:
        self._step()

    def failed(self, item: WorkItem, error: dict[str, Any]) -> None:
        self._failed += 1
        self._step()

    def moved(self, n_finished: int, n_failed: int) -> None:
        self._failed += n_failed
        self._step(n_finished + n_failed)

    def _step(self, n: int = 1) -> None:
        with self._lock:
            self._done += n

    def _tick(self) -> None:
        """Draw from time to time, also while no sample ends, for example while every call is being retried."""
        with contextlib.suppress(OSError):  # a closed terminal or pipe must not end a run
            while not self._closed.wait(self._look_every_s):
                self._draw()

    def _draw(self) -> None:
        if self._bar is None:
            self._maybe_line()
            return
        self._bar.set_description_str(self._state(), refresh=False)
        self._bar.n = self._done
        self._bar.refresh()

    def _maybe_line(self) -> None:
        now_s = time.monotonic()
        due = now_s - self._line_at_s >= self._wait_s()
        tenth = self._done - self._line_at_done >= max(1.0, LINE_EVERY_FRACTION * self._total)
        if (due or (tenth and now_s - self._line_at_s >= 1.0)) and self._done < self._total:
            self._line_at_s, self._line_at_done, self._n_lines = now_s, self._done, self._n_lines + 1
            print(f"{self._done:,}/{self._total:,}  {self._state()}", file=self._stream, flush=True)

    def _wait_s(self) -> float:
        """After how many seconds without a line one is written."""
        is_retrying = self._counts is not None and self._counts.n_retries > 0
        if is_retrying and self._n_lines == 0:
            return min(self._line_every_s, FIRST_RETRIES_AFTER_S)
        return self._line_every_s

    def _state(self) -> str:
        from evals.report.terminal.run import retries, running_score
        from evals.report.words import counted, money

        parts = []
        if self._counters is not None:
            parts.append(running_score(self._counters))
        if self._counts is not None:
            counts = self._counts
            parts.append(money(counts.cost_usd) if counts.cost_usd >= 0.01 else "")
            parts.append(counted(self._failed, "error") if self._failed else "")
            parts.append(retries(counts) if counts.n_retries else "")
            parts.append(f"{counts.in_flight} in flight")
        return "  ".join(part for part in parts if part)

    def interrupted(self, n_signals: int) -> None:
        """Say what Ctrl-C did."""
        from evals.report.words import counted

        in_flight = self._counts.in_flight if self._counts is not None else 0
        what = f" after the {counted(in_flight, 'call')} in flight" if in_flight else ""
        if n_signals == 1:
            text = f"stopping{what} (press again to stop now)"
        else:
            text = "stopping now"
        print(f"\n{text}", file=self._stream, flush=True)

    def close(self) -> None:
        self._closed.set()
        if self._ticker is not None:
            self._ticker.join()
        if self._bar is not None:
            self._bar.close()
