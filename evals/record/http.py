"""Sends events to an HTTP server as well: in batches, from a thread; counts the events that were not accepted."""

from __future__ import annotations

import http.client
import logging
import queue
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from evals.errors import RecordError, UsageError
from evals.json_text import encode
from evals.record.event import Event
from evals.record.lines import event_line
from evals.record.local import LocalRecorder
from evals.specs import RunSpec

logger = logging.getLogger(__name__)

_TIMEOUT_S = 10.0
_SILENT_BATCHES = 2
"Batches in a row without any reply after which a server counts as gone: each costs a whole time-out."
_SILENT = "no reply in time"
_GONE = "not sent, since the server gave no reply to earlier events"
_WAITS_S = (0.2, 1.0)
"Seconds between the attempts at one batch: three attempts in all."


class HttpSink:
    """Collects lines of JSON and posts them as lists.

    fail_percent: how many percent of the events may get lost before `check` raises. batch_size: lines that are
    collected before a POST. Lines of one `put` are posted together. timeout_s: how long a reply may take.

    Raises:
        UsageError: `url` is not an HTTP address.
    """

    def __init__(self, url: str, fail_percent: float, batch_size: int, timeout_s: float = _TIMEOUT_S) -> None:
        parts = urllib.parse.urlsplit(url or "")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError("this is not an HTTP address", where=url or "(empty)", fix="give http(s)://host/path")
        self._url = url
        self._host = parts.hostname
        self._fail_percent = fail_percent
        self._batch_size = max(1, batch_size)
        self._pending: list[str] = []
        self._queue: queue.Queue[list[str] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.n_sent = 0
        "Events that were sent, accepted or not."
        self.n_failed = 0
        self.last_failure = ""
        self._n_silent = 0
        self._timeout_s = timeout_s

    def put(self, lines: list[str]) -> None:
        """Queue the lines of one sample. Returns at once."""
        with self._lock:
            self._pending += lines
            if len(self._pending) >= self._batch_size:
                self._hand_over()

    def flush(self) -> None:
        """Wait until every queued line was sent, with its retries."""
        with self._lock:
            if self._pending:
                self._hand_over()
        self._queue.join()

    def check(self, where: str | None = None) -> None:
        """Raise RecordError if more events got lost than `fail_percent` allows. where: the local record."""
        if self.n_failed and self.n_failed * 100 > self._fail_percent * self.n_sent:
            raise RecordError(
                f"{self.n_failed} of {self.n_sent} events were not accepted by {self._host}",
                notes=[f"last failure: {self.last_failure}", f"the complete record is in {where}" if where else ""],
                fix="check that the server is up, or allow more with --http-fail-percent-threshold",
            )

    def close(self) -> None:
        """Send what is left, then end the thread."""
        if self._thread is not None or self._pending:
            self.flush()
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _hand_over(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="evals-http-record", daemon=True)
            self._thread.start()
        self._queue.put(self._pending)
        self._pending = []

    def _serve(self) -> None:
        while (lines := self._queue.get()) is not None:
            try:
                self._deliver(lines)
            finally:
                self._queue.task_done()

    def _deliver(self, lines: list[str]) -> None:
        body = encode("[" + ",".join(line.strip() for line in lines) + "]")
        failure = self._posted(body) if self._n_silent < _SILENT_BATCHES else _GONE
        self.n_sent += len(lines)  # before n_failed, so that `check` on another thread never sees too high a share
        if failure is not None:
            self.last_failure = failure
            self.n_failed += len(lines)
            logger.warning("%d events were not accepted by %s: %s", len(lines), self._host, failure)

    def _posted(self, body: bytes) -> str | None:
        """Send one list, again where that may help. None if the server accepted it, else the reason."""
        failure = self._post(body)
        for wait_s in _WAITS_S:
            if failure is None or failure == _SILENT or not failure.startswith(("5", "429", "no reply")):
                break
            time.sleep(wait_s)
            failure = self._post(body)
        self._n_silent = self._n_silent + 1 if failure == _SILENT else 0
        return failure

    def _post(self, body: bytes) -> str | None:
        """Send one list. None if the server accepted it, else the reason."""
        request = urllib.request.Request(self._url, data=body, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as reply:
                reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return f"{error.code} {error.reason}"
        except TimeoutError:
            return _SILENT
        except (OSError, http.client.HTTPException) as error:
            if isinstance(getattr(error, "reason", None), TimeoutError):
                return _SILENT
            return f"no reply: {getattr(error, 'reason', None) or error or type(error).__name__}"
        return None


class HttpRecorder(LocalRecorder):
    """Sends events to an HTTP server as JSON lists, and writes a complete local record at `local_fallback_path`.

    A thread sends about `batch_size` events in one POST; the events of a sample stay together. If more than
    `fail_percent_threshold` percent of the events sent so far were not accepted, the run ends.

    Raises:
        UsageError: `url` is not an HTTP address.
        RecordError: the local record cannot be written; later, too many events were not accepted.
    """

    def __init__(
        self,
        url: str,
        run_spec: RunSpec,
        local_fallback_path: str | Path,
        fail_percent_threshold: int = 5,
        batch_size: int = 100,
    ) -> None:
        self._sink: HttpSink = HttpSink(url, fail_percent_threshold, batch_size)
        super().__init__(local_fallback_path, run_spec)
        self.url = url
        self.batch_size = batch_size
        self.local_fallback_path = local_fallback_path

    def _write(self, entries: list[tuple[Event, str]], marks: dict[str, Any]) -> None:
        super()._write(entries, marks)
        self._sink.put([event_line(event, text) for event, text in entries])
        self._sink.check()

    def flush_events(self) -> None:
        """Wait until all finished events were sent."""
        self._sink.flush()

    def record_final_report(self, final_report: Any, extra: Mapping[str, Any] | None = None) -> None:
        """Write the report locally, send it as a `final_report` event, and wait until all was sent.

        Raises:
            RecordError: too many events were not accepted; the message names the local record.
        """
        super().record_final_report(final_report, extra)
        now = str(datetime.now(timezone.utc))
        event = Event(self._run_id, self._next_event_id, None, "final_report", None, self._created_by, now)
        self._sink.put([event_line(event, self._text_of(final_report))])
        self._sink.flush()
        self._sink.check(where=str(self.local_fallback_path))

    def close(self) -> None:
        """Send what is left, end the thread, and close the local record."""
        self._sink.close()
        super().close()
