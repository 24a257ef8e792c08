"""The page about exams: its commands run, what it prints is what comes, and it names every argument of the class."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from evals.exams.items import KINDS
from evals.exams.read_steps import _OPS
from evals.interchange.exam_csv import NAMES
from evals.registry import Registry

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "exams.md").read_text(encoding="utf-8")
FILE = re.compile(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)```", re.MULTILINE | re.DOTALL)
MODULES = {"oaieval": "evals.cli.oaieval", "evals": "evals.cli.main"}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the commands of the page print, in a folder with its files."""
    folder = tmp_path_factory.mktemp("page")
    for name, text in FILE.findall(PAGE):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    lines = [
        line for block in re.findall(r"^```sh\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()
    ]
    assert len(lines) >= 9
    functions = "\n".join(
        f'{name}() {{ PYTHONPATH="{ROOT}" "{sys.executable}" -m {module} "$@"; }}' for name, module in MODULES.items()
    )
    script = "\n".join([functions, "set -e", *lines])
    done = subprocess.run(["sh", "-c", script], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_commands_of_the_page_run_and_lead_to_the_percentile_that_it_shows(printed: str) -> None:
    [shown] = re.findall(r"^```text\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
    assert shown in printed
    assert "exam score   5 to 8" in printed


def test_the_percentile_of_the_page_is_a_matter_of_counting() -> None:
    [table] = [text for name, text in FILE.findall(PAGE) if name.endswith("takers.csv")]
    takers = dict(tuple(map(int, row)) for row in re.findall(r"^(\d+),(\d+)$", table, re.MULTILINE))
    total = sum(takers.values())
    below = sum(n for score, n in takers.items() if score < 6)
    upto = below + takers[6]
    assert f"{below} of the {total} takers are below 6, which is {100 * below / total:.1f} %" in PAGE
    assert f"{upto} are at 6 or below, which is {100 * upto / total:.1f} %" in PAGE


def test_every_kind_step_and_column_is_described() -> None:
    words = {*KINDS, *_OPS, *NAMES}
    assert [word for word in sorted(words) if f"`{word}`" not in PAGE] == []


def test_every_paper_of_the_registry_is_on_the_page() -> None:
    registry = Registry()
    entries = (ROOT / "registry" / "evals" / "exams.yaml").read_text(encoding="utf-8")
    names = re.findall(r"^(exam-\w+):$", entries, re.MULTILINE)
    assert len(names) == 7
    assert [name for name in names if name not in PAGE] == []
    in_set = registry.get_eval_set("exams").evals
    assert not [name for name in in_set if "holdout" in name or "pocket" in name]
