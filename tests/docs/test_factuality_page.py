"""docs/factuality.md: its example runs and prints what it shows, and its tables name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evals.cli import oaieval
from evals.suite.graded.factuality import DEFAULT_VERDICTS
from evals.suite.graded.factuality_report import VERDICTS
from evals.suite.graded.truthfulness import DEFAULT_VERDICTS as TRUTHFULNESS

PAGE = (Path(__file__).parents[2] / "docs" / "factuality.md").read_text(encoding="utf-8")
FILE = re.compile(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)```", re.MULTILINE | re.DOTALL)


def test_the_example_prints_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in FILE.findall(PAGE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    [command] = re.findall(r"```sh\noaieval (.*?)\n```", PAGE, re.DOTALL)
    assert oaieval.main(command.split()) == 0
    out = capsys.readouterr().out
    shown = re.findall(r"^```text\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(shown) == 2
    assert [block for block in shown if block not in out] == []


def test_every_verdict_is_described_with_its_letter() -> None:
    assert set(DEFAULT_VERDICTS.values()) == set(VERDICTS)
    for letter, verdict in [*DEFAULT_VERDICTS.items(), *TRUTHFULNESS.items()]:
        assert f"| `{verdict}` | {letter} |" in PAGE
