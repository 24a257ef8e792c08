"""The first screen of the README: its commands in order, and the output that it shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
SOLVED = "Question: What is 12 + 7?\nAnswer: 19\nQuestion: What is 2 + 3?\nAnswer: 5\n"
ASKED = "Question: {question}\nAnswer:"
COMMANDS = {"oaieval": "evals.cli.oaieval", "evals": "evals.cli.main"}


def name_the_prompts(registry: Path) -> None:
    """What a user edits between the first command and the second: two prompts, and where an answer ends."""
    args = {
        "samples_jsonl": "sums/samples.csv", "input_key": "question", "ideal_key": "answer", "extract": "number",
        "stop": ["\n"], "prompts": {"short": ASKED, "solved": SOLVED + ASKED},
    }  # fmt: skip
    body = {"class": "evals.suite:ExtractAnswer", "args": args}
    entries = {"sums": {"id": "sums.dev.v0", "metrics": ["accuracy"]}, "sums.dev.v0": body}
    (registry / "evals" / "sums.yaml").write_text(json.dumps(entries, indent=1), encoding="utf-8")


def test_the_first_screen_shows_what_its_commands_print(tmp_path):
    (screen,) = re.findall(r"```text\n(\$ evals new .*?)```", README, re.DOTALL)
    (maker,) = re.findall(r"`make_sums.py`:\n\n```python\n(.*?)```", TUTORIAL, re.DOTALL)
    subprocess.run([sys.executable, "-c", maker], cwd=tmp_path, check=True, timeout=300)
    environment = {name: text for name, text in os.environ.items() if not name.startswith("EVALS_")}
    steps = re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", screen, re.MULTILINE)
    assert len(steps) == 4
    for command, shown in steps:
        name, *words = command.split()
        done = subprocess.run(
            [sys.executable, "-m", COMMANDS[name], *words], cwd=tmp_path, env=environment, capture_output=True,
            text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        printed = done.stdout.splitlines()
        assert [line for line in shown.splitlines() if line not in printed] == [], done.stdout
        if words[0] == "new":
            name_the_prompts(tmp_path / "registry")
