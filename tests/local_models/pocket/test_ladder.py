"""The shipped ladder: cards that agree with the weights beside them, and the law that they follow."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals.local_models.pocket.tokenizer import Tokenizer
from evals.scaling.forecast import forecast_loss, leave_one_out, rolling_origin

MODELS = Path(__file__).parents[3] / "data" / "pocket-models"
CARDS: list[dict[str, Any]] = sorted(
    (json.loads(path.read_text()) for path in MODELS.glob("*/card.json")), key=lambda card: card["training_flops"]
)
COMPUTE = np.array([card["training_flops"] for card in CARDS])
LOSS = np.array([card["validation"]["nats_per_token"] for card in CARDS])
by_name = pytest.mark.parametrize("card", CARDS, ids=[card["name"] for card in CARDS])


@by_name
def test_the_weights_have_as_many_numbers_as_the_card_says(card):
    with np.load(MODELS / card["name"] / "weights.npz") as arrays:
        assert sum(arrays[name].size for name in arrays.files) == card["parameters"]
        assert {arrays[name].dtype for name in arrays.files} == {np.dtype(np.float16)}
        assert all(np.isfinite(arrays[name]).all() for name in arrays.files)


@by_name
def test_the_compute_is_what_counting_every_product_gives(card):
    """Each product of a matrix for one token forward, by its shape in the file; backward costs twice as much."""
    n_ctx, d_model = card["config"]["n_ctx"], card["config"]["d_model"]
    with np.load(MODELS / card["name"] / "weights.npz") as arrays:
        matrices = sum(2 * arrays[name].size for name in arrays.files if name != "previous")
    looked_at = sum(range(1, n_ctx + 1)) / n_ctx
    attention = card["config"]["n_layer"] * 2 * 2 * d_model * looked_at
    assert card["training_flops"] == pytest.approx(3 * (matrices + attention) * card["training_tokens"], rel=1e-12)


@by_name
def test_nats_a_token_and_bits_a_byte_are_one_loss(card):
    loss = card["validation"]
    nats = loss["nats_per_token"] * loss["n_tokens"]
    assert loss["bits_per_byte"] == pytest.approx(nats / math.log(2) / loss["n_bytes"], abs=2e-6)


@by_name
def test_the_loss_is_over_all_held_out_documents(card):
    rows = (MODELS.parent / "pocket-text" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(row)["text"] for row in rows]
    tokenizer = Tokenizer.load(MODELS / "tokenizer.json")
    assert card["tokenizer_sha256"] == tokenizer.hash
    assert card["validation"]["n_documents"] == len(texts)
    assert card["validation"]["n_tokens"] == sum(len(tokenizer.encode(text)) for text in texts)
    assert card["validation"]["n_bytes"] == sum(len(text.encode()) for text in texts)


def test_more_compute_is_less_loss_on_every_rung_of_three_and_a_half_decades():
    assert len(CARDS) >= 8
    assert math.log10(COMPUTE[-1] / COMPUTE[0]) >= 3.5
    assert (np.diff(LOSS) < 0).all()


def test_all_rungs_together_are_small():
    assert sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file()) < 12e6


def test_the_smaller_rungs_forecast_the_largest():
    found = forecast_loss(COMPUTE[:-1], LOSS[:-1], COMPUTE[-1], rng=np.random.default_rng(0))
    assert abs(found.loss / LOSS[-1] - 1) < 0.03
    assert found.interval.low < LOSS[-1] < found.interval.high


@by_name
def test_the_page_on_training_has_the_numbers_of_the_card(card):
    page = (MODELS.parents[1] / "docs" / "pocket-training.md").read_text(encoding="utf-8")
    config, loss = card["config"], card["validation"]
    row = f"| `pocket/{card['name']}` | {config['d_model']} x {config['n_layer']} | {card['parameters']:,} |"
    row += f" {card['training_tokens'] / 1e6:.2f} M | {card['training_flops']:.1e} |"
    assert f"{row} {loss['nats_per_token']:.3f} | {loss['bits_per_byte']:.3f} |\n" in page


def test_the_page_on_training_has_the_forecast_of_the_law():
    page = (MODELS.parents[1] / "docs" / "pocket-training.md").read_text(encoding="utf-8")
    found = forecast_loss(COMPUTE[:-1], LOSS[:-1], COMPUTE[-1], rng=np.random.default_rng(0))
    off = f"{100 * (found.loss / LOSS[-1] - 1):+.1f} %"
    interval = f"{found.interval.low:.3f} to {found.interval.high:.3f}"
    assert f"| {found.law.b:.3f} | {found.law.c:.3f} | {found.loss:.3f} | {interval} |" in page
    assert f"| {LOSS[-1]:.3f} | {off} |" in page


def test_the_page_on_training_has_the_naive_forecasts_beside_the_law():
    page = (MODELS.parents[1] / "docs" / "pocket-training.md").read_text(encoding="utf-8")
    names = [card["name"] for card in CARDS]
    for name, one in zip(names[4:], rolling_origin(COMPUTE, LOSS), strict=True):
        errors = [
            one.relative_error,
            *(found / one.actual - 1 for found in (one.naive.last_value, one.naive.last_slope)),
        ]
        cells = " | ".join(f"{100 * error:+.1f} %" for error in errors)
        assert f"| `pocket/{name}` | {one.decades:.2f} | {cells} |" in page
    low, high = leave_one_out(COMPUTE[:-1], LOSS[:-1], COMPUTE[-1])
    assert f"forecasts {low:.3f} to {high:.3f}" in page
