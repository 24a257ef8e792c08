"""Which rows a bootstrap draw holds, and how often: rows, clusters, strata and nested levels as weights."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from evals.stats.arrays import Array, Codes, as_codes


@dataclass(frozen=True)
class Level:
    """Units drawn within the units of the level outside."""

    parents: Codes
    "Shape (n_units,): the outer unit (or stratum) that each unit lies in."


@dataclass(frozen=True)
class Resampler:
    """Draws weights of rows."""

    n_rows: int
    levels: tuple[Level, ...]
    "Outermost first; the parents of the first are strata."
    rows: Codes
    "Shape (n_rows,): the innermost unit that each row lies in."
    outer: Codes
    "Shape (n_rows,): the outermost unit that each row lies in."

    @classmethod
    def of(
        cls,
        n_rows: int,
        clusters: Iterable[Hashable] | None = None,
        strata: Iterable[Hashable] | None = None,
        nested: Sequence[Iterable[Hashable]] | None = None,
    ) -> Resampler:
        """From ids of rows; units with the same id in different strata or outer units are different units.

        Raises ValueError for clusters together with nested levels: name the clusters as the first level.
        """
        if clusters is not None and nested is not None:
            raise ValueError("clusters and nested exclude each other: name the clusters as the first nested level")
        named = [clusters] if clusters is not None else list(nested or [])
        codes = [as_codes(ids, n_rows, "clusters or nested") for ids in named]
        if clusters is None:
            codes.append(np.arange(n_rows, dtype=np.int64))
        parents = np.zeros(n_rows, dtype=np.int64) if strata is None else as_codes(strata, n_rows, "strata")
        levels, units = [], []
        for level in codes:
            inside = as_codes(zip(parents.tolist(), level.tolist(), strict=True), n_rows)
            levels.append(Level(_first_of_each(parents, inside)))
            units.append(inside)
            parents = inside
        return cls(n_rows, tuple(levels), units[-1], units[0])

    @property
    def n_units(self) -> int:
        return len(self.levels[0].parents)

    def draw(self, n_draws: int, rng: np.random.Generator) -> Array:
        """Weights of rows, shape (n_draws, n_rows): how often each was drawn."""
        counts = _draw_outermost(self.levels[0].parents, n_draws, rng)
        for level in self.levels[1:]:
            counts = _draw_within(counts, level.parents, rng)
        return counts[:, self.rows].astype(np.float64)

    def jackknife_groups(self, n_groups: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
        """For each row the group of outermost units that is left out with it, and for each group its stratum.

        One unit a group, or, where there are more than `n_groups`, groups of random units within a stratum.
        """
        strata = self.levels[0].parents
        shuffled = rng.permutation(len(strata))
        rank = np.empty(len(strata), dtype=np.int64)
        rank[shuffled] = _rank_within(strata[shuffled])
        a_group = -(-len(strata) // n_groups)
        sizes = np.maximum(np.bincount(strata) // a_group, np.minimum(np.bincount(strata), 2))
        groups = as_codes(zip(strata.tolist(), (rank % sizes[strata]).tolist(), strict=True), len(strata))
        return groups[self.outer], _first_of_each(strata, groups)


def _first_of_each(values: Codes, codes: Codes) -> Codes:
    """The value at the first appearance of each code."""
    first = np.zeros(int(codes.max()) + 1 if len(codes) else 0, dtype=np.int64)
    first[codes[::-1]] = values[::-1]
    return first


def _rank_within(parents: Codes) -> Codes:
    """0, 1, 2, ... among the units of each parent, in order."""
    order = np.argsort(parents, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(parents))])[:-1] if len(parents) else np.zeros(0, np.int64)
    rank = np.empty(len(parents), dtype=np.int64)
    rank[order] = np.arange(len(parents)) - starts[parents[order]]
    return rank


def _draw_outermost(strata: Codes, n_draws: int, rng: np.random.Generator) -> Codes:
    """How often each unit is drawn, with replacement within its stratum; each stratum keeps its number of units."""
    counts = np.zeros((n_draws, len(strata)), dtype=np.int64)
    for stratum in range(int(strata.max()) + 1):
        units = np.flatnonzero(strata == stratum)
        size = len(units)
        picked = rng.integers(0, size, (n_draws, size)) + size * np.arange(n_draws)[:, None]
        counts[:, units] = np.bincount(picked.ravel(), minlength=n_draws * size).reshape(n_draws, size)
    return counts


def _draw_within(outer: Codes, parents: Codes, rng: np.random.Generator) -> Codes:
    """How often each unit is drawn when each copy of its parent draws as many units as the parent has.

    The copies' draws together are one multinomial draw, made for all parents with equally many units at once.
    """
    counts = np.zeros((outer.shape[0], len(parents)), dtype=np.int64)
    order = np.argsort(parents, kind="stable")
    sizes = np.bincount(parents)
    starts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes):
        same = np.flatnonzero(sizes == size)
        units = order[starts[same][:, None] + np.arange(size)]
        counts[:, units] = rng.multinomial(outer[:, same] * size, np.full(size, 1 / size))
    return counts
