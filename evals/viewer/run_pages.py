"""The report page of one run, or of several side by side, served in parts: the page, and its samples in chunks."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evals.record.reader import read_record
from evals.report.html.comparison_view import comparison_view
from evals.report.html.packing import json_in_html, packed
from evals.report.html.page import content_security_policy, names_of, render, script_text, style_text
from evals.report.html.page_data import RunData, read_run
from evals.report.html.score_bars import score_bars
from evals.viewer.index import IndexedRun

MAX_RUNS = 8
"On one page."
LARGE_BYTES = 16 << 20
"Of records whose page is announced before it is made: about two seconds of reading."
MAX_KEPT = 4
"Pages whose samples are kept, packed; one that was left long ago is read again."


@dataclass(frozen=True)
class ServedPage:
    """A page and the parts that it asks for."""

    html: str
    runs: tuple[RunData, ...]

    def part(self, name: str) -> str | None:
        """`index-RUN`, or `chunk-RUN-NUMBER`, each number from 0, packed; None for what the page has not."""
        kind, *numbers = name.split("-")
        if not all(number.isascii() and number.isdecimal() and len(number) < 10 for number in numbers):
            return None
        places = list(map(int, numbers))
        if not places or places[0] >= len(self.runs):
            return None
        run = self.runs[places[0]]
        if kind == "index" and len(places) == 1:
            return packed(json_in_html(run.index))
        if kind == "chunk" and len(places) == 2 and places[1] < len(run.chunks):
            return run.chunks[places[1]]
        return None


class RunPages:
    """Makes pages and keeps the last ones. Safe to call from threads; one page is made at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: OrderedDict[str, ServedPage] = OrderedDict()

    def page(self, runs: Sequence[IndexedRun]) -> ServedPage:
        """The page of these runs as their records are now.

        Raises:
            EvalsError: a record cannot be read, or jinja2 is not installed.
        """
        version = version_of(runs)
        with self._lock:
            page = self._pages.get(version) or _made(runs, f"/parts/{version}/")
            self._pages[version] = page
            self._pages.move_to_end(version)
            while len(self._pages) > MAX_KEPT:
                self._pages.popitem(last=False)
            return page

    def is_slow(self, runs: Sequence[IndexedRun]) -> bool:
        """Whether the page has to be made from so many bytes that it takes seconds."""
        return version_of(runs) not in self._pages and sum(size_of(run) for run in runs) > LARGE_BYTES

    def part(self, version: str, name: str) -> str | None:
        """A part of a page that was made; None where it has none of the name, or was left long ago."""
        page = self._pages.get(version)
        return None if page is None else page.part(name)


def size_of(run: IndexedRun) -> int:
    """Bytes of the record; a compressed one counts for what it may hold."""
    size = run.stamp[2]
    return 10 * size if run.is_packed else size


def version_of(runs: Sequence[IndexedRun]) -> str:
    """A text that differs when the runs, or the bytes of one of their records, do."""
    said: list[Any] = [(run.id, run.stamp) for run in runs]
    return hashlib.blake2b(repr(said).encode(), digest_size=12).hexdigest()


def page_policy() -> str:
    """The content security policy of such a page: its one script and style by their hashes, as the page itself says."""
    policy = content_security_policy(style_text(), script_text(), connects=True)
    return f"{policy}; frame-ancestors 'none'"


def _made(runs: Sequence[IndexedRun], source: str) -> ServedPage:
    read = [read_run(read_record(run.path)) for run in runs]
    names = names_of(read)
    comparison = comparison_view([run.path for run in runs], names) if len(runs) > 1 else None
    found = [score_bars(run.index["scores"], name, i) for i, (run, name) in enumerate(zip(read, names, strict=True))]
    plots = [plot for plot in found if plot is not None]
    return ServedPage(render(read, names, comparison=comparison, plots=plots, source=source), tuple(read))
