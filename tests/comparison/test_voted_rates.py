"""A grader's win rate corrected by votes on some of its pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals.cli.main import main
from evals.comparison.voted_rates import voted_rates
from evals.errors import DataError
from evals.interchange.preferences import Judgement
from evals.interchange.votes import Vote, append_vote
from evals.stats.grader_corrected import ppi_mean


def drawn(seed: int, n: int = 300, n_voted: int = 100) -> tuple[list[Judgement], list[Judgement], list[float]]:
    """A grader that prefers x too often, people who voted on a part, and what people would say of all."""
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < 0.45).astype(float)
    said = np.where(truth == 1, rng.random(n) < 0.95, rng.random(n) < 0.25).astype(float)
    graded = [Judgement("x", "y", value, f"q{i}", rater="g") for i, value in enumerate(said)]
    votes = [Judgement("y", "x", 1 - value, f"q{i}", rater="ann") for i, value in enumerate(truth[:n_voted])]
    return graded, votes, truth.tolist()


def test_it_is_the_corrected_mean_of_the_prompts_that_both_judged() -> None:
    graded, votes, truth = drawn(0)
    [rate] = voted_rates(graded, votes)
    said = [row.outcome for row in graded]
    assert (rate.model, rate.other) == ("x", "y")
    assert rate.found == ppi_mean(truth[:100], said[:100], said[100:])


def test_several_votes_and_verdicts_on_a_prompt_are_averaged_first() -> None:
    graded, votes, _ = drawn(1)
    [once] = voted_rates(graded, votes)
    [twice] = voted_rates([*graded, *graded], [*votes, *votes])
    assert twice.found == once.found
    assert twice.found.n_labelled == 100


def test_the_corrected_interval_holds_the_truth_where_the_graders_does_not() -> None:
    hits = naive = 0
    for seed in range(300):
        graded, votes, _ = drawn(seed)
        [rate] = voted_rates(graded, votes)
        hits, naive = hits + (0.45 in rate.found.corrected.interval), naive + (0.45 in rate.found.naive.interval)
    assert 0.92 <= hits / 300 <= 0.985
    assert naive / 300 < 0.1


def test_votes_on_other_models_correct_nothing() -> None:
    graded, votes, _ = drawn(2)
    others = [Judgement("x", "z", 1.0, row.prompt) for row in votes]
    with pytest.raises(DataError, match="other prompts or other models") as refused:
        voted_rates(graded, others)
    assert "300 of x and y" in str(refused.value)


def test_the_command_shows_all_three_rates_and_the_agreement(tmp_path: Path, capsys: Any) -> None:
    graded, votes, _ = drawn(3)
    lines = [
        {"question_id": row.prompt, "model_a": "x", "model_b": "y", "winner": "model_a" if row.outcome else "model_b", "judge": "g"}
        for row in graded
    ]  # fmt: skip
    paths = [str(tmp_path / "graded.jsonl"), str(tmp_path / "votes.jsonl")]
    Path(paths[0]).write_text("".join(json.dumps(line) + "\n" for line in lines))
    for row in votes[:40]:
        winner = "model_b" if row.outcome == 1 else "model_a"
        append_vote(paths[1], Vote(row.prompt, "x", "y", winner, "ann", "model_a", 1, "a" * 64, "b" * 64, "now"))  # type: ignore[arg-type]
    assert main(["preferences", paths[0], "--votes", paths[1], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    [one] = found["corrected"]
    assert (one["n_voted"], one["n_not_voted"], found["agreement"]["pairs"][0]["kappa"]["n"]) == (40, 260, 40)
    assert found["pairs"][0]["win_rate"]["value"] == pytest.approx(one["by_grader"]["value"])
    assert one["corrected"]["value"] < one["by_grader"]["value"]
    assert main(["preferences", paths[0], "--votes", paths[1]]) == 0
    shown = capsys.readouterr().out
    assert "people voted on 40 prompts of 300" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80
