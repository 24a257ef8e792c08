"""The arrays of a pocket model: sizes, checks, and their layout for the forward pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from random_models import SMALL, random_arrays

from evals.errors import DataError
from evals.local_models.pocket.weights import Config, Weights

SIZES = {"n_vocab": 300, "n_ctx": 96, "n_layer": 2, "n_head": 2, "d_model": 24, "d_ff": 96}


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("size", [0, -1, 2.0, True, "8"])
def test_a_size_must_be_a_positive_whole_number(name: str, size: object):
    with pytest.raises(ValueError, match=f"{name} is {size!r}, not a positive whole number"):
        Config(**{**SIZES, name: size})


def test_heads_must_have_an_even_size():
    with pytest.raises(ValueError, match="does not divide into 8 heads of even size"):
        Config(**{**SIZES, "n_head": 8})
    assert Config(**{**SIZES, "n_head": 3}).d_head == 8


def test_parameters_are_counted_by_the_formula():
    c = SMALL
    expected = c.n_vocab * c.d_model + c.d_model + c.n_layer * (4 * c.d_model**2 + 2 * c.d_model * c.d_ff)
    assert c.n_parameters == expected == sum(array.size for array in random_arrays(c).values())


def test_queries_carry_the_factor_of_their_scores_and_stand_before_keys_and_values():
    arrays = random_arrays(SMALL)
    layer = Weights.of(SMALL, arrays).layers[1]
    x = np.random.default_rng(0).normal(size=(5, SMALL.d_model))
    q, k, v = np.split(x @ layer.qkv, 3, axis=1)
    np.testing.assert_allclose(q, x @ arrays["layer.1.q"] / np.sqrt(SMALL.d_head), rtol=1e-12)
    np.testing.assert_allclose(k, x @ arrays["layer.1.k"], rtol=1e-12)
    np.testing.assert_allclose(v, x @ arrays["layer.1.v"], rtol=1e-12)


def test_the_unembedding_is_the_embedding_the_other_way_round():
    weights = Weights.of(SMALL, random_arrays(SMALL))
    assert np.array_equal(weights.unembedding, weights.embedding.T)
    assert weights.unembedding.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"previous": None}, "the array 'previous' is missing"),
        ({"layer.0.up": np.zeros((24, 95))}, r"the array 'layer.0.up' has shape \(24, 95\), not \(24, 96\)"),
        ({"layer.2.q": np.zeros((24, 24))}, "an array 'layer.2.q' that the model has no place for"),
        ({"previous": np.full(24, np.nan)}, "the array 'previous' holds what is no finite number"),
    ],
)
def test_arrays_that_do_not_fit_are_named(change: dict[str, np.ndarray | None], message: str):
    arrays = {name: array for name, array in {**random_arrays(SMALL), **change}.items() if array is not None}
    with pytest.raises(ValueError, match=message):
        Weights.of(SMALL, arrays)


def test_a_file_of_half_precision_is_read_as_doubles(tmp_path: Path):
    arrays = {name: array.astype(np.float16) for name, array in random_arrays(SMALL).items()}
    np.savez(tmp_path / "weights.npz", **arrays)
    weights = Weights.load(tmp_path / "weights.npz", SMALL)
    assert weights.embedding.dtype == np.float64
    assert np.array_equal(weights.embedding, arrays["embedding"].astype(np.float64))


@pytest.mark.parametrize("content", [b"", b"no arrays", None])
def test_a_file_that_cannot_be_read_is_an_error_with_its_place(tmp_path: Path, content: bytes | None):
    path = tmp_path / "weights.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match="no weights of this model") as caught:
        Weights.load(path, SMALL)
    assert str(path) in str(caught.value)
