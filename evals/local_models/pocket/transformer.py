"""The forward pass of the pocket models: whole sequences at once, or one more token of each of a batch.

Everything is computed in float64. Sums in another order, as matrix products of another shape have them, then differ by
about 1e-13, so that a log probability does not depend on what else is in a batch, on whether a text was read or
written, or on the linear algebra library: float32 would differ by 1e-5. It costs a third of the speed.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evals.local_models.pocket.packing import NONE_BEFORE, Ids, Pack
from evals.local_models.pocket.weights import Array, Config, Weights

EPSILON = 1e-6
ROTARY_BASE = 10_000.0


@dataclass(frozen=True)
class Read:
    """What reading a pack gives. keys, values: (n_layer, rows, heads, d_head), the keys turned by their positions."""

    hidden: Array
    "(rows, d_model); `logits` makes scores of next tokens of them."
    keys: Array
    values: Array


@functools.lru_cache(maxsize=16)
def _rotary(n_ctx: int, d_head: int) -> tuple[Array, Array]:
    """Cosines and sines of each position, (n_ctx, 1, d_head / 2)."""
    frequencies = ROTARY_BASE ** (-np.arange(0, d_head, 2) / d_head)
    angles = np.outer(np.arange(n_ctx), frequencies)[:, None, :]
    return np.cos(angles), np.sin(angles)


@functools.lru_cache(maxsize=4)
def _causal(n_ctx: int) -> Array:
    """Added to scores: minus infinity where a token would look at a later one."""
    return np.triu(np.full((n_ctx, n_ctx), -np.inf), 1)


def _normalised(x: Array) -> Array:
    """Each row over its root mean square."""
    squares: Array = np.einsum("ij,ij->i", x, x)
    scaled: Array = x * (1.0 / np.sqrt(squares / x.shape[-1] + EPSILON))[:, None]
    return scaled


def _turned(x: Array, positions: Ids, config: Config) -> Array:
    """x, (rows, heads, d_head), by the rotary rule: the two halves of each head turn together."""
    cosines, sines = _rotary(config.n_ctx, config.d_head)
    cos, sin = cosines[positions], sines[positions]
    half = config.d_head // 2
    a, b = x[..., :half], x[..., half:]
    turned = np.empty_like(x)
    turned[..., :half] = a * cos - b * sin
    turned[..., half:] = a * sin + b * cos
    return turned


def _begun(weights: Weights, ids: Ids, before: Ids) -> Array:
    """The stream before the first layer: each token with a share of the one before."""
    earlier = weights.embedding[before] * (before != NONE_BEFORE)[:, None]
    return _normalised(weights.embedding[ids] + weights.previous * earlier)


def _projected(weights: Weights, layer: int, x: Array, positions: Ids) -> tuple[Array, Array, Array]:
    """Queries, keys and values of a layer, each (rows, heads, d_head)."""
    n_head = weights.config.n_head
    qkv = (_normalised(x) @ weights.layers[layer].qkv).reshape(len(x), 3 * n_head, -1)
    turned = _turned(qkv[:, : 2 * n_head], positions, weights.config)
    return turned[:, :n_head], turned[:, n_head:], qkv[:, 2 * n_head :]


def _thought(weights: Weights, layer: int, x: Array, mixed: Array) -> Array:
    """The stream after a layer, from what its attention has mixed."""
    matrices = weights.layers[layer]
    x = x + mixed @ matrices.out
    up = _normalised(x) @ matrices.up
    np.maximum(up, 0.0, out=up)
    up *= up
    after: Array = x + up @ matrices.down
    return after


def _softmax(scores: Array) -> Array:
    """In place, over the last axis."""
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def read(weights: Weights, pack: Pack) -> Read:
    """Reads all sequences of a pack."""
    config, n = weights.config, len(pack.ids)
    keys = np.empty((config.n_layer, n, config.n_head, config.d_head))
    values = np.empty_like(keys)
    x = _begun(weights, pack.ids, pack.before)
    for layer in range(config.n_layer):
        queries, keys[layer], values[layer] = _projected(weights, layer, x, pack.positions)
        mixed = _attention(pack, queries, keys[layer], values[layer], _causal(config.n_ctx))
        x = _thought(weights, layer, x, mixed)
    return Read(x, keys, values)


def _attention(pack: Pack, queries: Array, keys: Array, values: Array, causal: Array) -> Array:
    """(rows, d_model): what each row takes from those before it in its sequence."""
    mixed = np.empty_like(queries)
    for part in pack.parts:
        new, path = part.new, part.path
        n_new, n = new.stop - new.start, len(path)
        if n_new == 0:
            continue
        scores = queries[new].transpose(1, 0, 2) @ keys[path].transpose(1, 2, 0)
        scores += causal[n - n_new : n, :n]
        mixed[new] = (_softmax(scores) @ values[path].transpose(1, 0, 2)).transpose(1, 0, 2)
    return mixed.reshape(len(queries), -1)


def logits(weights: Weights, hidden: Array) -> Array:
    """(rows, n_vocab): scores of the next token of each row."""
    scores: Array = _normalised(hidden) @ weights.unembedding
    return scores


class Cache:
    """Keys and values of sequences that are being written, one row each, with room for `capacity` tokens.

    Rows are independent: what one holds changes nothing of another.
    """

    def __init__(self, config: Config, n_rows: int, capacity: int) -> None:
        shape = (config.n_layer, n_rows, config.n_head, capacity, config.d_head)
        self.keys, self.values = np.zeros(shape), np.zeros(shape)
        self.lengths = np.zeros(n_rows, np.intp)
        "Tokens in each row."

    @staticmethod
    def n_bytes(config: Config, n_rows: int, capacity: int) -> int:
        """The size of a cache in memory."""
        return 2 * 8 * config.n_layer * config.d_model * n_rows * capacity

    def fill(self, row: int, read: Read, path: Ids) -> None:
        """Put a sequence that was read into a row."""
        n = len(path)
        self.keys[:, row, :, :n] = read.keys[:, path].transpose(0, 2, 1, 3)
        self.values[:, row, :, :n] = read.values[:, path].transpose(0, 2, 1, 3)
        self.lengths[row] = n

    def keep(self, rows: Sequence[int]) -> None:
        """Leave out all rows but these."""
        chosen = np.array(rows, np.intp)
        self.keys, self.values = self.keys[:, chosen], self.values[:, chosen]
        self.lengths = self.lengths[chosen]


def write(weights: Weights, cache: Cache, ids: Ids, before: Ids) -> Array:
    """Adds one token to each row of the cache; the hidden state of each, (rows, d_model)."""
    positions, rows = cache.lengths, np.arange(len(ids))
    n = int(positions.max()) + 1
    ragged = int(positions.min()) + 1 < n
    beyond = np.where(np.arange(n) > positions[:, None], -np.inf, 0.0)[:, None, :] if ragged else None
    x = _begun(weights, ids, before)
    for layer in range(weights.config.n_layer):
        queries, new_keys, new_values = _projected(weights, layer, x, positions)
        keys, values = cache.keys[layer], cache.values[layer]
        keys[rows, :, positions], values[rows, :, positions] = new_keys, new_values
        scores = (keys[:, :, :n] @ queries[..., None])[..., 0]
        if beyond is not None:
            scores += beyond
        mixed = (_softmax(scores)[:, :, None] @ values[:, :, :n]).reshape(len(ids), -1)
        x = _thought(weights, layer, x, mixed)
    cache.lengths = positions + 1
    return x
