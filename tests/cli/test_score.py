"""`evals score` scores stored completions again, without a call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def write_eval(root: Path, name: str, rows: list[dict], cls: str = "evals.suite:Match", **args) -> None:
    (root / "evals").mkdir(parents=True, exist_ok=True)
    (root / "data").mkdir(exist_ok=True)
    (root / "data" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    body = json.dumps({"class": cls, "args": {"samples_jsonl": f"{name}.jsonl", **args}})
    (root / "evals" / f"{name}.yaml").write_text(f"{name}:\n  id: {name}.dev.v0\n{name}.dev.v0: {body}\n")


def run(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "EVALS_"))}
    command = [sys.executable, "-m", f"evals.cli.{module}", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_stored_completions_are_scored_again_without_a_call(tmp_path):
    """Match wants the answer at the start, Includes anywhere: the same completions, two scores."""
    rows = [{"input": f"q{i}", "ideal": f"<{i}>"} for i in range(6)]
    write_eval(tmp_path, "toy", rows)
    write_eval(tmp_path, "loose", rows, "evals.suite:Includes")
    (tmp_path / "said.jsonl").write_text(
        "".join(
            json.dumps({"input": f"q{i}", "completion": f"<{i}>" if i < 2 else f"it is <{i}>"}) + "\n" for i in range(6)
        )
    )
    first = run(tmp_path, "oaieval", "scripted", "toy", "--registry_path", ".", "--completion_args", "path=said.jsonl",
                "--record_path", "first.jsonl", "--json")  # fmt: skip
    assert json.loads(first.stdout)["final_report"]["accuracy"] == pytest.approx(2 / 6), first.stderr
    (tmp_path / "said.jsonl").unlink()
    same = run(tmp_path, "main", "score", "first.jsonl", "--registry_path", ".", "--json")
    loose = run(tmp_path, "main", "score", "first.jsonl", "--eval", "loose", "--registry_path", ".", "--json")
    assert json.loads(same.stdout)["final_report"]["accuracy"] == pytest.approx(2 / 6), same.stderr
    assert json.loads(loose.stdout)["final_report"]["accuracy"] == 1.0, loose.stderr


def test_an_eval_name_in_a_record_is_no_option(tmp_path):
    """The name comes from whoever wrote the record."""
    spec = {
        "completion_fns": ["m"],
        "eval_name": "--log_to_file=stolen",
        "base_eval": "a",
        "split": "b",
        "run_id": "R",
        "run_config": {},
    }
    (tmp_path / "foreign.jsonl").write_text(json.dumps({"spec": spec, "record_format": 1}) + "\n")
    done = run(tmp_path, "main", "score", "foreign.jsonl")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "--log_to_file=stolen" in done.stderr
    assert not (tmp_path / "stolen").exists()
