"""docs/exam-catalogue.md: its code runs, and its commands write and show what they say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from evals.cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "exam-catalogue.md").read_text(encoding="utf-8")


def test_the_code_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/exam-catalogue.md", "exec"), {})
    mean, median, zeros = map(float, capsys.readouterr().out.split())
    assert 0 < mean < 5000
    assert median >= 0
    assert 0 < zeros < 1


def test_the_commands_of_the_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 4
    for line in lines:
        command, *arguments = shlex.split(line, comments=True)
        assert command == "evals"
        assert main(arguments) == 0
    assert (tmp_path / "registry" / "data" / "my-lsat" / "exam.yaml").is_file()
