"""Events sent to an HTTP server beside a local record."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time

import pytest
from small_records import lines_of, record_one, run_spec

from evals.errors import RecordError, UsageError
from evals.record import HttpRecorder
from evals.record.http import HttpSink
from evals.record.reader import read_record


class _Sink(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(json.loads(body))  # type: ignore[attr-defined]
        statuses = self.server.statuses  # type: ignore[attr-defined]
        self.send_response(statuses.pop(0) if statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def sink():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
    server.bodies, server.statuses = [], []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def url_of(server: http.server.ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/events"


class TestHttp:
    def test_events_arrive_in_lists_that_keep_samples_together(self, sink, path):
        recorder = HttpRecorder(url_of(sink), run_spec(), str(path), batch_size=4)
        for number in range(5):
            record_one(recorder, f"sums.test.{number}")
        recorder.record_final_report({"accuracy": 1.0})
        recorder.close()
        assert [len(body) for body in sink.bodies] == [6, 6, 4]
        report = sink.bodies[-1][-1]
        assert (report["type"], report["sample_id"], report["data"]) == ("final_report", None, {"accuracy": 1.0})
        assert sink.bodies[0][0] == lines_of(path)[1]
        assert len(recorder.get_events("match")) == 5

    def test_a_passing_failure_is_tried_again(self, sink, path):
        sink.statuses[:] = [503]
        recorder = HttpRecorder(url_of(sink), run_spec(), path)
        record_one(recorder)
        recorder.record_final_report({})
        recorder.close()
        assert sink.bodies[0] == sink.bodies[1]

    def test_too_many_refusals_end_the_run_and_the_local_record_has_everything(self, sink, path):
        sink.statuses[:] = [400] * 50
        recorder = HttpRecorder(url_of(sink), run_spec(), path, batch_size=1)
        record_one(recorder, "sums.test.0")
        recorder.flush_events()
        with pytest.raises(RecordError, match="not accepted by 127") as caught:
            record_one(recorder, "sums.test.1")
        assert caught.value.exit_code == 3
        assert len(recorder.get_events("match")) == 2
        recorder.close()

    def test_few_refusals_are_tolerated(self, sink, path):
        recorder = HttpRecorder(url_of(sink), run_spec(), path, fail_percent_threshold=50, batch_size=1)
        record_one(recorder, "a")
        recorder.flush_events()
        sink.statuses[:] = [400]
        record_one(recorder, "b")
        recorder.record_final_report({})
        recorder.close()
        assert len(sink.bodies) == 3

    def test_no_server_at_all_is_a_clear_error(self, path):
        recorder = HttpRecorder("http://127.0.0.1:1/x", run_spec(), path)
        record_one(recorder)
        with pytest.raises(RecordError, match="not accepted") as caught:
            recorder.record_final_report({"accuracy": 1.0})
        assert str(path) in str(caught.value)
        assert read_record(path).final_report == {"accuracy": 1.0}
        recorder.close()

    def test_an_address_that_is_none_is_refused_before_anything_is_made(self, path):
        with pytest.raises(UsageError, match="not an HTTP address"):
            HttpRecorder("file:///etc/passwd", run_spec(), path)
        assert not path.exists()


def test_a_server_that_accepts_and_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sink = HttpSink(f"http://127.0.0.1:{silent.getsockname()[1]}/", 5, 1, timeout_s=0.2)
        began = time.monotonic()
        for number in range(50):
            sink.put([f"{number}"])
        sink.close()
    assert time.monotonic() - began < 5
    assert (sink.n_sent, sink.n_failed) == (50, 50)
    assert sink.last_failure == "not sent, since the server gave no reply to earlier events"
    with pytest.raises(RecordError, match="50 of 50 events"):
        sink.check()
