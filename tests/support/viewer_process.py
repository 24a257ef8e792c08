"""`evals view` on a folder of records, in a process of its own, and plain HTTP requests to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

START = "from evals.cli.main import main; raise SystemExit(main())"


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Viewing:
    """A context manager around the process. `options` as on the command line; other files lie beside `folder`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._arguments = ["view", folder.name, "--no-browser", "--port", "0", *options]
        self._place = folder.parent

    def __enter__(self) -> Viewing:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EVALS_")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, *self._arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", cwd=self._place, env=environment,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url = ""
        while not self.url and (line := self.process.stdout.readline()):
            self.url = line.strip() if line.strip().startswith("http://") else ""
        if not self.url:
            raise AssertionError(f"did not start: {self.process.communicate()}")
        self.base, _, self.token = self.url.partition("/?token=")
        self.port = int(self.base.rpartition(":")[2])
        self.cookie = f"evals_viewer_{self.port}={self.token}"
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Exit code and the rest of both outputs after a signal."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err

    def ask(self, path: str, method: str = "GET", body: Any = None, **headers: str | None) -> Reply:
        """The reply to one request with the cookie. headers: `_` for `-`; None leaves one out."""
        given: dict[str, str | None] = {
            "cookie": self.cookie,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host="host" in given, skip_accept_encoding=True)
            data = b"" if body is None else json.dumps(body).encode()
            for name, value in {**given, "content-length": str(len(data))}.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(data)
            reply = connection.getresponse()
            return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def post(self, path: str, body: Any, **headers: str | None) -> Reply:
        """A write as the viewer's own pages make it."""
        return self.ask(path, "POST", body, **{"origin": self.base, "content_type": "application/json", **headers})
