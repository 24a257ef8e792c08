"""A pocket model's arrays: read from its file, checked against its card, and laid out for the forward pass."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evals.errors import DataError

Array = NDArray[np.float64]

MATRICES = ("q", "k", "v", "o", "up", "down")


@dataclass(frozen=True)
class Config:
    """The sizes of a model."""

    n_vocab: int
    n_ctx: int
    n_layer: int
    n_head: int
    d_model: int
    d_ff: int

    def __post_init__(self) -> None:
        sizes = vars(self).items()
        wrong = [name for name, size in sizes if isinstance(size, bool) or not isinstance(size, int) or size < 1]
        if wrong:
            raise ValueError(f"{wrong[0]} is {getattr(self, wrong[0])!r}, not a positive whole number")
        if self.d_model % (2 * self.n_head):
            raise ValueError(f"d_model {self.d_model} does not divide into {self.n_head} heads of even size")

    @property
    def d_head(self) -> int:
        return self.d_model // self.n_head

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of every array in a file of weights."""
        d, f = self.d_model, self.d_ff
        found: dict[str, tuple[int, ...]] = {"embedding": (self.n_vocab, d), "previous": (d,)}
        for i in range(self.n_layer):
            found |= {f"layer.{i}.{name}": (d, d) for name in "qkvo"}
            found |= {f"layer.{i}.up": (d, f), f"layer.{i}.down": (f, d)}
        return found

    @property
    def n_parameters(self) -> int:
        return sum(int(np.prod(shape)) for shape in self.shapes().values())


@dataclass(frozen=True)
class LayerWeights:
    """One layer, each matrix used as `x @ matrix`."""

    qkv: Array
    "Queries, keys and values side by side; the queries carry the factor 1 / sqrt(d_head) of their scores."
    out: Array
    up: Array
    down: Array


@dataclass(frozen=True)
class Weights:
    """All of a model, in float64: see `evals.local_models.pocket.transformer` for why."""

    config: Config
    embedding: Array
    unembedding: Array
    "The embedding transposed, and contiguous."
    previous: Array
    layers: tuple[LayerWeights, ...]

    @classmethod
    def of(cls, config: Config, arrays: Mapping[str, ArrayLike]) -> Weights:
        """The weights from arrays under the names of the file.

        Raises:
            ValueError: an array is missing, has another shape, or holds what is no finite number.
        """
        found = {name: _checked(name, arrays, shape) for name, shape in config.shapes().items()}
        unknown = sorted(set(arrays) - set(found))
        if unknown:
            raise ValueError(f"an array {unknown[0]!r} that the model has no place for")
        return cls(
            config=config,
            embedding=found["embedding"],
            unembedding=np.ascontiguousarray(found["embedding"].T),
            previous=found["previous"],
            layers=tuple(_layer(config, found, i) for i in range(config.n_layer)),
        )

    @classmethod
    def load(cls, path: Path, config: Config) -> Weights:
        """The weights in an `.npz` file, whatever the precision of its numbers. Raises DataError where it is none."""
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return cls.of(config, {name: file[name] for name in file.files})
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            what = getattr(error, "strerror", None) or str(error)
            raise DataError(f"no weights of this model: {what}"[:200], where=str(path)) from None


def _checked(name: str, arrays: Mapping[str, ArrayLike], shape: tuple[int, ...]) -> Array:
    if name not in arrays:
        raise ValueError(f"the array {name!r} is missing")
    array = np.ascontiguousarray(arrays[name], dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"the array {name!r} has shape {array.shape}, not {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"the array {name!r} holds what is no finite number")
    return array


def _layer(config: Config, arrays: Mapping[str, Array], i: int) -> LayerWeights:
    q, k, v, o, up, down = (arrays[f"layer.{i}.{name}"] for name in MATRICES)
    return LayerWeights(np.hstack([q / np.sqrt(config.d_head), k, v]), o, up, down)
