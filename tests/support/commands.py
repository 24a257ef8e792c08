"""A folder with a registry, and the commands as a user runs them there, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from evals.testing.waiting import wait_until


class Workplace:
    """A folder with a registry in it; `oaieval(...)` runs the command there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.registry = folder / "registry"
        (self.registry / "evals").mkdir(parents=True)
        (self.registry / "data").mkdir()
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("EVALS_", "OPENAI_"))
        }

    def add_eval(self, name: str, rows: Iterable[dict[str, Any]], cls: str = "evals.suite:Match", **args: Any) -> None:
        """Bind rows to an eval class under `name`."""
        data = self.registry / "data" / f"{name}.jsonl"
        data.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        body = {"class": cls, "args": {"samples_jsonl": f"{name}.jsonl", **args}}
        text = f"{name}:\n  id: {name}.dev.v0\n  metrics: [accuracy]\n{name}.dev.v0: {json.dumps(body)}\n"
        (self.registry / "evals" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "evals.cli.oaieval", *arguments, "--registry_path", str(self.registry)]

    def oaieval(
        self, *arguments: str, base_url: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `oaieval` to its end."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.env(base_url, **environment),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def start(self, *arguments: str, base_url: str | None = None, **environment: str) -> subprocess.Popen[str]:
        """Start `oaieval` and leave it running."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.env(base_url, **environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def env(self, base_url: str | None, **environment: str) -> dict[str, str]:
        given = {"OPENAI_BASE_URL": base_url} if base_url else {}
        return {**self.environment, **given, **environment}

    def record(self) -> Path:
        """The newest record."""
        records = sorted((self.folder / "evallogs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
        return records[-1]


def wait_for_run(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """Wait until `reached()`; a process that ends first, or takes minutes, fails the test."""
    wait_until(lambda: process.poll() is not None or reached(), limit_s=300)
    if process.poll() is not None:
        raise AssertionError(f"the run ended with {process.returncode}: {process.communicate()[1]}")


def signal_twice(process: subprocess.Popen[str], number: int) -> None:
    """Press Ctrl-C, or terminate, once more when the first signal was heard: two in one moment arrive as one."""
    assert process.stderr is not None
    end_of_patience = threading.Timer(300, process.kill)
    end_of_patience.start()
    process.send_signal(number)
    said: list[str] = []
    while not said or "press again" not in said[-1]:
        said.append(process.stderr.readline())
        assert said[-1], f"the process ended without an answer to the signal: {said}"
    end_of_patience.cancel()
    process.send_signal(number)


def lines_of(record: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]


def report_of(record: Path) -> dict[str, Any]:
    (line,) = [line for line in lines_of(record) if "final_report" in line]
    report: dict[str, Any] = line["final_report"]
    return report
