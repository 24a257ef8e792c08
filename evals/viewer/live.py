"""A record that grows while it is read: how many samples are done, the score so far, the latest answers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.json_text import dumps
from evals.record.envelope import is_event
from evals.record.event import Event, event_of
from evals.record.metric_ranges import recorded_beyond_unit
from evals.record.raw_lines import MAX_LINE_BYTES, parsed_line
from evals.record.rows import row_of
from evals.record.sample_record import SampleRecord
from evals.record.scores import recorded_name, report_name, score_of, values_of
from evals.record.segments import n_segments, segment_lines
from evals.stats.intervals import mean_of
from evals.stats.moments import Moments

N_LATEST = 20
CHUNK_BYTES = 4 << 20
TEXT_LETTERS = 2_000
"Of a completion among the latest; the rest is on the page of the run."


@dataclass(frozen=True)
class LatestSample:
    """A sample that was finished a moment ago."""

    sample_id: str
    score: float | None
    "None where it failed, or has no score."
    has_failed: bool
    completion: str
    "At most TEXT_LETTERS of it, and then how long it is."


@dataclass(frozen=True)
class Progress:
    """How far a run is. Its score is over the samples so far, which may differ from those to come."""

    n_done: int
    "Evaluations that ended: scored, unscored or failed."
    n_failed: int
    metric: str | None
    value: float | None
    ci95: tuple[float, float] | None
    n: int
    "Samples behind `value`."
    has_ended: bool
    latest: tuple[LatestSample, ...]
    "The newest first."


class LiveRecord:
    """Reads a growing record, each byte once. Safe to call from threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._offset = 0
        self._inode: int | None = None
        self._open: dict[str | None, list[Event]] = {}
        self._scores: dict[str, dict[int, float | None]] = {}
        self._failed: set[tuple[str, int]] = set()
        self._moments: Moments | None = Moments()
        self._metric: str | None = None
        self._beyond_unit: frozenset[str] = frozenset()
        "The metrics that the eval declares to reach beyond [0, 1]."
        self._has_ended = False
        self._latest: deque[LatestSample] = deque(maxlen=N_LATEST)

    def progress(self) -> Progress:
        """How far the run is now.

        Raises:
            OSError: the record cannot be read.
        """
        with self._lock:
            self._read_on()
            if self._moments is None:
                self._moments = Moments(self._sample_means(), beyond_unit=self._metric in self._beyond_unit)
            moments = self._moments
            return Progress(
                n_done=sum(map(len, self._scores.values())),
                n_failed=len(self._failed),
                metric=self._metric,
                value=moments.mean if moments.n else None,
                ci95=_defined(moments.ci95) if moments.n else None,
                n=moments.n,
                has_ended=self._has_ended,
                latest=tuple(reversed(self._latest)),
            )

    def _read_on(self) -> None:
        found = self._path.stat()
        # A resumed run cuts a torn end off before it writes on, and another file may have taken the name.
        if found.st_size < self._offset or (self._inode is not None and found.st_ino != self._inode):
            self._forget()
        if self._inode is None:
            self._read_segments()
        self._inode = found.st_ino
        for raw in self._new_lines():
            line = parsed_line(raw)
            if line is not None:
                self._take(line)

    def _read_segments(self) -> None:
        """Take in the lines that have moved out of the file; again after each move, as the file is then a new one."""
        with self._path.open("rb") as file:
            n = n_segments(file.readline(MAX_LINE_BYTES))
        for raw in segment_lines(self._path, n):
            line = parsed_line(raw)
            if line is not None:
                self._take(line)

    def _new_lines(self) -> Iterator[bytes]:
        """The whole lines that were added; a last one without its end is left for the next time."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            rest = b""
            while chunk := file.read(CHUNK_BYTES):
                *lines, rest = (rest + chunk).split(b"\n") if b"\n" in chunk else (rest + chunk,)
                for line in lines:
                    self._offset += len(line) + 1
                    yield line + b"\n"

    def _take(self, line: Mapping[str, Any]) -> None:
        if "final_report" in line:
            self._has_ended = True
        elif is_event(line) and not line.get("loose"):
            event = event_of(line)
            events = self._open.setdefault(event.sample_id, [])
            events.append(event)
            if line.get("sample_done"):
                self._finish(self._open.pop(event.sample_id), line)
        elif "spec" in line:
            self._beyond_unit = recorded_beyond_unit(line["spec"]) if isinstance(line["spec"], Mapping) else frozenset()
        elif line.get("type") == "resumed":
            self._open, self._has_ended = {}, False

    def _finish(self, events: list[Event], last: Mapping[str, Any]) -> None:
        sample_id, repeat, failed = str(last.get("sample_id") or ""), last.get("repeat") or 0, bool(last.get("failed"))
        score = None if failed else score_of(events)
        if score is not None and self._metric is None:
            self._metric = report_name(recorded_name(values_of(events)) or "score")
            self._moments = Moments(beyond_unit=self._metric in self._beyond_unit)
        known = self._scores.setdefault(sample_id, {})
        if known:
            self._moments = None  # a repeat, or a new attempt: the mean of the sample changes
        elif self._moments is not None and score is not None:
            self._moments.add(score)
        known[repeat] = score
        (self._failed.add if failed else self._failed.discard)((sample_id, repeat))
        own = last.get("id")
        sample = SampleRecord(sample_id, repeat, events, own_id=own if isinstance(own, str) and own else None)
        self._latest.append(_latest(sample, score, failed, events))

    def _sample_means(self) -> Iterator[float]:
        for repeats in self._scores.values():
            scored = [score for score in repeats.values() if score is not None]
            if scored:
                yield mean_of(scored)


def _defined(ends: tuple[float, float]) -> tuple[float, float] | None:
    return ends if ends[0] == ends[0] and ends[1] == ends[1] else None


def _latest(sample: SampleRecord, score: float | None, failed: bool, events: list[Event]) -> LatestSample:
    said: Any = events[-1].data if failed else row_of(sample)["completion"]
    if failed and isinstance(said, dict):
        said = said.get("message") or said.get("type")
    return LatestSample(sample.name, score, failed, shortened(said))


def shortened(value: Any, limit: int = TEXT_LETTERS) -> str:
    """`value` as a text of at most `limit` letters, and how long it is if it was cut."""
    text = "" if value is None else value if isinstance(value, str) else dumps(value)
    return text if len(text) <= limit else f"{text[:limit]}\n... {len(text):,} characters in all"
