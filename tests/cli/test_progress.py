"""What a run shows while it goes on."""

from __future__ import annotations

import io
import time

from evals.cli.progress import Progress
from evals.engine.samples import NullObserver
from evals.engine.session import CallCounts
from evals.runner.counters import RunCounters


def test_what_is_waited_for_is_said_though_no_sample_ends() -> None:
    stream, counts = io.StringIO(), CallCounts(in_flight=2, n_retries=12)
    counts.failures["timed out"] = 12
    progress = Progress(stream, look_every_s=0.001, line_every_s=0.001)
    progress.watch(RunCounters(NullObserver()), counts)
    progress.started(5, 0)
    deadline_s = time.monotonic() + 120
    while not stream.getvalue() and time.monotonic() < deadline_s:
        time.sleep(0.001)
    progress.close()
    assert stream.getvalue().splitlines()[0] == "0/5  12 retries (timed out)  2 in flight"


def test_calls_that_are_retried_are_said_long_before_other_lines() -> None:
    stream, counts = io.StringIO(), CallCounts(in_flight=2)
    progress = Progress(stream, look_every_s=0.001, line_every_s=10_000)
    progress.watch(RunCounters(NullObserver()), counts)
    progress.started(5, 0)
    counts.n_retries = 12
    counts.failures["connection lost"] = 12
    deadline_s = time.monotonic() + 120
    while not stream.getvalue() and time.monotonic() < deadline_s:
        time.sleep(0.01)
    progress.close()
    assert stream.getvalue().splitlines() == ["0/5  12 retries (connection lost)  2 in flight"]


def test_nothing_is_said_after_the_end() -> None:
    stream = io.StringIO()
    progress = Progress(stream, look_every_s=0.001, line_every_s=0.001)
    progress.started(5, 0)
    progress.close()
    said = stream.getvalue()
    time.sleep(0.01)
    assert stream.getvalue() == said
