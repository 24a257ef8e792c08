"""Pocket models with random weights, and the same transformer once more, as plainly as it can be written."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.local_models.pocket.model import PocketModel
from evals.local_models.pocket.tokenizer import END, Tokenizer
from evals.local_models.pocket.weights import Config, Weights

Arrays = dict[str, NDArray[np.float64]]

WORDS = [b" A", b" B", b" C", b" D", b"Question", b"Answer", b" what", b" is", b" the", b" of", b"\xc3\xa9"]
SMALL = Config(n_vocab=300, n_ctx=96, n_layer=2, n_head=2, d_model=24, d_ff=96)


def tokenizer_of(n_vocab: int) -> Tokenizer:
    more = [b" w%d" % k for k in range(n_vocab - 257 - len(WORDS))]
    return Tokenizer([bytes([k]) for k in range(256)] + WORDS + more)


def random_arrays(config: Config, seed: int = 0) -> Arrays:
    """Weights of a size at which every part of the transformer matters."""
    rng = np.random.default_rng(seed)
    arrays = {name: rng.normal(0, shape[0] ** -0.5, shape) for name, shape in config.shapes().items()}
    arrays["embedding"] = rng.normal(0, 0.7, (config.n_vocab, config.d_model))
    arrays["previous"] = rng.normal(0, 0.7, config.d_model)
    return arrays


def random_model(config: Config = SMALL, seed: int = 0) -> PocketModel:
    return PocketModel("pocket/random", Weights.of(config, random_arrays(config, seed)), tokenizer_of(config.n_vocab))


def write_model(root: Path, name: str, config: Config = SMALL, seed: int = 0, **facts: object) -> Path:
    """A folder of a model as the package has them: card, float16 weights, and the tokenizer beside it."""
    folder = root / name
    folder.mkdir(parents=True)
    tokenizer_of(config.n_vocab).save(root / "tokenizer.json")
    arrays = {key: array.astype(np.float16) for key, array in random_arrays(config, seed).items()}
    np.savez(folder / "weights.npz", **arrays)
    (folder / "card.json").write_text(json.dumps({"config": vars(config), **facts}))
    return folder


def plain_logprobs(config: Config, arrays: Arrays, ids: Sequence[int]) -> NDArray[np.float64]:
    """Log probabilities after each token of one sequence: number by number, no cache, no batch, no shared code."""
    streams = [_begin(arrays, ids, t) for t in range(len(ids))]
    for i in range(config.n_layer):
        matrix = {name: arrays[f"layer.{i}.{name}"] for name in ("q", "k", "v", "o", "up", "down")}
        normed = [_rms(x) for x in streams]
        after = []
        for t, x in enumerate(streams):
            heads = []
            for head in range(config.n_head):
                part = slice(head * config.d_head, (head + 1) * config.d_head)
                q = _rotated((normed[t] @ matrix["q"])[part], t)
                keys = [_rotated((normed[s] @ matrix["k"])[part], s) for s in range(t + 1)]
                values = [(normed[s] @ matrix["v"])[part] for s in range(t + 1)]
                scores = [float(q @ key) / math.sqrt(config.d_head) for key in keys]
                weights = [math.exp(score - max(scores)) for score in scores]
                heads.append(sum(w / sum(weights) * value for w, value in zip(weights, values, strict=True)))
            x = x + np.concatenate(heads) @ matrix["o"]
            after.append(x + np.maximum(_rms(x) @ matrix["up"], 0) ** 2 @ matrix["down"])
        streams = after
    logits = np.array([_rms(x) @ arrays["embedding"].T for x in streams])
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def _begin(arrays: Arrays, ids: Sequence[int], t: int) -> NDArray[np.float64]:
    before = arrays["embedding"][ids[t - 1]] if t else np.zeros_like(arrays["previous"])
    return _rms(arrays["embedding"][ids[t]] + arrays["previous"] * before)


def _rms(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return x / math.sqrt(float(np.mean(x**2)) + 1e-6)


def _rotated(x: NDArray[np.float64], t: int) -> NDArray[np.float64]:
    half = len(x) // 2
    turned = np.empty_like(x)
    for i in range(half):
        angle = t * 10000 ** (-2 * i / len(x))
        turned[i] = x[i] * math.cos(angle) - x[half + i] * math.sin(angle)
        turned[half + i] = x[i] * math.sin(angle) + x[half + i] * math.cos(angle)
    return turned


def plain_greedy(config: Config, arrays: Arrays, prompt: Sequence[int], n: int) -> list[int]:
    """The likeliest tokens after a prompt, the whole text read again for each."""
    ids = [END, *prompt]
    for _ in range(n):
        ids.append(int(plain_logprobs(config, arrays, ids)[-1].argmax()))
    return ids[1 + len(prompt) :]
