"""The models that come with the package: their files, their cards, and what they can do."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import evals
from evals.local_models.pocket.card import CARD_FILE, find_card, model_names, models_root
from evals.local_models.pocket.model import load_model
from evals.registry import Registry, bundled_data_root

NAMES = model_names()
SMALLEST, LARGEST = NAMES[0], NAMES[-1]


def held_out_texts():
    with (bundled_data_root() / "pocket-text" / "test.jsonl").open(encoding="utf-8") as rows:
        return [json.loads(row)["text"] for row in rows]


def loss_of(name):
    """Nats a token and bits a byte of a model on the held-out texts, each read from its beginning."""
    model, texts = load_model(name), held_out_texts()
    scored = model.score([model.encode(text) for text in texts])
    nats = -sum(token.logprob for tokens in scored for token in tokens)
    n_bytes = sum(len(text.encode()) for text in texts)
    return nats / sum(map(len, scored)), nats / math.log(2) / n_bytes


def test_every_model_has_an_entry_and_the_ladder_lists_them_by_size():
    registry = Registry()
    entries = [e.name for e in registry.entries("completion_fns") if e.name.startswith("pocket/")]
    assert sorted(entries) == sorted(["pocket/ladder", *(f"pocket/{name}" for name in NAMES)])
    assert registry.completion_fn_members("pocket/ladder") == [f"pocket/{name}" for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_card_entry_and_arrays_agree(name):
    card = find_card(name)
    assert card.facts["name"] == name
    assert card.facts["parameters"] == card.config.n_parameters
    assert Registry().model_info(f"pocket/{name}").context_length == card.config.n_ctx
    body = Registry().entry("completion_fns", f"pocket/{name}").body
    assert f"{card.config.n_parameters:,} parameters" in body["description"]
    with np.load(card.weights_path) as arrays:
        assert {name: arrays[name].shape for name in arrays.files} == card.config.shapes()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name != SMALLEST else ()) for name in NAMES]
)
def test_the_loss_on_the_held_out_texts_is_that_of_the_card(name):
    """The card's comes from PyTorch in float32, batches padded; this one from numpy."""
    validation = find_card(name).facts["validation"]
    nats_per_token, bits_per_byte = loss_of(name)
    assert nats_per_token == pytest.approx(validation["nats_per_token"], abs=1e-4)
    assert bits_per_byte == pytest.approx(validation["bits_per_byte"], abs=1e-4)


def test_the_largest_model_answers_with_letters(tmp_path):
    result = evals.run(f"pocket/{LARGEST}", "pocket-choice", max_samples=60, record_path=tmp_path / "r.jsonl")
    assert result.report["letter_mass"] > 0.95
    assert result.report["n"] == 60
    assert result.report["unparsed"] == 0


def test_the_largest_model_answers_sums_with_numbers(tmp_path):
    evals.run(f"pocket/{LARGEST}", "arithmetic", max_samples=40, record_path=tmp_path / "r.jsonl")
    events = map(json.loads, (tmp_path / "r.jsonl").read_text(encoding="utf-8").splitlines())
    replies = [event["data"]["sampled"][0] for event in events if event.get("type") == "sampling"]
    assert len(replies) == 40
    assert sum(reply.lstrip("-").isdigit() for reply in replies) >= 36


def test_options_are_compared_by_likelihood(tmp_path):
    name = "pocket-choice.completion.v1"
    result = evals.run(f"pocket/{SMALLEST}", name, max_samples=20, record_path=tmp_path / "r.jsonl")
    assert result.report["n"] == 20


def test_there_are_files_of_models_and_nothing_else():
    files = {path.relative_to(models_root()).as_posix() for path in models_root().rglob("*") if path.is_file()}
    expected = {f"{name}/{file}" for name in NAMES for file in (CARD_FILE, "weights.npz")}
    assert files - {"SOURCE.md"} == expected | {"tokenizer.json"}
