"""A rung retrained by the recipe comes out as the shipped one; needs torch, in a job of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parents[3]
GENERATOR = ROOT / "tools" / "pocket"
MODELS = ROOT / "data" / "pocket-models"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not GENERATOR.is_dir(), reason="the recipe is in checkouts only"),
]


@pytest.fixture
def recipe(monkeypatch):
    monkeypatch.syspath_prepend(str(GENERATOR))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_the_tokenizer_comes_out_as_shipped(recipe):
    from pocket_train.tokens import make_tokenizer

    from evals.local_models.pocket.tokenizer import Tokenizer

    assert make_tokenizer().hash == Tokenizer.load(MODELS / "tokenizer.json").hash


def test_a_small_rung_comes_out_within_two_percent_of_the_shipped_loss(recipe, tmp_path):
    """Stopped once on the way: a run that goes on from its checkpoint is the same run."""
    from pocket_train.ladder import LADDER
    from pocket_train.tokens import read_held_out, training_tokens
    from pocket_train.train import Training, held_out_loss

    from evals.local_models.pocket.tokenizer import Tokenizer

    rung = next(rung for rung in LADDER if rung.name == "32k")
    tokenizer = Tokenizer.load(MODELS / "tokenizer.json")
    tokens = training_tokens(tokenizer, rung.n_tokens + 1, tmp_path)
    begun = Training(rung, len(tokenizer), tokens, tmp_path / "run")
    begun.run(until=rung.steps // 3)
    training = Training(rung, len(tokenizer), tokens, tmp_path / "run")
    assert training.step == rung.steps // 3
    training.run()
    loss = held_out_loss(training.model, tokenizer, read_held_out(ROOT / "data" / "pocket-text" / "test.jsonl"))
    card = json.loads((MODELS / "32k" / "card.json").read_text())
    assert card["training_tokens"] == rung.n_tokens
    assert loss.nats_per_token == pytest.approx(card["validation"]["nats_per_token"], rel=0.02)


@pytest.mark.parametrize("name", ["32k", "213k", "2m"])
def test_the_shipped_weights_have_the_loss_of_their_card_in_torch(recipe, name):
    from pocket_train.export import load_shipped
    from pocket_train.ladder import LADDER
    from pocket_train.tokens import read_held_out
    from pocket_train.train import held_out_loss

    from evals.local_models.pocket.tokenizer import Tokenizer

    rung = next(rung for rung in LADDER if rung.name == name)
    tokenizer = Tokenizer.load(MODELS / "tokenizer.json")
    model = load_shipped(rung, len(tokenizer), MODELS / name / "weights.npz")
    texts = read_held_out(ROOT / "data" / "pocket-text" / "test.jsonl")
    card = json.loads((MODELS / name / "card.json").read_text())
    found = held_out_loss(model, tokenizer, texts)
    assert found.nats_per_token == pytest.approx(card["validation"]["nats_per_token"], abs=1e-5)
