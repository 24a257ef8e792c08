"""A user's own package `evals` in the working folder, with PYTHONPATH=. for a plug-in: every command works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

START = "import sys; sys.argv[0] = sys.argv.pop(1); import oaieval_commands as c; sys.exit(getattr(c, sys.argv[0])())"
"What the script of an installed command does."


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "__init__.py").write_text("mine = True\n")
    (tmp_path / "plug.py").write_text("from evals.suite.match.match import Match\n\n\nclass Mine(Match):\n    pass\n")
    registry = tmp_path / "reg"
    (registry / "evals").mkdir(parents=True)
    (registry / "eval_sets").mkdir()
    (registry / "data").mkdir()
    (registry / "data" / "t.jsonl").write_text('{"input": "q", "ideal": "This"}\n' * 40)
    body = {"t": {"id": "t.dev.v0"}, "t.dev.v0": {"class": "plug:Mine", "args": {"samples_jsonl": "t.jsonl"}}}
    (registry / "evals" / "t.yaml").write_text(json.dumps(body))
    (registry / "eval_sets" / "s.yaml").write_text("s:\n  evals: [t]\n")
    return tmp_path


@pytest.mark.parametrize(
    "argv",
    [
        ["oaieval", "dummy", "t", "--registry_path", "reg"],
        ["oaieval", "dummy", "t", "--registry_path", "reg", "--processes", "2"],
        ["oaievalset", "dummy", "s", "--registry_path", "reg"],
        ["evals", "check", "t", "--registry_path", "reg"],
    ],
    ids=lambda argv: argv[0] + argv[-1],
)
def test_the_commands_use_this_package_and_the_plug_in(work, argv):
    root = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([".", str(root)])}
    done = subprocess.run(
        [sys.executable, "-c", START, *argv], cwd=work, env=environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert "has the name of this package" in done.stderr
    assert done.returncode == 0, done.stderr
