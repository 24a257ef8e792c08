"""Numpy's forward pass against PyTorch's, the one that trained the models. Torch is no part of the test environment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from random_models import random_arrays, tokenizer_of

from evals.local_models.language_model import Sampling
from evals.local_models.pocket.model import PocketModel
from evals.local_models.pocket.weights import Config, Weights

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parents[3]
TOOLS = ROOT / "tools" / "pocket"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TOOLS.is_dir(), reason="the recipe and the benchmarks are in checkouts only"),
]
CONFIGS = [Config(300, 128, 2, 1, 24, 96), Config(1024, 384, 5, 4, 128, 512)]


@pytest.fixture(autouse=True)
def _recipe_on_one_thread(monkeypatch):
    for folder in (ROOT / "benchmarks", TOOLS):
        monkeypatch.syspath_prepend(str(folder))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def trained_like(config, seed=2):
    """A model with float32 weights in training's own class, and its arrays."""
    from pocket_train.ladder import Rung
    from pocket_train.model import Transformer

    rung = Rung("x", d_model=config.d_model, n_layer=config.n_layer, n_head=config.n_head, batch=1, steps=1)
    model = Transformer(rung, config.n_vocab)
    arrays = {name: array.astype(np.float32) for name, array in random_arrays(config, seed).items()}
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    return model, arrays


def torch_logprobs(model, ids):
    with torch.no_grad():
        return torch.log_softmax(model(torch.tensor([ids])), -1)[0].numpy()


def numpy_logprobs(model, ids):
    """Of every token after every place: (places, n_vocab)."""
    scored = model.score([[*ids[1:], 0]], top_logprobs=model.config.n_vocab)[0]
    found = np.empty((len(ids), model.config.n_vocab))
    for place, token in enumerate(scored):
        for k, logprob in token.top:
            found[place, k] = logprob
    return found


@pytest.mark.parametrize("config", CONFIGS, ids=["small", "large"])
def test_log_probabilities_agree_within_a_thousandth_before_rounding_of_the_weights(config):
    theirs, arrays = trained_like(config)
    ours = PocketModel("x", Weights.of(config, arrays), tokenizer_of(config.n_vocab))
    ids = [0, *np.random.default_rng(3).integers(1, config.n_vocab, config.n_ctx - 1).tolist()]
    np.testing.assert_allclose(numpy_logprobs(ours, ids), torch_logprobs(theirs, ids), rtol=0, atol=1e-3)


@pytest.mark.parametrize("config", CONFIGS, ids=["small", "large"])
def test_weights_in_float16_change_log_probabilities_by_less_than_a_tenth_of_a_nat(config):
    """Random weights; those of trained models are kinder: 0.025 at most, see docs/pocket-models.md."""
    _, arrays = trained_like(config)
    tokenizer = tokenizer_of(config.n_vocab)
    exact = PocketModel("x", Weights.of(config, arrays), tokenizer)
    rounded = PocketModel("x", Weights.of(config, {k: a.astype(np.float16) for k, a in arrays.items()}), tokenizer)
    ids = np.random.default_rng(5).integers(1, config.n_vocab, config.n_ctx).tolist()
    changes = [abs(a.logprob - b.logprob) for a, b in zip(exact.score([ids])[0], rounded.score([ids])[0], strict=True)]
    assert 0 < max(changes) < 0.1


def test_the_transformer_of_the_benchmark_is_the_same_one():
    from pocket import TorchModel

    config = CONFIGS[0]
    theirs, arrays = trained_like(config)
    ids = np.random.default_rng(4).integers(1, config.n_vocab, (3, 20))
    model = TorchModel(config, arrays)
    shape = (config.n_layer, 3, config.n_head, 20, config.d_head)
    keys, values = torch.zeros(shape), torch.zeros(shape)
    before = torch.from_numpy(np.pad(ids[:, :-1], ((0, 0), (1, 0)), constant_values=-1))
    with torch.no_grad():
        model.step(torch.from_numpy(ids[:, :15]), before[:, :15], 0, keys, values)
        for place in range(15, 20):
            one = slice(place, place + 1)
            logits = model.step(torch.from_numpy(ids[:, one]), before[:, one], place, keys, values)
        expected = theirs(torch.from_numpy(ids))[:, -1]
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-3)


def test_greedy_completions_agree():
    theirs, arrays = trained_like(CONFIGS[0])
    ours = PocketModel("x", Weights.of(CONFIGS[0], arrays), tokenizer_of(CONFIGS[0].n_vocab))
    ids = [0, 5, 6, 7]
    while len(ids) < 40:
        ids.append(int(torch_logprobs(theirs, ids)[-1].argmax()))
    ((generated,),) = ours.generate([([5, 6, 7], Sampling(max_tokens=36, temperature=0.0))])
    assert [token.id for token in generated.tokens] == ids[4 : 4 + len(generated.tokens)]
    assert generated.finish_reason == "length" or ids[4 + len(generated.tokens)] == 0
