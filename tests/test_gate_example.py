"""The worked example of docs/gate.md: the script runs, and what the page shows is what it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a bash script")
def test_the_harmful_change_is_stopped_and_the_harmless_one_is_not(tmp_path):
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, module in (("oaieval", "evals.cli.oaieval"), ("evals", "evals.cli.main")):
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        (commands / name).chmod(0o755)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "EVALS_"))}
    environment["PATH"] = f"{commands}{os.pathsep}{environment['PATH']}"
    environment["TMPDIR"] = str(tmp_path)
    script = DOCS / "ci" / "gate-example.sh"
    done = subprocess.run(
        ["bash", str(script)], env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "the harmful change was stopped, the harmless one was not" in done.stdout
    (shown,) = re.findall(r"```text\n(.*?)```", (DOCS / "gate.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown.strip() in done.stdout


def test_the_action_and_the_job_are_yaml_that_name_real_options():
    import yaml

    from evals.cli.main import get_parser

    action = yaml.safe_load((DOCS.parent / ".github/actions/evals-gate/action.yml").read_text())
    job = yaml.safe_load((DOCS / "ci/gitlab-ci.yml").read_text())
    scripts = [step["run"] for step in action["runs"]["steps"]] + job["evals-gate"]["script"]
    joined = [script.replace("\\\n", " ") for script in scripts]
    gates = [line for script in joined for line in script.splitlines() if line.startswith("evals gate")]
    assert len(gates) == 2
    help_text = subprocess.run(
        [sys.executable, "-m", "evals.cli.main", "gate", "--help"],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    ).stdout
    assert get_parser() is not None
    for option in {option for line in gates for option in re.findall(r"--[a-z-]+", line)}:
        assert option in help_text
