"""An exam in the terminal: names of sections and of pass rules are whole."""

from __future__ import annotations

import pytest

import evals
from evals.report.terminal.exam import exam_lines


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    record = tmp_path_factory.mktemp("bar") / "record.jsonl"
    return exam_lines(evals.run("dummy", "exam-bar", record_path=record).report["exam"])


def test_a_title_that_does_not_fit_leaves_the_id(lines: list[str]) -> None:
    rows = [line.split()[:4] for line in lines]
    assert ["mcq", "Multiple", "choice", "24"] in rows
    assert ["written", "5"] in [row[:2] for row in rows]


def test_rules_of_a_pass_have_their_whole_names(lines: list[str]) -> None:
    names = [line[13:].partition(":")[0] for line in lines if line.startswith("pass ")]
    assert names == ["Alabama", "Indiana", "New York", "Michigan", "Texas"]
    assert max(map(len, lines)) <= 78
