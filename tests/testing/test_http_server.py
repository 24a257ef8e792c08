"""The small HTTP server under the loopback servers, byte by byte."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from evals.testing.http_server import Breakage, HttpReply, HttpRequest, ReplyHold, ServerThread
from evals.testing.waiting import wait_until

POST = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Mixed: Case\r\nContent-Length: 3\r\n\r\nabc"


class App:
    """Answers by a function; keeps requests, and counts replies that are over."""

    def __init__(self, answer: Callable[[HttpRequest], HttpReply] = lambda request: HttpReply(request.body)) -> None:
        self._answer = answer
        self.requests: list[HttpRequest] = []
        self.n_finished = 0

    def answer(self, request: HttpRequest) -> HttpReply:
        self.requests.append(request)
        return self._answer(request)

    def finished(self) -> None:
        self.n_finished += 1


@contextmanager
def serving(app: App) -> Iterator[int]:
    server = ServerThread(app)
    port = server.start()
    try:
        yield port
    finally:
        server.stop()


def received(sock: socket.socket, n_bytes: int) -> bytes:
    data = b""
    while len(data) < n_bytes and (chunk := sock.recv(65536)):
        data += chunk
    return data


def test_a_request_that_arrives_byte_by_byte_is_read_whole():
    app = App()
    with serving(app) as port, socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for k in range(len(POST)):
            sock.sendall(POST[k : k + 1])
        assert received(sock, 60).endswith(b"\r\n\r\nabc")
    (request,) = app.requests
    assert (request.method, request.path, request.query, request.body) == ("POST", "/a", "b=c", b"abc")
    assert request.headers["x-mixed"] == "Case"


def test_requests_on_one_connection_are_answered_one_after_the_other():
    app = App(lambda request: HttpReply(request.path.encode(), delay_s=0.05 if request.path == "/slow" else 0.0))
    get = "GET {} HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving(app) as port, socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall((get.format("/slow") + get.format("/next")).encode())
        data = b""
        while b"/next" not in data:
            data += sock.recv(65536)
    assert data.index(b"/slow") < data.index(b"/next")
    assert app.n_finished == 2


def test_status_type_and_headers_are_on_the_wire():
    reply = HttpReply(b"no", 418, (("X-A", "b"),), content_type="text/plain")
    with serving(App(lambda request: reply)) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/")
        got = connection.getresponse()
        assert (got.status, got.reason, got.read()) == (418, "I'm a Teapot", b"no")
        assert (got.headers["Content-Type"], got.headers["X-A"]) == ("text/plain", "b")
        connection.close()


@pytest.mark.parametrize(
    ("breakage", "error"),
    [
        (Breakage.RESET, ConnectionResetError),
        (Breakage.DISCONNECT, http.client.RemoteDisconnected),
        (Breakage.TRUNCATED, http.client.IncompleteRead),
        (Breakage.STALL, TimeoutError),
    ],
)
def test_each_breakage_is_what_its_name_says(breakage: Breakage, error: type[Exception]):
    app = App(lambda request: HttpReply(b"whole body", breakage=breakage))
    with serving(app) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=0.5)
        connection.request("GET", "/")
        with pytest.raises(error):
            connection.getresponse().read()
        connection.close()
        wait_until(lambda: app.n_finished == 1)


def test_replies_are_held_until_the_release_and_none_after_it():
    hold = ReplyHold()
    app = App(lambda request: (hold.release() if request.path == "/go" else None) or HttpReply(b"ok", hold=hold))
    with serving(app) as port:
        done: list[float] = []

        def get(path: str) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", path)
            connection.getresponse().read()
            connection.close()
            done.append(time.monotonic())

        waiting = [threading.Thread(target=get, args=("/wait",)) for _ in range(3)]
        for thread in waiting:
            thread.start()
        wait_until(lambda: len(app.requests) == 3)
        assert done == []
        get("/go")
        for thread in waiting:
            thread.join()
        get("/after")
    assert len(done) == 5


def test_a_hold_ends_by_itself():
    hold = ReplyHold(limit_s=0.05)
    with serving(App(lambda request: HttpReply(b"late", hold=hold))) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"late"
        connection.close()


def test_a_port_that_is_taken_is_told_where_the_server_is_started():
    with serving(App()) as port, pytest.raises(OSError, match="in use"):
        ServerThread(App(), port=port).start()


def test_a_head_without_an_end_is_cut_off():
    def send_for_ever(sock: socket.socket) -> None:
        while True:
            sock.sendall(b"x" * 65536)

    with (
        serving(App()) as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as sock,
        pytest.raises(ConnectionError),
    ):
        send_for_ever(sock)
