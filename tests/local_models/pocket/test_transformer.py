"""The forward pass against the same arithmetic written down plainly, and against itself in other batches."""

from __future__ import annotations

import numpy as np
import pytest
from random_models import SMALL, plain_logprobs, random_arrays

from evals.local_models.pocket.packing import packs
from evals.local_models.pocket.transformer import Cache, logits, read, write
from evals.local_models.pocket.weights import Config, Weights
from evals.local_models.sampling import log_probabilities

ARRAYS = random_arrays(SMALL)
WEIGHTS = Weights.of(SMALL, ARRAYS)
RNG = np.random.default_rng(5)
BEGINNING = RNG.integers(0, SMALL.n_vocab, 30).tolist()
SEQUENCES = [
    BEGINNING,
    [*BEGINNING, 7, 8, 9],
    [*BEGINNING, 7, 8],
    RNG.integers(0, SMALL.n_vocab, 50).tolist(),
    [4],
    [*BEGINNING[:10], 3, 3, 3],
    [*BEGINNING, 7, 8, 9],
]


def read_all(sequences):
    """Log probabilities after each token of each sequence, read in one pack."""
    (pack,) = packs(sequences, 10_000)
    logprobs = log_probabilities(logits(WEIGHTS, read(WEIGHTS, pack).hidden))
    found = {k: logprobs[part.path] for k, part in zip(pack.order, pack.parts, strict=True)}
    return [found[k] for k in range(len(sequences))]


def test_reading_a_pack_gives_what_plain_arithmetic_gives():
    for sequence, logprobs in zip(SEQUENCES, read_all(SEQUENCES), strict=True):
        np.testing.assert_allclose(logprobs, plain_logprobs(SMALL, ARRAYS, sequence), rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "config",
    [Config(270, 64, 1, 1, 16, 64), Config(270, 64, 1, 2, 24, 96), Config(270, 64, 3, 4, 40, 100)],
    ids=["one head", "heads of 12", "heads of 10"],
)
def test_other_sizes_give_what_plain_arithmetic_gives(config):
    arrays = random_arrays(config, seed=3)
    ids = np.random.default_rng(1).integers(0, config.n_vocab, 20).tolist()
    (pack,) = packs([ids], 100)
    weights = Weights.of(config, arrays)
    logprobs = log_probabilities(logits(weights, read(weights, pack).hidden))
    np.testing.assert_allclose(logprobs, plain_logprobs(config, arrays, ids), rtol=0, atol=1e-10)


def test_reading_alone_and_in_a_pack_differ_by_rounding_only():
    together = read_all(SEQUENCES)
    for sequence, logprobs in zip(SEQUENCES, together, strict=True):
        np.testing.assert_allclose(read_all([sequence])[0], logprobs, rtol=0, atol=1e-12)


def test_what_is_written_token_by_token_in_a_ragged_batch_equals_what_is_read():
    starts, n_written = [20, 5, 31, 1], 19
    texts = [RNG.integers(0, SMALL.n_vocab, start + n_written).tolist() for start in starts]
    whole = read_all(texts)
    (pack,) = packs([text[:start] for text, start in zip(texts, starts, strict=True)], 10_000)
    done = read(WEIGHTS, pack)
    cache = Cache(SMALL, len(texts), max(map(len, texts)))
    for k, part in zip(pack.order, pack.parts, strict=True):
        cache.fill(k, done, part.path)
    for step in range(n_written):
        ids = np.array([text[start + step] for text, start in zip(texts, starts, strict=True)])
        before = np.array([text[start + step - 1] for text, start in zip(texts, starts, strict=True)])
        logprobs = log_probabilities(logits(WEIGHTS, write(WEIGHTS, cache, ids, before)))
        for row, start in enumerate(starts):
            np.testing.assert_allclose(logprobs[row], whole[row][start + step], rtol=0, atol=1e-12)


def test_rows_that_stay_in_the_cache_are_not_changed_by_those_that_leave():
    texts = [RNG.integers(0, SMALL.n_vocab, 12).tolist() for _ in range(5)]
    (pack,) = packs(texts, 100)
    done = read(WEIGHTS, pack)
    cache = Cache(SMALL, 5, 20)
    for k, part in zip(pack.order, pack.parts, strict=True):
        cache.fill(k, done, part.path[:11])
    cache.keep([3, 1])
    kept = [texts[3], texts[1]]
    hidden = write(WEIGHTS, cache, np.array([t[11] for t in kept]), np.array([t[10] for t in kept]))
    for row, text in enumerate(kept):
        np.testing.assert_allclose(log_probabilities(logits(WEIGHTS, hidden))[row], read_all([text])[0][-1], atol=1e-12)


def test_the_size_of_a_cache_is_known_before_it_is_made():
    cache = Cache(SMALL, 7, 33)
    assert Cache.n_bytes(SMALL, 7, 33) == cache.keys.nbytes + cache.values.nbytes
