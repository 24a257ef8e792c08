"""docs/scaling.md: its example runs, and its numbers are those of the laws."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from published_runs import chinchilla_frontier, pile_losses

from evals.scaling.forecast import forecast_loss
from evals.scaling.loss_law import fit_loss_law

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
SERIES = {
    "Cerebras-GPT, paper": "Cerebras-GPT",
    "Cerebras-GPT, model cards": "Cerebras-GPT-card",
    "Cerebras-GPT muP": "Cerebras-GPT-muP",
    "Pythia": "Pythia",
    "Chinchilla, best of each quarter decade": "",
}


def test_the_example_prints_what_the_page_shows():
    code, shown = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL).groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "docs/scaling.md", "exec"), {})
    assert printed.getvalue() == shown


def test_every_function_that_the_page_names_is_there():
    for module, name in re.findall(r"`(\w+)\.((?:fit|early|log|target|loss|forecast)_\w+)`", PAGE):
        assert hasattr(__import__(f"evals.scaling.{module}", fromlist=[name]), name)


@pytest.mark.parametrize("title", SERIES)
def test_the_rows_of_published_series_are_those_of_the_fits(title):
    compute, loss = pile_losses(SERIES[title]) if SERIES[title] else chinchilla_frontier()
    law = fit_loss_law(compute, loss)
    row = f"| {title} | {law.n} | {law.a:.4f} | {law.b:.4f} | {law.c:.4f} | {law.rms_log:.4f} |"
    assert row in PAGE


@pytest.mark.slow
def test_the_page_says_what_a_hundredth_of_the_pocket_ladder_forecasts():
    cards = [json.loads(path.read_text()) for path in (ROOT / "data" / "pocket-models").glob("*/card.json")]
    points = sorted((card["training_flops"], card["validation"]["nats_per_token"]) for card in cards)
    compute, loss = np.array(points).T
    text = " ".join(PAGE.split())
    n = int((compute <= compute[-1] / 100).sum())
    assert n == 4
    for n_runs in (n, n + 1, n + 2):
        found = forecast_loss(compute[:n_runs], loss[:n_runs], compute[-1], confidence=0.9, method="profile")
        assert f"{found.loss:.3f}" in text
        assert f"{found.interval.low:.3f} to {found.interval.high:.3f}" in text
    drawn = forecast_loss(compute[:n], loss[:n], compute[-1], confidence=0.9)
    assert f"{drawn.interval.low:.3f} to {drawn.interval.high:.3f} (bootstrap)" in text
    assert f"{loss[-1]:.3f} came" in text
    assert loss[-1] not in drawn.interval
