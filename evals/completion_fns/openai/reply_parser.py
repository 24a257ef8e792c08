"""Parses the replies of HTTP/1.1 servers where httptools is not installed, with the same calls and call-backs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\r\n\0]*)?")
_HEADERS = re.compile(rb"(?m)^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\r\n\0]*)\r\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?")
_BARE_END = re.compile(rb"(?<!\r)\n")
_FRAMING = (b"content-length", b"transfer-encoding", b"connection")
_NO_BODY = (204, 304)


class ReplyError(Exception):
    """A reply breaks the rules of HTTP (RFC 9112)."""


class Handler(Protocol):
    """What is told of a reply. `max_head_bytes`: of all its headers together."""

    max_head_bytes: int

    def on_message_begin(self) -> None: ...
    def on_header(self, name: bytes, value: bytes) -> None: ...
    def on_headers_complete(self) -> None: ...
    def on_body(self, body: bytes) -> None: ...
    def on_message_complete(self) -> None: ...


class ReplyParser:
    """Takes the bytes of one connection, in any pieces, and tells its handler of the replies in them."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._buffer = bytearray()
        self._step: Callable[[], bool] = self._head
        self._left = 0
        "Bytes of the body, or of its chunk, that are still to come."
        self._status = 0
        self._keeps_alive = True

    def get_status_code(self) -> int:
        """Of the reply that was begun last."""
        return self._status

    def should_keep_alive(self) -> bool:
        """Whether the server takes another request on the connection."""
        return self._keeps_alive

    def feed_data(self, data: bytes) -> None:
        """Take more bytes of the connection.

        Raises:
            ReplyError: they are no HTTP/1.1.
        """
        self._buffer += data
        while self._buffer and self._step():
            pass

    def _line(self) -> bytes | None:
        """The next line without its end; None while it is not whole."""
        end = self._buffer.find(b"\r\n")
        if end < 0:
            self._refuse_long()
            self._refuse_bare_ends()
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _refuse_long(self) -> None:
        if len(self._buffer) > self._handler.max_head_bytes:
            raise ReplyError("its headers are too long")

    def _refuse_bare_ends(self) -> None:
        """Raise ReplyError for a line that ended in LF alone: no CR LF will come, and the call would time out."""
        if _BARE_END.search(self._buffer):
            raise ReplyError("a line of it ends in LF, where HTTP wants CR LF")

    def _head(self) -> bool:
        """Read the status and the headers, once they are whole. The result of each step: whether to go on."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            self._refuse_long()
            if not b"HTTP/1.".startswith(self._buffer[:7]):
                raise ReplyError("it does not begin with HTTP/1")
            self._refuse_bare_ends()
            return False
        first, _, lines = bytes(self._buffer[: end + 2]).partition(b"\r\n")
        del self._buffer[: end + 4]
        status = _STATUS.fullmatch(first)
        if status is None:
            raise ReplyError("its first line is no status")
        self._status, self._keeps_alive = int(status[2]), status[1] == b"1"
        self._handler.on_message_begin()
        self._body_follows(self._headers(lines))
        return True

    def _headers(self, lines: bytes) -> dict[bytes, bytes]:
        """The headers that say how long the body is, by their names in lower case."""
        found: dict[bytes, bytes] = {}
        headers = _HEADERS.findall(lines)
        if len(headers) != lines.count(b"\n"):  # each of them is one line
            raise ReplyError("one of its headers is none")
        for name, value in headers:
            key, value = name.lower(), value.strip(b" \t")
            self._handler.on_header(name, value)
            if key in _FRAMING:
                found[key] = value if found.get(key, value) == value else found[key] + b"," + value
        return found

    def _body_follows(self, headers: dict[bytes, bytes]) -> None:
        words = {word.strip() for word in headers.get(b"connection", b"").lower().split(b",")}
        self._keeps_alive = b"close" not in words and (self._keeps_alive or b"keep-alive" in words)
        coding, length = headers.get(b"transfer-encoding"), headers.get(b"content-length")
        self._handler.on_headers_complete()
        if self._status < 200 or self._status in _NO_BODY:
            self._end()
        elif coding is not None:
            if coding.lower().rpartition(b",")[2].strip() != b"chunked":
                raise ReplyError("its transfer encoding is not known")
            self._keeps_alive = self._keeps_alive and length is None
            self._step = self._chunk_size
        elif length is not None:
            if not length.isdigit() or len(length) > 15:
                raise ReplyError("its length is no number")
            self._left, self._step = int(length), self._sized_body
            if not self._left:
                self._end()
        else:
            self._keeps_alive, self._step = False, self._rest

    def _end(self) -> None:
        self._step = self._head
        self._handler.on_message_complete()

    def _take(self) -> bool:
        """Pass on what is there of the body or the chunk; whether that is all of it."""
        part = bytes(self._buffer[: self._left])
        del self._buffer[: self._left]
        self._left -= len(part)
        self._handler.on_body(part)
        return self._left == 0

    def _sized_body(self) -> bool:
        if self._take():
            self._end()
        return True

    def _rest(self) -> bool:
        self._left = len(self._buffer)
        self._take()
        return False

    def _chunk_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        size = _CHUNK.fullmatch(line)
        if size is None:
            raise ReplyError("a chunk has no size")
        self._left = int(size[1], 16)
        self._step = self._chunk if self._left else self._trailer
        return True

    def _chunk(self) -> bool:
        if self._take():
            self._step = self._chunk_end
        return True

    def _chunk_end(self) -> bool:
        line = self._line()
        if line:
            raise ReplyError("a chunk is longer than its size")
        if line is not None:
            self._step = self._chunk_size
        return line is not None

    def _trailer(self) -> bool:
        line = self._line()
        if line == b"":
            self._end()
        return line is not None
