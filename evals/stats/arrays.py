"""What goes into the estimators, checked: scores as an array of floats, and ids of clusters as codes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


def as_scores(values: ArrayLike, name: str = "scores") -> Array:
    """The values as float64, shape (n,); booleans become 0 and 1.

    NaN stays: whatever is computed from it is NaN, since a sample without a score is neither right nor absent.
    Leave out failed samples before, and say how many.
    """
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim != 1:
        raise ValueError(f"{name}: one dimension needed, got shape {scores.shape}; average repeats of a sample first")
    return scores


def as_pairs(a: ArrayLike, b: ArrayLike) -> tuple[Array, Array]:
    """Two arrays of scores of the same samples in the same order."""
    first, second = as_scores(a, "a"), as_scores(b, "b")
    if len(first) != len(second):
        raise ValueError(f"a has {len(first)} scores and b {len(second)}; pair them by sample id first")
    return first, second


def as_codes(ids: Iterable[Hashable], n: int, name: str = "clusters") -> Codes:
    """Ids as numbers 0, 1, ... in order of first appearance, shape (n,)."""
    listed = ids if isinstance(ids, np.ndarray) and ids.dtype.kind in "iub" else list(ids)
    if len(listed) != n:
        raise ValueError(f"{name}: {len(listed)} ids for {n} values; give one id for each value")
    if isinstance(listed, np.ndarray):
        _, first, codes = np.unique(listed, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[codes].astype(np.int64)
    seen: dict[Hashable, int] = {}
    return np.fromiter((seen.setdefault(one, len(seen)) for one in listed), dtype=np.int64, count=n)


def cluster_sums(values: Array, codes: Codes) -> Array:
    """Sum of the values of each cluster, shape (n_clusters,)."""
    return np.bincount(codes, weights=values).astype(np.float64)


def check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is a number between 0 and 1, such as 0.95, got {confidence}")
