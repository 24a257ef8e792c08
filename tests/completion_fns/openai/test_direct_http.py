"""The transport over our own connections takes every reply as the one on aiohttp does, by either parser."""

import asyncio
import gzip
import re
import time
import zlib

import pytest

from evals.completion_fns.openai.direct_http import OWN_PARSING, DirectTransport, best_parsing
from evals.completion_fns.openai.transport import HttpTransport, is_direct
from evals.engine.failures import CallFailed, Kind
from evals.errors import UsageError

BODY = b'{"a": "\xc3\xa9"}'
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-RateLimit-Limit: 7\r\n\r\n" % len(BODY)
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ZIPPED = gzip.compress(BODY)


def plain(base_url: str, headers: dict[str, str]) -> DirectTransport:
    return DirectTransport(base_url, headers, None, OWN_PARSING)


def fast(base_url: str, headers: dict[str, str]) -> DirectTransport:
    assert best_parsing() is not OWN_PARSING
    return DirectTransport(base_url, headers, None, best_parsing())


needs_httptools = pytest.mark.skipif(
    best_parsing() is OWN_PARSING, reason="needs httptools: pip install 'oaieval[fast]'"
)
ours = [plain, pytest.param(fast, marks=needs_httptools)]
each = pytest.mark.parametrize("transport", [*ours, HttpTransport])
each_of_ours = pytest.mark.parametrize("transport", ours)


class Server:
    """Answers each request on a connection with the next reply of the list, in the pieces that it has."""

    def __init__(self, *replies: list[bytes], pause_s: float = 0.005) -> None:
        self.replies, self.pause_s = list(replies), pause_s
        self.requests: list[bytes] = []
        self.n_connections = 0

    async def _serve(self, reader, writer):
        self.n_connections += 1
        try:
            while self.replies:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                )
                self.requests.append(head + await reader.readexactly(length))
                for piece in self.replies.pop(0):
                    if piece == b"(close)":
                        return
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(self.pause_s)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def asked(
        self,
        transport,
        n: int = 1,
        *,
        path="/chat",
        headers=None,
        timeout_s: float = 2.0,
        wait_s: float = 0.0,
        query="",
    ):
        async def body():
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            client = transport(f"http://127.0.0.1:{port}/v1{query}", {"Authorization": "Bearer k"})
            try:
                replies = []
                for _ in range(n):
                    replies.append(await client.post(path, {"q": "\u00fc"}, headers, timeout_s))
                    await asyncio.sleep(wait_s)
                return replies
            finally:
                await client.aclose()
                server.close()

        return asyncio.run(body())


@each
@pytest.mark.parametrize(
    "pieces",
    [
        [LENGTH + BODY],
        [bytes([byte]) for byte in LENGTH + BODY],
        [
            CHUNKS,
            b"4;ext=1\r\n" + BODY[:4] + b"\r\n",
            b"%x\r\n" % (len(BODY) - 4) + BODY[4:] + b"\r\n0\r\nTrailer: x\r\n\r\n",
        ],
        [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", BODY, b"(close)"],
        [b"HTTP/1.0 200 OK\r\n\r\n" + BODY, b"(close)"],
        [b"HTTP/1.1 100 Continue\r\n\r\n", LENGTH + BODY],
        [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(ZIPPED) + ZIPPED],
    ],
    ids=["length", "byte by byte", "chunks", "until close", "http 1.0", "100 continue", "gzip"],
)
def test_a_reply_in_any_form_of_http_is_read_whole(transport, pieces):
    (reply,) = Server(pieces, pause_s=0.001).asked(transport)
    assert (reply.status, reply.body) == (200, BODY)


def compressed(encoding: str, body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@each
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(BODY[:4]) + gzip.compress(BODY[4:])),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY)[2:-4]),
        ("identity", BODY),
    ],
    ids=["two members", "deflate", "deflate without its frame", "identity"],
)
def test_a_compressed_reply_is_read_whole_as_servers_compress_it(transport, encoding, body):
    (reply,) = Server([compressed(encoding, body)], pause_s=0.001).asked(transport)
    assert reply.body == BODY


@each
@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ([compressed("gzip", BODY)], Kind.BAD_REPLY),
        ([compressed("deflate", zlib.compress(BODY)[:-5])], Kind.BAD_REPLY),
        ([b"(close)"], Kind.CONNECTION),
        ([LENGTH + BODY[:3], b"(close)"], Kind.BAD_REPLY),
        ([CHUNKS + b"5\r\nab", b"(close)"], Kind.BAD_REPLY),
        ([b"SSH-2.0-OpenSSH_9.6\r\n\r\n"], Kind.BAD_REPLY),
        ([CHUNKS + b"zz\r\n"], Kind.BAD_REPLY),
        ([CHUNKS + b"2\r\nabcd\r\n"], Kind.BAD_REPLY),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"], Kind.BAD_REPLY),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nabc"], Kind.BAD_REPLY),
        ([b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"], Kind.BAD_REPLY),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000 + b"\r\n\r\n"], Kind.BAD_REPLY),
        ([b""] * 1000, Kind.TIMEOUT),
    ],
    ids=[
        "no gzip",
        "deflate cut",
        "closed at once",
        "cut body",
        "cut chunk",
        "no http",
        "no chunk size",
        "long chunk",
        "two lengths",
        "length below 0",
        "no header",
        "long header",
        "no reply",
    ],
)
def test_a_reply_that_is_none_is_a_failure_of_its_kind(transport, pieces, kind):
    with pytest.raises(CallFailed) as caught:
        Server(pieces).asked(transport, timeout_s=0.3)
    assert caught.value.kind is kind


@each
def test_a_connection_is_used_again_unless_the_server_ends_it(transport):
    last = LENGTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    server = Server([LENGTH + BODY], [last + BODY], [LENGTH + BODY], [LENGTH + BODY])
    assert len(server.asked(transport, 4)) == 4
    assert server.n_connections == 2


@each_of_ours
def test_what_comes_unasked_on_an_idle_connection_is_no_reply_to_the_next_request(transport):
    server = Server([LENGTH + BODY, LENGTH + b"[1, 2, 3]x"], [LENGTH + BODY], [LENGTH + BODY])
    replies = server.asked(transport, 2, wait_s=0.05)
    assert [reply.body for reply in replies] == [BODY, BODY]


@each
def test_headers_of_a_call_take_the_place_of_those_of_all_and_the_query_goes_behind_the_path(transport):
    server = Server([LENGTH + BODY])
    (reply,) = server.asked(transport, path="/a b", headers={"authorization": "Bearer other"}, query="?api-version=1")
    head = server.requests[0].partition(b"\r\n\r\n")[0].decode()
    assert head.startswith("POST /v1/a%20b?api-version=1 HTTP/1.1\r\n")
    assert "Bearer other" in head
    assert "Bearer k" not in head
    assert server.requests[0].endswith(b'\r\n\r\n{"q":"\xc3\xbc"}')
    assert {name.lower(): value for name, value in reply.headers.items()}["x-ratelimit-limit"] == "7"


@each
def test_a_port_where_nobody_listens_is_a_lost_connection_with_the_words_of_the_system(transport):
    async def body():
        client = transport("http://127.0.0.1:9/v1", {})
        try:
            await client.post("/chat", {}, None, 2.0)
        finally:
            await client.aclose()

    with pytest.raises(CallFailed, match="Connection refused") as caught:
        asyncio.run(body())
    assert caught.value.kind is Kind.CONNECTION


def test_a_line_end_in_a_header_is_refused():
    with pytest.raises(ValueError, match="line end"):
        Server([LENGTH + BODY]).asked(plain, headers={"X": "a\r\nInjected: b"})


def test_proxies_and_credentials_in_the_url_are_left_to_aiohttp(monkeypatch):
    assert is_direct("http://example.org/v1")
    assert not is_direct("http://user:password@example.org/v1")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert not is_direct("http://example.org/v1")
    monkeypatch.setenv("http_proxy", "socks5://proxy.example:1080")
    with pytest.raises(UsageError, match="no http proxy"):
        is_direct("http://example.org/v1")


@each_of_ours
def test_a_call_that_ends_after_the_client_was_closed_closes_its_connection(transport):
    async def body():
        closed = asyncio.get_running_loop().create_future()

        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.05)
            writer.write(LENGTH + BODY)
            await reader.read()  # the body of the request, and the end of the connection
            closed.set_result(True)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        client = transport(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", {})
        call = asyncio.create_task(client.post("/chat", {}, None, 2.0))
        await asyncio.sleep(0.01)
        await client.aclose()
        reply = await call
        assert await asyncio.wait_for(closed, 2)
        server.close()
        return reply

    assert asyncio.run(body()).body == BODY


@each_of_ours
@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\nContent-Length: 8\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 8\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\n",
    ],
    ids=["all lines", "one line", "a chunk"],
)
def test_lines_that_end_in_lf_alone_are_named_at_once_and_not_waited_for(transport, head):
    began_s = time.monotonic()
    with pytest.raises(CallFailed) as caught:
        Server([head, BODY[:8]], pause_s=0.001).asked(transport, timeout_s=60)
    assert time.monotonic() - began_s < 30
    assert caught.value.kind is Kind.BAD_REPLY
    assert re.search("CR|LF|chunk", caught.value.message)
