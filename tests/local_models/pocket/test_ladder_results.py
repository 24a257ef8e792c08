"""The page's table of what the ladder can do, computed again for some of its cells."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import evals
from evals.cli.main import main

CURVES = Path(__file__).parents[3] / "tools" / "pocket" / "curves"
PAGE = Path(__file__).parents[3] / "docs" / "pocket-training.md"
MODELS = ("32k", "57k", "79k", "132k", "213k", "389k", "651k", "1m", "2m")
ROUNDING = 0.004
"Half a digit, and one sample that another processor's rounding may decide otherwise."


def printed(eval_name: str) -> dict[str, float]:
    """Model to accuracy, as the page has them."""
    (row,) = re.findall(
        rf"^\| `{re.escape(eval_name)}`, \d+ \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return dict(zip(MODELS, map(float, row.split(" | ")), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "eval_name"),
    [
        ("57k", "pocket-hindsight"),
        ("79k", "pocket-hindsight"),
        ("1m", "pocket-hindsight"),
        ("2m", "pocket-hindsight"),
        ("213k", "pocket-facts"),
        ("651k", "pocket-facts"),
        ("32k", "pocket-languages"),
        ("389k", "pocket-choice.completion.v1"),
    ],
)
def test_a_model_scores_as_the_page_says(tmp_path, model, eval_name):
    result = evals.run(f"pocket/{model}", eval_name, log_dir=tmp_path)
    assert result.accuracy == pytest.approx(printed(eval_name)[model], abs=ROUNDING)


def test_hindsight_is_lost_and_found_on_the_ladder():
    """Most rungs from the middle on are below chance and one is above; and the facts only grow."""
    bets, facts = printed("pocket-hindsight"), list(printed("pocket-facts").values())
    assert max(bets["651k"], bets["2m"]) < 0.4 < bets["32k"] < 0.6 < bets["1m"]
    assert facts == sorted(facts)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "column"), [("32k", 1), ("132k", 2), ("1m", 4), ("2m", 5)])
def test_redefine_is_as_inverse_as_the_page_says(tmp_path, model, column):
    page = (PAGE.parent / "forecasting.md").read_text(encoding="utf-8")
    (row,) = [line.split(" | ") for line in page.splitlines() if line.startswith("| `inverse-redefine`, 240")]
    result = evals.run(f"pocket/{model}", "inverse-redefine", log_dir=tmp_path)
    assert result.accuracy == pytest.approx(float(row[column]), abs=ROUNDING)


@pytest.mark.skipif(not CURVES.is_dir(), reason="the tables of the ladder are in checkouts only")
@pytest.mark.parametrize(
    ("arguments", "row"),
    [
        (["losses.csv", "--within", "0.01"], "| a C^b + c | {value:.3f} | {low:.3f} to {high:.3f} | 0.517 | +23.5 % |"),
        (["losses.csv", "--within", "0.01", "--law", "power"], "| a C^b | {value:.3f} | {low:.3f} to {high:.3f} |"),
        (["losses.csv", "--within", "0.1"], "| 6, 1/10 | 1.34 | {value:.3f} | {low:.3f} to {high:.3f} | -1.1 % |"),
        (
            ["pass-counts.csv", "--law", "pass-rate", "--zeros", "censored"],
            "| in the likelihood (`--zeros censored`) | 83 | {value:.3f} | {low:.3f} to {high:.3f} |",
        ),
    ],
)
def test_the_forecasts_of_the_largest_rung_are_those_of_the_page(capsys, arguments, row):
    table, *options = arguments
    assert main(["fit", str(CURVES / table), *options, "--target", "pocket/2m", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["forecast"]
    low, high = found["interval"]
    page = (PAGE.parent / "forecasting.md").read_text(encoding="utf-8")
    assert row.format(value=found["value"], low=low, high=high) in page
