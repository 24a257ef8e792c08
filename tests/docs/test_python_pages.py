"""docs/python-api.md and docs/pytest.md: their files and commands run, and what they list is what there is."""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import evals
from evals.runner.result import SampleRow

ROOT = Path(__file__).parents[2]
API = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
PYTEST = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment whose `python` and `pytest` are those of this test, with the plugin, installed or not."""
    from importlib.metadata import entry_points

    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    is_installed = any(point.name == "oaieval" for point in entry_points(group="pytest11"))
    plugin = "" if is_installed else " -p oaieval_pytest"
    for name, arguments in {"python": "", "pytest": f" -m pytest{plugin}"}.items():
        script = bin_folder / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable}{arguments} "$@"\n')
        script.chmod(0o755)
    return {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}


def run(script: str, page: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder with the files of the page."""
    for name, text in re.findall(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)```", page, re.MULTILINE | re.DOTALL):
        (folder / name).write_text(text, encoding="utf-8")
    return subprocess.run(
        ["sh", "-ec", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def commands(page: str) -> str:
    return "\n".join(re.findall(r"^```sh\n(.*?)```", page, re.MULTILINE | re.DOTALL))


def test_the_example_of_the_python_page_runs(tmp_path, environment):
    done = run(commands(API), API, tmp_path, environment)
    assert done.returncode == 0, done.stderr
    first, second, *wrong, record = done.stdout.splitlines()
    accuracy = float(first.removeprefix("accuracy "))
    assert second.startswith(f"{accuracy:.3f} (95 % interval ")
    assert len(wrong) == round((1 - accuracy) * 200) > 0
    assert (tmp_path / record).is_file()


def test_the_other_examples_of_the_python_page_run_as_they_stand(tmp_path, environment):
    blocks = re.findall(r"(?<!:\n\n)^```python\n(import evals\n.*?)```", API, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    done = subprocess.run(
        [sys.executable, "-c", blocks[0]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "0.5\n"), done.stderr


@pytest.mark.slow
def test_the_commands_of_the_pytest_page_pass(tmp_path, environment):
    done = run(commands(PYTEST), PYTEST, tmp_path, environment)
    assert done.returncode == 0, done.stdout
    assert re.findall(r"(\d+) passed", done.stdout) == ["6", "1"]


@pytest.mark.slow
def test_the_failure_of_the_pytest_page_looks_like_that(tmp_path, environment):
    (shown,) = re.findall(r"^```text\n(.*?)```", PYTEST, re.MULTILINE | re.DOTALL)
    done = run("pytest test_too_much.py", PYTEST, tmp_path, environment)
    assert done.returncode == 1
    assert [line for line in shown.splitlines() if line not in done.stdout.splitlines()] == []


def test_every_keyword_and_field_is_on_the_python_page():
    keywords = [name for name in inspect.signature(evals.run).parameters if name not in ("completion_fn", "eval_name")]
    fields = [field.name for field in dataclasses.fields(SampleRow)]
    assert [name for name in keywords + fields if not re.search(rf"`{name}(=\w+)?`", API)] == []


def test_every_option_is_on_the_pytest_page():
    text = (ROOT / "oaieval_pytest.py").read_text(encoding="utf-8")
    options = re.findall(r'add\("(--[\w-]+)"', text) + re.findall(r'addini\("(\w+)"', text)
    assert len(options) == 14
    assert [name for name in options if not re.search(rf"`{name}[ `]", PYTEST)] == []
