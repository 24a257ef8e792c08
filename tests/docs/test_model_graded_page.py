"""The page on graded evals shows what its commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.cli.main import main
from evals.cli.oaieval import main as oaieval
from evals.registry import bundled_data_root

PAGE = (Path(__file__).parents[2] / "docs" / "model-graded.md").read_text(encoding="utf-8")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the demo with these graders, and give what is printed."""
    monkeypatch.chdir(tmp_path)

    def runs(graders: str, record: str) -> str:
        assert oaieval(["graded-demo-model", "graded-demo", "--grader", graders, "--record_path", record]) == 0
        return capsys.readouterr().out

    return runs


def shown_after(words: str) -> list[str]:
    """The lines of the first block of text behind some words of the page, without those that are left out."""
    block = PAGE.partition(words)[2].partition("```text\n")[2].partition("\n```")[0]
    return [line.strip() for line in block.splitlines() if line.strip() not in ("...", "")]


def test_the_panel_of_the_page_prints_what_the_page_shows(run):
    printed = [line.strip() for line in run("lenient-grader,strict-grader", "panel.jsonl").splitlines()]
    lines = shown_after("## A panel")
    assert len(lines) > 10
    assert [line for line in lines if line not in printed] == []


def test_the_check_against_people_prints_what_the_page_shows(run, capsys):
    run("lenient-grader", "demo.jsonl")
    assert main(["grader", "demo.jsonl", "--labels", str(bundled_data_root() / "graded-demo" / "labels.jsonl")]) == 0
    printed = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert shown_after("## Check a grader against people") == printed
