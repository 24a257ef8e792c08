"""Requests under way when something happens: their client goes, the server is stopped, the model breaks."""

from __future__ import annotations

import json
import signal
import socket

import pytest
from server_process import Served

from evals.testing.waiting import wait_until

ASKED = {"model": "stand-in", "prompt": "x", "max_tokens": 2, "temperature": 0}


def address_of(served: Served) -> tuple[str, int]:
    host, port = served.base_url.split("/")[2].split(":")
    return host, int(port)


def sent(served: Served, **change: object) -> socket.socket:
    """A connection over which a request was sent."""
    body = json.dumps({**ASKED, **change}).encode()
    sock = socket.create_connection(address_of(served), timeout=60)
    sock.sendall(
        b"POST /v1/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        % len(body)
        + body
    )
    return sock


def reply_on(sock: socket.socket) -> bytes:
    with sock, sock.makefile("rb") as stream:
        return stream.read()


def n_batches(served: Served) -> int:
    return served.stats()["models"]["stand-in"]["n_batches"]


def test_a_client_that_goes_before_its_turn_costs_nothing(tmp_path):
    free = tmp_path / "free"
    with Served("--completion_args", f"held_until={free}", folder=tmp_path) as served:
        first = sent(served)
        wait_until(lambda: n_batches(served) == 1)
        second = sent(served)
        wait_until(lambda: served.stats()["in_flight"] == 2)
        second.close()
        wait_until(lambda: served.stats()["in_flight"] == 1)
        free.touch()
        assert reply_on(first).startswith(b"HTTP/1.1 200")
        assert n_batches(served) == 1
        assert served.stop()[2] == "", "a client that goes is nobody's error"


def test_a_client_that_leaves_its_stream_or_its_own_request_harms_nobody(tmp_path):
    with Served(folder=tmp_path) as served:
        stream = sent(served, max_tokens=400, temperature=1, seed=5, stream=True)
        assert stream.recv(100).startswith(b"HTTP/1.1 200")
        stream.close()
        unfinished = socket.create_connection(address_of(served), timeout=60)
        unfinished.sendall(b"POST /v1/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{")
        wait_until(lambda: served.stats()["in_flight"] == 1)
        unfinished.close()
        wait_until(lambda: served.stats()["in_flight"] == 0)
        assert reply_on(sent(served)).startswith(b"HTTP/1.1 200")
        assert served.stop()[2] == ""


def test_a_request_under_way_is_answered_when_the_server_is_stopped(tmp_path):
    free = tmp_path / "free"
    with Served("--completion_args", f"held_until={free}", folder=tmp_path) as served:
        first = sent(served)
        wait_until(lambda: n_batches(served) == 1)
        served.process.send_signal(signal.SIGTERM)
        free.touch()
        assert reply_on(first).startswith(b"HTTP/1.1 200")
        assert served.process.wait(60) == 0


@pytest.mark.slow
def test_a_request_that_does_not_end_does_not_keep_the_server(tmp_path):
    with Served("--completion_args", f"held_until={tmp_path / 'never'}", folder=tmp_path) as served:
        first = sent(served)
        wait_until(lambda: n_batches(served) == 1)
        code, out, err = served.stop(signal.SIGINT)
        first.close()
    assert (code, err) == (0, "")
    assert "stopped: 0 of 1 requests answered" in out


def test_a_bug_is_an_error_object_to_the_client_and_a_traceback_to_the_server(tmp_path):
    with Served(folder=tmp_path) as served:
        head, _, body = reply_on(sent(served, prompt="BROKEN")).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 500")
        assert json.loads(body)["error"]["type"] == "server_error"
        assert b"Traceback" not in body
        streamed = reply_on(sent(served, prompt="BROKEN", stream=True))
        assert b'"server_error"' in streamed
        assert b"[DONE]" not in streamed
        assert reply_on(sent(served)).startswith(b"HTTP/1.1 200")
        code, _, err = served.stop()
    assert code == 0
    assert err.count("RuntimeError: the model is broken") >= 2
