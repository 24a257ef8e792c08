"""A folder with the plug-ins' registry and rows, and `oaieval` run there as a user of openai/evals runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from evals.testing.openai_server import Call

PLUGINS = Path(__file__).parent / "plugins"


class Place:
    """`n` sums; every third has an ideal that nobody gives."""

    def __init__(self, folder: Path, n: int = 120) -> None:
        self.folder = folder
        self.registry = folder / "registry"
        shutil.copytree(PLUGINS / "registry", self.registry)
        data = self.registry / "data"
        data.mkdir()
        rows = [
            {
                "input": [{"role": "user", "content": f"What is {i} + {i}?"}],
                "ideal": "none" if i % 3 == 0 else str(2 * i),
            }
            for i in range(n)
        ]
        strict = [{"question": row["input"][0]["content"], "answer": row["ideal"]} for row in rows]  # type: ignore[index]
        for name, held in (("sums", rows), ("strict", strict)):
            (data / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in held))

    def environment(self, base_url: str | None = None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EVALS_", "OPENAI_"))}
        paths = [str(PLUGINS), *filter(None, [kept.get("PYTHONPATH")])]
        given = {"OPENAI_BASE_URL": base_url} if base_url else {}
        return {**kept, "PYTHONPATH": os.pathsep.join(paths), **given}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "evals.cli.oaieval", *arguments, "--registry_path", str(self.registry)]

    def oaieval(self, *arguments: str, base_url: str | None = None) -> subprocess.CompletedProcess[str]:
        return self._run(self.command(*arguments), base_url)

    def script(self, text: str, base_url: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run Python text, as a notebook's cell or somebody's script."""
        return self._run([sys.executable, "-W", "error", "-c", text], base_url)

    def _run(self, command: list[str], base_url: str | None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(base_url),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def start(self, *arguments: str, base_url: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(base_url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def report(self, *arguments: str, base_url: str | None = None) -> dict[str, Any]:
        """The final report of a run that must succeed."""
        done = self.oaieval(*arguments, "--json", base_url=base_url)
        assert done.returncode == 0, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)["final_report"]
        return report

    def record(self) -> Path:
        """The newest record."""
        return max((self.folder / "evallogs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime)


def grade_or_add(call: Call) -> str:
    """What the loopback model says: `Yes` or `No` where it is to grade, else the sum of the numbers asked for."""
    if call.prompt.startswith("Is "):
        one, _, other = call.prompt.split("?")[0].removeprefix("Is ").partition(" the same as ")
        return "Yes" if one == other else "No"
    return str(sum(int(word.strip("?")) for word in call.prompt.split() if word.strip("?").isdigit()))


def events_of(record: Path, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line.get("type") == kind]
