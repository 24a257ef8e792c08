"""An explanation of a gap in the terminal: parts that add up, in 80 columns."""

from __future__ import annotations

import re

import pytest
from made_runs import write_nasty_run, write_run

from evals.comparison.explain import Explanation, explain_runs
from evals.comparison.scores import read_scores
from evals.report.terminal.explanation import explanation_text


@pytest.fixture
def explained(tmp_path) -> Explanation:
    questions = [f"question {i}" for i in range(20)]
    calls = [[{"sampled": [f"{name}{i}"], "model": "m"} for i in range(20)] for name in "ab"]
    config = {"data_sha256": "1", "fingerprint": {"scorer": {"version": "1"}}}
    a = write_run(tmp_path / "a.jsonl", [1.0] * 15 + [0.0] * 5, questions=questions, calls=calls[0], **config)
    asked = [*questions[:10], *(f"{q}, please" for q in questions[10:])]
    b = write_run(tmp_path / "b.jsonl", [1.0] * 5 + [0.0] * 15, questions=asked, calls=calls[1], **config)
    return explain_runs(read_scores(a), read_scores(b), rescoring=False)


def test_the_parts_stand_between_the_two_scores_and_add_up(explained):
    text = explanation_text(explained, ["a", "b"])
    lines = [line for line in text.splitlines() if re.search(r"\s[+-]?\d\.\d{3}", line)]
    values = [float(re.search(r"\s([+-]?\d\.\d{3})", line)[1]) for line in lines]  # type: ignore[index]
    assert lines[0].split()[:3] == ["score", "of", "a"]
    assert lines[-1].split() == ["gap", "-0.500"]
    assert sum(values[1:-2]) == pytest.approx(values[-2] - values[0], abs=0.002)
    assert "other completions to other prompts" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_first_differing_prompt_is_shown_line_by_line(explained):
    text = explanation_text(explained, ["a", "b"])
    assert "  prompts of sums.test.10, a (-) and b (+)" in text
    assert "    -prompt: question 10\n    +prompt: question 10, please" in text


def test_nothing_in_a_record_can_steer_the_terminal(tmp_path):
    runs = [read_scores(write_nasty_run(tmp_path / f"{i}.jsonl", [float(i), 1.0], "\x1b[2Jm")) for i in (0, 1)]
    text = explanation_text(explain_runs(*runs, rescoring=False), ["a", "b"])
    assert "\x1b" not in text
    assert "\u202e" not in text
