"""`evals serve` in a process of its own, over the stand-in model, from its first line to its last."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
START = "from evals.cli.main import main; raise SystemExit(main())"


class Served:
    """A context manager around the process; `options` as on the command line."""

    def __init__(self, *options: str, folder: Path, model: str = "stand-in") -> None:
        self._options = options
        self._folder = folder
        self._model = model
        self.base_url = ""
        self.greeting = ""

    def __enter__(self) -> Served:
        (self._folder / "registry" / "completion_fns").mkdir(parents=True, exist_ok=True)
        entry = self._folder / "registry" / "completion_fns" / "stand-in.yaml"
        entry.write_text(
            "stand-in:\n  class: stand_in:StandInFn\nstand-in-small:\n  class: stand_in:StandInFn\n  args: {n_ctx: 64}\n"
            "both:\n  members: [stand-in, stand-in-small]\n",
            encoding="utf-8",
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, "serve", self._model, *self._options, "--port", "0"]
            + ["--registry_path", str(self._folder / "registry")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), os.environ["PYTHONPATH"]])},
        )
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("base URL"):
                self.base_url = line.split()[2]
            if "oaieval" in line:
                break
        self.greeting = "".join(lines)
        if not self.base_url:
            raise AssertionError(f"did not start: {self.greeting} {self.process.communicate()}")
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit code and the rest of both outputs after a signal."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Status and parsed JSON of one plain request. path: after `/v1`, or whole with `//` before it."""
        root = self.base_url.removesuffix("/v1")
        url = root + path[1:] if path.startswith("//") else self.base_url + path
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        headers = {"content-type": "application/json", **headers}
        try:
            with opener.open(urllib.request.Request(url, body, headers, method=method), timeout=60) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def stats(self) -> Any:
        return self.request("GET", "//stats")[1]
