"""The composite action as GitHub runs it: its own script, step by step, in bash."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import Workplace

ACTION = Path(__file__).parents[1] / ".github" / "actions" / "evals-gate" / "action.yml"
PAGE = Path(__file__).parents[1] / "docs" / "gate.md"

pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None, reason="the action is a bash script, and there is no bash"
)


def action() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    return loaded


class Workflow:
    """A checkout with a registry, and commands called `oaieval` and `evals`; `use` runs the steps of the action."""

    def __init__(self, folder: Path) -> None:
        self.place = Workplace(folder)
        commands = folder / "bin"
        commands.mkdir()
        for name, module in (("oaieval", "evals.cli.oaieval"), ("evals", "evals.cli.main")):
            (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
            (commands / name).chmod(0o755)
        self.environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "EVALS_"))
        }
        self.environment |= {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "GITHUB_ACTIONS": "true"}
        self.environment["GITHUB_STEP_SUMMARY"] = str(folder / "summary.md")

    def add_eval(self, n: int, n_wrong: int) -> None:
        """An eval whose answers are in a file: all but `n_wrong` of `n` are right."""
        rows = [{"input": f"Say {i}.", "ideal": str(i)} for i in range(n)]
        self.place.add_eval("count", rows)
        self.answer(n, n_wrong)

    def _answer(self, said: list[dict[str, str]], **args: Any) -> None:
        script = self.place.registry / "data" / "script.jsonl"
        script.write_text("".join(json.dumps(row) + "\n" for row in said))
        body = {"class": "evals.completion_fns:ScriptedCompletionFn", "args": {"path": "script.jsonl", **args}}
        (self.place.registry / "completion_fns").mkdir(exist_ok=True)
        (self.place.registry / "completion_fns" / "guide.yaml").write_text(json.dumps({"guide": body}))

    def answer(self, n: int, n_wrong: int) -> None:
        """From now on the model gives another answer to the first `n_wrong` of `n` questions."""
        shutil.rmtree(self.place.folder / "evallogs", ignore_errors=True)
        self._answer([{"prompt": f"Say {i}.", "completion": "no" if i < n_wrong else str(i)} for i in range(n)])

    def fail(self, n: int, n_failed: int) -> None:
        """From now on there is no answer to the last `n_failed` of `n` questions: these samples fail."""
        shutil.rmtree(self.place.folder / "evallogs", ignore_errors=True)
        self._answer([{"prompt": f"Say {i}.", "completion": str(i)} for i in range(n - n_failed)])

    def take_baseline(self) -> None:
        self.place.oaieval("guide", "count", "--record_path", "first.jsonl")
        command = [sys.executable, "-m", "evals.cli.main", "gate", "first.jsonl", "--baseline", "baselines", "--update"]
        subprocess.run(command, cwd=self.place.folder, check=True, capture_output=True, timeout=300)

    def use(self, **given: str) -> subprocess.CompletedProcess[str]:
        """Run the steps of the action with its inputs, until one fails; what the last step that ran printed."""
        inputs = {name: str(about.get("default", "")) for name, about in action()["inputs"].items()}
        inputs |= {"model": "guide", "evals": "count", "install": "", "args": "--registry_path registry", **given}
        for step in action()["runs"]["steps"]:
            if "if" in step and not inputs["install"]:
                continue
            fill = lambda match: inputs[match[1]]  # noqa: E731
            env = {name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", fill, value) for name, value in step["env"].items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=self.place.folder,
                env=self.environment | env,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if done.returncode:
                break
        return done


@pytest.fixture
def workflow(tmp_path: Path) -> Workflow:
    return Workflow(tmp_path)


@pytest.mark.slow
def test_an_undecided_result_is_a_warning_with_the_number_of_samples_that_would_decide(workflow: Workflow):
    workflow.add_eval(60, 20)
    workflow.take_baseline()
    workflow.answer(60, 22)
    done = workflow.use()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "CANNOT TELL" in done.stdout
    (number,) = re.findall(r"warning: count.dev.v0 is not decided by 60 samples; about ([\d,]+) would", done.stderr)
    assert int(number.replace(",", "")) > 60
    (annotation,) = [line for line in done.stderr.splitlines() if line.startswith("::warning")]
    assert f"about {number} would do" in annotation
    assert "CANNOT TELL" in (workflow.place.folder / "summary.md").read_text()
    assert 'skipped="1"' in (workflow.place.folder / "evallogs" / "gate.xml").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(("undecided", "code"), [("pass", 0), ("exit5", 5), ("fail", 1)])
def test_the_input_undecided_chooses_what_an_undecided_result_does(workflow: Workflow, undecided: str, code: int):
    workflow.add_eval(60, 20)
    workflow.take_baseline()
    workflow.answer(60, 22)
    assert workflow.use(undecided=undecided).returncode == code


def test_a_regression_fails_the_step(workflow: Workflow):
    workflow.add_eval(60, 0)
    workflow.take_baseline()
    workflow.answer(60, 40)
    done = workflow.use()
    assert done.returncode == 1
    assert "REGRESSION" in done.stdout


@pytest.mark.slow
def test_failed_samples_beyond_the_condition_fail_the_step_whatever_the_scores(workflow: Workflow):
    workflow.add_eval(60, 0)
    workflow.take_baseline()
    workflow.fail(60, 10)
    done = workflow.use()
    assert done.returncode == 5, done.stdout + done.stderr
    assert "NOT COMPLETE" in done.stdout
    assert "10 of 60 samples failed" in done.stdout


@pytest.mark.slow
def test_a_run_that_covers_too_little_of_the_baseline_fails_the_step(workflow: Workflow):
    workflow.add_eval(60, 0)
    workflow.take_baseline()
    done = workflow.use(args="--registry_path registry --max_samples 20")
    assert done.returncode == 5
    assert "only 20 of the baseline's 60 samples are in this run" in done.stdout


def test_a_misspelt_eval_fails_the_step_before_the_gate(workflow: Workflow):
    workflow.add_eval(6, 0)
    done = workflow.use(evals="cuont")
    assert done.returncode == 2
    assert "did you mean: count" in done.stderr


def test_the_page_shows_the_action_with_inputs_that_exist():
    blocks: list[str] = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    steps = [step for block in blocks for step in yaml.safe_load(block)]
    (used,) = [step for step in steps if step.get("uses") == "./.github/actions/evals-gate"]
    assert set(used["with"]) <= set(action()["inputs"])
    assert {name for name, about in action()["inputs"].items() if about.get("required")} <= set(used["with"])
    assert action()["inputs"]["undecided"]["default"] == "neutral"
    assert any("oaieval" in step.get("run", "") and "--undecided neutral" in step["run"] for step in steps)
