"""Records of the choice engine, read by `evals plot calibration`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from toy_models import ScoringModel, run_choice

from evals.cli.main import main

ROWS = [{"question": f"Question {i}?", "choices": ["red", "green", "blue", "grey"], "answer": 0} for i in range(40)]


def says_a(prompt: str) -> Mapping[str, float]:
    return {" A": 0.7, " B": 0.1, " C": 0.1, " D": 0.1}


def plotted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    record = tmp_path / "record.jsonl"
    capsys.readouterr()
    assert main(["plot", "calibration", str(record), "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    return dict(run)


@pytest.mark.parametrize("order", ["file", "rotations"])
def test_a_model_that_is_right_and_says_so_too_softly(tmp_path, capsys, order):
    """A quarter of the options at 0.7 came true always, three quarters at 0.1 never: ECE 0.3/4 + 0.1 * 3/4."""
    run_choice(ScoringModel(says_a), ROWS, tmp_path, order=order)
    run = plotted(tmp_path, capsys)
    assert (run["quantity"], run["n_questions"], run["n_points"]) == ("choice", 40, 160)
    assert run["measures"]["ece"]["value"] == pytest.approx(0.15, abs=1e-6)
    assert run["measures"]["top_label_ece"]["value"] == pytest.approx(0.3, abs=1e-6)


def test_the_likelihoods_of_whole_options_count_where_no_letter_is_asked(tmp_path, capsys):
    run_choice(ScoringModel(), ROWS, tmp_path, style="completion")
    assert plotted(tmp_path, capsys)["n_points"] == 160
