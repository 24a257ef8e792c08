"""A pass-rate law for each bucket of difficulty, cross-fitted: half of the draws sorts the problems, half counts.

Choosing problems by the draws that are then scored flatters weak models: only those that were lucky stay in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evals.scaling.pass_rate_law import PassRateLaw, fit_pass_rate_law
from evals.scaling.pass_rate_result import Zeros
from evals.scaling.pass_rates import REPORT_BUCKETS, Dropped, PassCounts, difficulty_buckets, drop_unsolved, halves
from evals.stats.arrays import Array


@dataclass(frozen=True)
class BucketLaw:
    """The law of one bucket, from both directions of the cross-fit."""

    bucket: int
    "0 is the easiest."
    laws: tuple[PassRateLaw, PassRateLaw]
    "Problems sorted by the first half and counted in the second, and the other way round."
    problems: tuple[tuple[str, ...], tuple[str, ...]]
    "The ids of each direction."
    dropped: tuple[tuple[Dropped, ...], tuple[Dropped, ...]]
    "Problems that a model never passed in the half that sorts, the same for all buckets of a direction."

    def predict(self, compute: ArrayLike) -> Array:
        """The mean of both laws at each compute, in FLOPs."""
        return np.asarray((self.laws[0].predict(compute) + self.laws[1].predict(compute)) / 2, dtype=np.float64)

    @property
    def n_problems(self) -> float:
        """On average over both directions."""
        return (self.laws[0].n_problems + self.laws[1].n_problems) / 2


def fit_buckets(
    counts: PassCounts,
    rng: np.random.Generator,
    *,
    n_buckets: int = REPORT_BUCKETS,
    hardest: int | None = None,
    zeros: Zeros = "censored",
    confidence: float = 0.95,
    n_draws: int = 300,
) -> list[BucketLaw]:
    """The law of each bucket, easy to hard.

    counts: of the small models only; the target sorts nothing. hardest: problems left out as the hardest, by default 15
    of 164 of those that every model passed in the half that sorts. zeros: what happens to a problem without a pass in
    the half that counts; dropping it would bring the bias back that the halves remove.

    Raises BadTable: fewer than 2 draws of a problem, or too few problems for the buckets.
    """
    first, second = halves(counts, rng)
    both = [
        _direction(sorting, counting, rng, n_buckets, hardest, zeros, confidence, n_draws)
        for sorting, counting in ((first, second), (second, first))
    ]
    return [
        BucketLaw(at, (one[0], other[0]), (one[1], other[1]), (both[0][1], both[1][1]))
        for at, (one, other) in enumerate(zip(both[0][0], both[1][0], strict=True))
    ]


def _direction(
    sorting: PassCounts,
    counting: PassCounts,
    rng: np.random.Generator,
    n_buckets: int,
    hardest: int | None,
    zeros: Zeros,
    confidence: float,
    n_draws: int,
) -> tuple[list[tuple[PassRateLaw, tuple[str, ...]]], tuple[Dropped, ...]]:
    kept, dropped = drop_unsolved(sorting)
    logs = -np.log(kept.passes / kept.draws)
    place = {problem: row for row, problem in enumerate(counting.problems)}
    found = []
    for rows in difficulty_buckets(logs, hardest=hardest, n_buckets=n_buckets, ids=kept.problems):
        ids = tuple(kept.problems[row] for row in rows)
        part = counting.with_problems([place[problem] for problem in ids])
        law = fit_pass_rate_law(
            part.compute, part.passes, part.draws, models=part.models, problems=ids, zeros=zeros,
            confidence=confidence, n_draws=n_draws, rng=rng,
        )  # fmt: skip
        found.append((law, ids))
    return found, dropped
