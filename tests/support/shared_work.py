"""Sums that are run whole, in processes and in shares, and what must then be equal."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from commands import Workplace, lines_of

from evals.testing.openai_server import Answer, Call, LoopbackServer

VOLATILE = ("run_id", "created_at", "checksum", "run")

PLUGIN = """
from evals.eval import Eval
from evals.record import record_match

class Plain(Eval):
    "Keeps what eval_sample returns, as plug-ins of openai/evals do."

    def eval_sample(self, sample, rng):
        text = self.completion_fn(prompt=sample["input"]).get_completions()[0]
        record_match(text == sample["ideal"], expected=sample["ideal"], picked=text, draw=rng.random())
        return text == sample["ideal"]

    def run(self, recorder):
        results = self.eval_all_samples(recorder, self.get_samples())
        return {"accuracy": sum(results) / len(results), "n": len(results), "first": results[:20]}

class OwnLoop(Plain):
    def run(self, recorder):
        return {"accuracy": 1.0, "n": 0}
"""


def sum_rows(n: int, groups: int = 0) -> list[dict[str, Any]]:
    """Rows that ask for sums; every third has an answer that nobody gives. groups: so many categories."""
    rows = []
    for i in range(n):
        row: dict[str, Any] = {
            "input": [{"role": "user", "content": f"What is {i} + {i}?"}],
            "ideal": "no such answer" if i % 3 == 0 else str(2 * i),
        }
        rows.append({**row, "category": f"kind {i % groups}"} if groups else row)
    return rows


def write_plugin(workplace: Workplace) -> None:
    (workplace.folder / "shared_plugin.py").write_text(PLUGIN)
    workplace.environment["PYTHONPATH"] = f"{workplace.folder}:{workplace.environment.get('PYTHONPATH', '')}"


class SumServer(LoopbackServer):
    """Answers `What is i + i?`, but for rows that it refuses by a 400."""

    def __init__(self, refused: Collection[int] = (), **options: Any) -> None:
        def answer(call: Call) -> Answer:
            i = int(call.prompt.split()[2])
            if i in refused:
                return Answer("", status=400, error_message="this one not", error_code="odd")
            return Answer(str(2 * i))

        super().__init__(answer, **options)


def evals_command(
    workplace: Workplace, *arguments: str, base_url: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `evals` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "evals.cli.main", *arguments],
        cwd=workplace.folder,
        env=workplace.env(base_url),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def lasting(record: Path) -> list[str]:
    """The lines of a record without what differs from run to run: ids and times of the run, latencies, the command."""
    kept = []
    for line in lines_of(record):
        if "spec" in line:
            spec = {key: value for key, value in line["spec"].items() if key not in VOLATILE}
            line["spec"] = {**spec, "run_config": {**spec["run_config"], "command": ""}}
        if isinstance(line.get("data"), dict):
            line["data"].pop("latency_s", None)
        kept.append(json.dumps({key: value for key, value in line.items() if key not in VOLATILE}))
    return kept


def in_any_order(record: Path) -> list[str]:
    """`lasting` without event ids, sorted: runs with several calls in flight end their samples in any order."""
    lines = [{**json.loads(line), "event_id": 0} for line in lasting(record)]
    return sorted(json.dumps(line) for line in lines)
