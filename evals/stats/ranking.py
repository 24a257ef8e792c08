"""Strengths of several models from pairwise comparisons, with intervals of strengths and of ranks."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array, as_codes, as_scores, check_confidence
from evals.stats.bradley_terry import Games, Ties, bootstrap_sums, fit, fit_sums
from evals.stats.comparison_graphs import groups_that_met
from evals.stats.estimate import Interval


def elo_of(strength: float) -> float:
    """1000 + (400 / ln 10) strength: 400 points are odds of 10."""
    return 1000 + 400 / math.log(10) * strength


@dataclass(frozen=True)
class Strength:
    """One model's place in a ranking."""

    name: Hashable
    value: float
    "Log of its Bradley-Terry strength; over all models these add up to 0."
    stderr: float
    low: float
    high: float
    rank: int
    "1 for the strongest."
    rank_low: int
    "The best and the worst rank within the interval's level."
    rank_high: int

    @property
    def elo(self) -> float:
        """The strength as Elo points."""
        return elo_of(self.value)


@dataclass(frozen=True)
class Ranking:
    """Models by falling strength."""

    strengths: tuple[Strength, ...]
    tie_parameter: float
    "Davidson's nu: P(tie) over the geometric mean of the two chances to win; NaN where ties are half wins."
    n: int
    "Comparisons."
    n_prompts: int
    confidence: float
    groups: tuple[tuple[Hashable, ...], ...] = ()
    "The models in groups that are joined by comparisons; strengths of different groups cannot be compared."
    unbounded: tuple[Hashable, ...] = ()
    "Models that always won or always lost: only the ridge keeps their strengths finite, so they have no interval."
    draws: Mapping[Hashable, Array] = field(default_factory=dict, compare=False, repr=False)
    "The strengths of each model over the bootstrap draws."

    def win_interval(self, name: Hashable, other: Hashable) -> Interval:
        """The percentile interval of `win_chance`; undefined without draws and for models that are `unbounded`."""
        gap = np.asarray(self.draws[name] - self.draws[other], dtype=np.float64)
        chances = 1 / (1 + np.exp(-gap))
        low, high = np.quantile(chances, [0.5 - self.confidence / 2, 0.5 + self.confidence / 2])
        return Interval(float(low), float(high), self.confidence)

    def win_chance(self, name: Hashable, other: Hashable) -> float:
        """Chance that `name` is preferred to `other`, given that there is no tie."""
        value = {strength.name: strength.value for strength in self.strengths}
        return 1 / (1 + math.exp(value[other] - value[name]))


def rank_models(
    first: Iterable[Hashable],
    second: Iterable[Hashable],
    outcomes: ArrayLike,
    *,
    rng: np.random.Generator,
    prompts: Iterable[Hashable] | None = None,
    raters: Iterable[Hashable] | None = None,
    ties: Ties = "half",
    ridge: float = 0.0,
    n_draws: int = 1000,
    confidence: float = 0.95,
) -> Ranking:
    """Maximum-likelihood strengths of models that were compared in pairs.

    outcomes: 1 where `first` won, 0 where `second` did, 0.5 for a tie. Bradley and Terry 1952 (Biometrika 39:324) with
    a tie as half a win for each, or ties as Davidson 1970 (Journal of the American Statistical Association 65:317).
    prompts: ids; comparisons on one prompt are drawn together. Intervals and ranks: percentiles of the Bayesian
    bootstrap of prompts (Rubin 1981, Annals of Statistics 9:130), whose draws keep every comparison with some
    weight, so that each has a finite optimum if the data have one. Few prompts give intervals that are too narrow.
    raters: who judged; the intervals then hold for other raters too, and few raters give too narrow ones.
    ridge: a penalty of ridge / 2 times the sum of squared strengths (and of the squared log tie parameter).
    Errors and intervals NaN for one prompt, and for models that always won or always lost: the bootstrap would only
    show what the ridge says of them. They may have any rank.

    Raises:
        ValueError: without a ridge, a model that never lost or never won, or groups of models of which one always won
        or that never met, have no finite strength; an outcome other than 0, 0.5 and 1 (NaN included).
    """
    check_confidence(confidence)
    games = Games.of(list(first), list(second), as_scores(outcomes, "outcomes"), ties)
    n = len(games.pair)
    if n == 0:
        return Ranking((), math.nan, 0, 0, confidence)
    if ridge <= 0:
        games.refuse_unbounded()
    prompt = np.arange(n) if prompts is None else as_codes(prompts, n, "prompts")
    n_prompts = int(prompt.max()) + 1
    fitted = fit(games, np.ones((1, n)), ridge)
    values = fitted.values[0]
    draws = np.full((2, len(values)), np.nan)
    if n_prompts > 1:
        rater = None if raters is None else as_codes(raters, n, "raters")
        draws = fit_sums(games, bootstrap_sums(games, prompt, n_draws, rng, rater), ridge).values
    apart = games.unbounded() if ridge > 0 else []
    draws[:, apart] = np.nan
    strengths = _strengths(games.names, values, draws, confidence)
    groups = tuple(map(tuple, groups_that_met(games.names, games.met)))
    by_name = dict(zip(games.names, draws.T, strict=True))
    unbounded = tuple(games.names[place] for place in apart)
    return Ranking(strengths, float(fitted.tie_parameter[0]), n, n_prompts, confidence, groups, unbounded, by_name)


_SAME = 1e-6
"Strengths closer than this are equal: the fit is no more exact."


def _rank_ends(draws: Array, tails: list[float]) -> tuple[Array, Array]:
    """The best and the worst rank of each model over the draws, shape (n_models,).

    Models of equal strength share all their ranks in a draw: comparisons that are nothing but ties rank nobody. Models
    without draws (NaN) may stand anywhere.
    """
    n_models, known = draws.shape[1], ~np.isnan(draws).any(axis=0)
    lowest, highest = np.ones(n_models), np.full(n_models, float(n_models))
    if known.any():
        lowest[known], highest[known] = _known_ranks(draws[:, known], tails)
        highest[known] += n_models - known.sum()
    return lowest, highest


def _known_ranks(draws: Array, tails: list[float]) -> tuple[Array, Array]:
    apart = draws[:, None, :] - draws[:, :, None]
    best = 1 + (apart > _SAME).sum(axis=2)
    worst = draws.shape[1] - (apart < -_SAME).sum(axis=2)
    lowest = np.quantile(best, tails[0], axis=0, method="nearest")
    highest = np.quantile(worst, tails[1], axis=0, method="nearest")
    return np.asarray(lowest, dtype=np.float64), np.asarray(highest, dtype=np.float64)


def _strengths(names: tuple[Hashable, ...], values: Array, draws: Array, confidence: float) -> tuple[Strength, ...]:
    tails = [0.5 - confidence / 2, 0.5 + confidence / 2]
    low, high = np.quantile(draws, tails, axis=0)
    best, worst = _rank_ends(draws, tails)
    order = np.argsort(-values, kind="stable")
    return tuple(
        Strength(
            name=names[i],
            value=float(values[i]),
            stderr=float(draws[:, i].std(ddof=1)),
            low=float(low[i]),
            high=float(high[i]),
            rank=place,
            rank_low=int(best[i]),
            rank_high=int(worst[i]),
        )
        for place, i in enumerate(order.tolist(), start=1)
    )
