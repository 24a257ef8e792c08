from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from evals.scaling.loss_law import fit_loss_law
from evals.scaling.transient import early_transient

CARDS = sorted(
    (
        json.loads(path.read_text())
        for path in (Path(__file__).parents[2] / "data" / "pocket-models").glob("*/card.json")
    ),
    key=lambda card: card["training_flops"],
)
LADDER = np.array([card["training_flops"] for card in CARDS])
LOSS = np.array([card["validation"]["nats_per_token"] for card in CARDS])
STILL_FALLING = (2.1e10, 1.40)
"The rung of 19,472 parameters that was left out of the pocket ladder (docs/pocket-training.md)."


def test_the_rung_that_was_left_out_of_the_pocket_ladder_is_found():
    found = early_transient(np.append(STILL_FALLING[0], LADDER), np.append(STILL_FALLING[1], LOSS))
    assert found.n_runs == 1
    assert found.loss[0] == 1.40
    assert abs(found.expected[0] - 1.17) < 0.02
    kept, dropped = found.effect(1e16)
    assert (kept, dropped) == (
        float(fit_loss_law(np.append(2.1e10, LADDER), np.append(1.40, LOSS)).loss(1e16)),
        float(fit_loss_law(LADDER, LOSS).loss(1e16)),
    )
    said = found.describe(1e16)
    assert said.startswith("the smallest run has not left the early transient (2.1e+10 FLOPs: 1.4")
    assert f"the forecast at 1e+16 FLOPs is {kept:.4g} with and {dropped:.4g} without: drop_smallest=1" in said


def test_it_is_dropped_only_when_asked():
    compute, loss = np.append(STILL_FALLING[0], LADDER), np.append(STILL_FALLING[1], LOSS)
    assert fit_loss_law(compute, loss).n == 10
    without = fit_loss_law(compute, loss, drop_smallest=1)
    assert (without.n, without.dropped) == (9, 1)
    assert without.parameters == fit_loss_law(LADDER, LOSS).parameters


def test_the_shipped_ladder_has_none():
    found = early_transient(LADDER, LOSS)
    assert found.n_runs == 0
    assert found.describe(1e16) == ""
    assert found.law_with is found.law_without


def test_two_rungs_are_found_together():
    compute = np.geomspace(1e18, 1e22, 12)
    x = compute / compute[-1]
    loss = (0.5 * x**-0.15 + 1.2) * np.exp(np.random.default_rng(4).normal(0, 0.003, 12))
    loss[:2] *= [1.3, 1.12]
    assert early_transient(compute, loss).n_runs == 2


def test_ladders_without_a_transient_are_seldom_flagged():
    compute = np.geomspace(1e18, 1e22, 9)
    rng = np.random.default_rng(0)
    truth = 0.5 * (compute / compute[-1]) ** -0.15 + 1.2
    flagged = sum(early_transient(compute, truth * np.exp(rng.normal(0, 0.005, 9))).n_runs > 0 for _ in range(25))
    assert flagged <= 2
