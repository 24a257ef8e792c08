"""The server of files: ranges, ETags, and failures that a test asks for."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from evals.testing.file_server import FileServer

BODY = b"0123456789"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer({"/a": BODY}) as server:
        yield server


def get(server: FileServer, path: str = "/a", method: str = "GET", **headers: str) -> tuple[int, bytes, str | None]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        reply = connection.getresponse()
        return reply.status, reply.read(), reply.headers.get("ETag")
    finally:
        connection.close()


def test_a_file_is_served_with_the_same_etag_until_it_changes(server):
    status, body, etag = get(server)
    assert (status, body) == (200, BODY)
    assert get(server)[2] == etag
    server.files["/a"] = b"other"
    assert get(server)[2] != etag
    assert get(server, "/b")[0] == 404


def test_a_range_is_the_rest_of_the_file_unless_it_changed(server):
    etag = get(server)[2] or ""
    assert get(server, Range="bytes=4-")[:2] == (206, BODY[4:])
    assert get(server, Range="bytes=4-", If_Range=etag)[:2] == (206, BODY[4:])
    assert get(server, Range="bytes=4-", If_Range='"another"')[:2] == (200, BODY)
    server.takes_ranges = False
    assert get(server, Range="bytes=4-")[:2] == (200, BODY)


def test_statuses_and_cuts_are_used_up_one_a_get(server):
    server.statuses, server.cuts = [503], [3]
    assert get(server)[0] == 503
    with pytest.raises(http.client.IncompleteRead) as caught:
        get(server)
    assert caught.value.partial == BODY[:3]
    assert get(server)[1] == BODY
    assert server.requests == ["GET /a"] * 3


def test_a_head_has_no_body_and_an_etag_can_be_left_out(server):
    server.sends_etags = False
    assert get(server, method="HEAD") == (200, b"", None)
    assert server.requests == ["HEAD /a"]
