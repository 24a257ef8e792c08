"""The tutorial: its files and commands in order, and the numbers that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
STEP = re.compile(r"^(?:`([\w./-]+)`:\n\n)?```(\w+)\n(.*?)```", re.MULTILINE | re.DOTALL)
COMMANDS = {"oaieval": "evals.cli.oaieval", "oaievalset": "evals.cli.oaievalset", "evals": "evals.cli.main"}


def environment(folder: Path) -> dict[str, str]:
    """An environment whose commands are those of this checkout, in a home without settings."""
    commands = folder / "bin"
    commands.mkdir()
    for name, module in COMMANDS.items():
        (commands / name).write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n')
        (commands / name).chmod(0o755)
    (commands / "python").symlink_to(sys.executable)
    return {"PATH": f"{commands}:{os.environ['PATH']}", "HOME": str(folder), "PYTHONPATH": str(ROOT)}


@pytest.mark.slow
def test_the_tutorial_runs_from_top_to_bottom_and_shows_what_it_prints(tmp_path):
    """A file is written, or written again, where the page shows it; each output is that of the commands before it."""
    env, said, work = environment(tmp_path), "", tmp_path / "work"
    work.mkdir()
    for name, language, text in STEP.findall(PAGE):
        if name:
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(text, encoding="utf-8")
        elif language == "sh":
            done = subprocess.run(
                ["sh", "-ec", text], cwd=work, env=env, capture_output=True, text=True, timeout=300, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            said = done.stdout
        elif language == "text":
            printed = {" ".join(line.split()) for line in said.splitlines()}
            missing = [line for line in text.splitlines() if " ".join(line.split()) not in printed]
            assert missing == [], said
    assert (work / "baselines" / "sums.dev.v0.json").is_file()


def test_the_workflow_that_it_shows_is_yaml_with_options_that_exist():
    from evals.cli.oaieval_flags import get_parser

    (block,) = re.findall(r"```yaml\n(- run.*?)```", PAGE, re.DOTALL)
    steps = [step["run"] for step in yaml.safe_load(block)]
    words = steps[-1].split()
    assert words[0] == "oaieval"
    args = get_parser().parse_args(["model", *words[1:]])
    assert (args.eval, args.prompt, args.undecided) == ("sums", "exam", "neutral")
