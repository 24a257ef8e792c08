"""Log pass rates of problems: estimates from counts, what a zero means, difficulty buckets, and halves of the draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import psi

from evals.scaling.runs import BadTable, check_positive
from evals.stats.arrays import Array, Codes

REPORT_DROPPED = 15 / 164
"Share of the hardest problems that the GPT-4 Technical Report dropped (section 3.2)."
REPORT_BUCKETS = 6


@dataclass(frozen=True)
class PassCounts:
    """How many of the draws of each problem passed, for models by ascending compute."""

    compute: Array
    "Shape (n_models,): FLOPs, ascending."
    passes: Array
    "Shape (n_models, n_problems)."
    draws: Array
    "Shape (n_models, n_problems)."
    models: tuple[str, ...]
    problems: tuple[str, ...]

    @classmethod
    def of(
        cls,
        compute: ArrayLike,
        passes: ArrayLike,
        draws: ArrayLike,
        *,
        models: Sequence[str] | None = None,
        problems: Sequence[str] | None = None,
    ) -> PassCounts:
        """Checked, models sorted by compute.

        compute: shape (n_models,). passes: shape (n_models, n_problems). draws: the same shape, or one number.

        Raises BadTable for other shapes, equal names of problems, or counts that are no whole numbers from 0 to draws.
        """
        flops, counts = np.asarray(compute, dtype=np.float64), np.asarray(passes, dtype=np.float64)
        if counts.ndim != 2 or flops.shape != counts.shape[:1]:
            raise BadTable(f"passes: one row a model and one column a problem, got {counts.shape} for {flops.shape}")
        check_positive(flops, "compute", "model")
        drawn = np.asarray(draws, dtype=np.float64)
        if drawn.shape not in ((), counts.shape):
            raise BadTable(f"draws: one number, or one for each count, got shape {drawn.shape}")
        drawn = np.broadcast_to(drawn, counts.shape)
        named = tuple(models) if models is not None else tuple(f"model {row}" for row in range(len(flops)))
        ids = tuple(problems) if problems is not None else tuple(str(row) for row in range(counts.shape[1]))
        _check_names(named, len(flops), "models")
        _check_names(ids, counts.shape[1], "problems")
        wrong = ~((counts >= 0) & (counts <= drawn) & (counts % 1 == 0) & (drawn % 1 == 0) & (drawn > 0))
        if wrong.any():
            m, p = np.argwhere(wrong)[0]
            said = f"{named[m]} has {counts[m, p]:g} passes of {drawn[m, p]:g} draws on problem {ids[p]}"
            raise BadTable(said, fix="passes are whole numbers from 0 to draws, and draws are at least 1")
        order = np.argsort(flops, kind="stable")
        return cls(flops[order], counts[order], drawn[order], tuple(named[row] for row in order), ids)

    @property
    def zeros(self) -> Array:
        """Where no draw passed, shape (n_models, n_problems)."""
        return np.asarray(self.passes == 0)

    def with_problems(self, kept: ArrayLike) -> PassCounts:
        """Only these problems: rows or a mask."""
        rows = np.arange(len(self.problems))[np.asarray(kept)]
        ids = tuple(self.problems[row] for row in rows)
        return PassCounts(self.compute, self.passes[:, rows], self.draws[:, rows], self.models, ids)


def _check_names(names: tuple[str, ...], n: int, what: str) -> None:
    if len(names) != n:
        raise BadTable(f"{what}: {len(names)} names for {n}", fix="give one name each")
    if len(set(names)) < n:
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise BadTable(f"{what}: {twice} is there twice", fix="give each one row of counts")


@dataclass(frozen=True)
class Dropped:
    """A problem left out for all models."""

    problem: str
    models: tuple[str, ...]
    "Those that never passed it."


def drop_unsolved(counts: PassCounts) -> tuple[PassCounts, tuple[Dropped, ...]]:
    """Only problems that every model passed at least once (the rule of the GPT-4 Technical Report), and the others."""
    unsolved = counts.zeros.any(axis=0)
    dropped = tuple(
        Dropped(counts.problems[p], tuple(counts.models[m] for m in np.flatnonzero(counts.zeros[:, p])))
        for p in np.flatnonzero(unsolved)
    )
    return counts.with_problems(~unsolved), dropped


def log_pass_rate_inverse(passes: ArrayLike, trials: ArrayLike) -> Array:
    """Unbiased log pass rate of a problem that was drawn until the r-th pass, which came at trial K: psi(r) - psi(K).

    log(c / n) from a fixed number of draws is too low by about (1 - p) / (2 n p); sampling until the r-th pass has no
    such bias. For r = 1 it is minus the harmonic number of K - 1. Haldane 1945, Biometrika 33:222, has the design.

    Raises BadTable where a count is not positive, or K is below r.
    """
    r, k = np.asarray(passes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    if not ((r >= 1) & (k >= r)).all():
        raise BadTable("the r-th pass comes at trial r or later, and r is at least 1", fix="give r and the trial K")
    return np.asarray(psi(r) - psi(k), dtype=np.float64)


def halves(counts: PassCounts, rng: np.random.Generator) -> tuple[PassCounts, PassCounts]:
    """Each cell's draws split at random in two: one half to choose and sort problems by, the other to estimate.

    Raises BadTable where a cell has fewer than 2 draws.
    """
    if counts.draws.min() < 2:
        raise BadTable("halves need 2 or more draws of each problem", fix="draw more completions a problem")
    draws, passes = counts.draws.astype(np.int64), counts.passes.astype(np.int64)
    first = draws // 2
    passed = rng.hypergeometric(passes, draws - passes, first)

    def part(c: Codes, n: Codes) -> PassCounts:
        return PassCounts(counts.compute, c.astype(np.float64), n.astype(np.float64), counts.models, counts.problems)

    return part(passed, first), part(passes - passed, draws - first)


def difficulty_buckets(
    negative_logs: ArrayLike,
    *,
    hardest: int | None = None,
    n_buckets: int = REPORT_BUCKETS,
    ids: Sequence[str] | None = None,
) -> list[Codes]:
    """Problems in buckets from easy to hard, as rows into the table; the hardest are in none.

    negative_logs: shape (n_models, n_problems), -log pass rate by small models only, never the target. hardest: how
    many of the hardest are left out, by default 15 of 164 of them. Buckets differ in size by at most one problem, the
    easier ones first. Ties go by id.

    Raises BadTable where a value is not finite, or fewer problems than buckets are left.
    """
    values = np.atleast_2d(np.asarray(negative_logs, dtype=np.float64))
    if not np.isfinite(values).all():
        raise BadTable(
            "difficulty needs a finite log pass rate of every problem",
            fix="drop the problems that a model never passed",
        )
    n = values.shape[1]
    left_out = round(REPORT_DROPPED * n) if hardest is None else hardest
    if not 0 <= left_out <= n - n_buckets:
        raise BadTable(f"{n} problems, {left_out} left out, do not fill {n_buckets} buckets", fix="use fewer buckets")
    names = np.arange(n) if ids is None else np.argsort(np.argsort(np.asarray(ids)))
    order = np.lexsort((names, values.mean(axis=0)))[: n - left_out]
    return [rows.astype(np.int64) for rows in np.array_split(order, n_buckets)]


@dataclass(frozen=True)
class TargetScore:
    """The mean negative log pass rate of one model on a fixed set of problems."""

    value: float
    is_lower_bound: bool
    "Some problem was never passed; its rate counts as 1 / draws, so the truth is at least the value."
    n_zero: int
    n_problems: int


def target_score(passes: ArrayLike, draws: ArrayLike) -> TargetScore:
    """The target's score on the problems of a law, none left out: a problem that it never passes makes it a bound.

    passes, draws: shape (n_problems,), or draws one number.
    """
    drawn = np.asarray(draws, dtype=np.float64)
    counts = PassCounts.of([1.0], np.atleast_2d(np.asarray(passes)), drawn if drawn.ndim == 0 else drawn[None, :])
    zero = counts.zeros[0]
    rates = np.where(zero, 1.0, counts.passes[0]) / counts.draws[0]
    return TargetScore(float(-np.log(rates).mean()), bool(zero.any()), int(zero.sum()), len(rates))
