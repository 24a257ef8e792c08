"""Serves bytes over HTTP on the loopback, with ranges and ETags, and fails on purpose where a test wants it."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class FileServer:
    """A server of files, as a context manager.

    files: path to content. sends_etags, takes_ranges: what the server can do. Attributes for tests: `statuses`, HTTP
    statuses of the next GETs, before anything is served; `cuts`, bytes after which the connection of the next GETs is
    closed; `requests`, what was asked, in order.
    """

    def __init__(self, files: dict[str, bytes], *, sends_etags: bool = True, takes_ranges: bool = True) -> None:
        self.files = files
        self.sends_etags = sends_etags
        self.takes_ranges = takes_ranges
        self.statuses: list[int] = []
        self.cuts: list[int] = []
        self.requests: list[str] = []
        "`GET /name` or `GET /name bytes=5-`."
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """The address, without a final slash."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FileServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                server._answer(self, with_body=False)

            def do_GET(self) -> None:
                server._answer(self, with_body=True)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing on standard error."""

        return Handler

    def _answer(self, handler: BaseHTTPRequestHandler, *, with_body: bool) -> None:
        path = handler.path.partition("?")[0]
        asked = handler.headers.get("Range")
        self.requests.append(" ".join(filter(None, (handler.command, path, asked))))
        if with_body and self.statuses:
            handler.send_error(self.statuses.pop(0))
            return
        body = self.files.get(path)
        if body is None:
            handler.send_error(404)
            return
        etag = f'"{hashlib.sha256(body).hexdigest()[:8]}"'
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.takes_ranges else 0
        if handler.headers.get("If-Range", etag) != etag:
            start = 0
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(body) - start))
        if self.sends_etags:
            handler.send_header("ETag", etag)
        handler.end_headers()
        if with_body:
            stop = self.cuts.pop(0) if self.cuts else len(body)
            with contextlib.suppress(ConnectionError):
                handler.wfile.write(body[start : start + stop])
