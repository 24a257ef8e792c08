"""Maximum likelihood of pairwise comparisons, Bradley-Terry or with Davidson's ties, for many weightings at once."""

from __future__ import annotations

import functools
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize, sparse
from scipy.sparse import csgraph

from evals.stats.arrays import Array, Codes, as_codes
from evals.stats.comparison_graphs import apart_from_the_rest, why_unbounded

Ties = Literal["half", "davidson"]

MAX_STEPS = 200
BLOCK = 2**24
"Weights of comparisons that are drawn at a time."


@dataclass(frozen=True)
class Games:
    """Comparisons as pairs of numbers of models, the smaller number first."""

    names: tuple[Hashable, ...]
    pair: Codes
    "Shape (n,): which of `pairs` met."
    pairs: Codes
    "Shape (n_pairs, 2)."
    sign: Array
    "Shape (n,): 1 where the first of the pair won, -1 where the second did, 0 for a tie."
    ties: Ties

    @classmethod
    def of(cls, first: list[Hashable], second: list[Hashable], outcomes: Array, ties: Ties) -> Games:
        if ties not in ("half", "davidson"):
            raise ValueError(f"ties is 'half' or 'davidson', got {ties!r}")
        if not np.all(np.isin(outcomes, (0.0, 0.5, 1.0))):
            raise ValueError("an outcome is 1 (first won), 0 (second won) or 0.5 (tie)")
        both = as_codes([*first, *second], 2 * len(outcomes), "models")
        one, other = both[: len(outcomes)], both[len(outcomes) :]
        if np.any(one == other):
            raise ValueError(f"model {first[int(np.argmax(one == other))]!r} was compared with itself")
        low, high = np.minimum(one, other), np.maximum(one, other)
        names = tuple(dict.fromkeys([*first, *second]))
        keys, pair = np.unique(low * max(1, len(names)) + high, return_inverse=True)
        pairs = np.stack([keys // max(1, len(names)), keys % max(1, len(names))], axis=1)
        sign = np.where(one == low, 1.0, -1.0) * (2 * outcomes - 1)
        return cls(names, pair.astype(np.int64), pairs, sign, ties)

    @property
    def fits_ties(self) -> bool:
        """Davidson's parameter is fitted where there are ties; without any it is 0."""
        return self.ties == "davidson" and bool(np.any(self.sign == 0))

    @functools.cached_property
    def halves(self) -> Array:
        """Shape (n_pairs, n_models): strengths to half the difference of each pair."""
        matrix = np.zeros((len(self.pairs), len(self.names)))
        rows = np.arange(len(self.pairs))
        matrix[rows, self.pairs[:, 0]], matrix[rows, self.pairs[:, 1]] = 0.5, -0.5
        return matrix

    def refuse_unbounded(self) -> None:
        """Raises ValueError if the likelihood has no single finite maximum.

        It has one if every model can be reached from every other along its losses (Ford 1957, American Mathematical
        Monthly 64:28), ties leading both ways. With a tie parameter, wins alone must connect them, or else a linear
        programme decides: there is no maximum if along some direction no outcome's chance falls.
        """
        if self._is_connected(by_ties=not self.fits_ties):
            return
        if not self.fits_ties or not self._is_bounded():
            why = why_unbounded(self.names, self._graph(by_ties=not self.fits_ties), self.met)
            raise ValueError(f"no finite strengths: {why}. Compare more, or set a small ridge such as 0.01.")

    def unbounded(self) -> list[int]:
        """The models, by number, whose strengths only a ridge keeps finite; see `apart_from_the_rest`."""
        return apart_from_the_rest(self._graph(by_ties=True), self.met)

    @property
    def met(self) -> sparse.csr_array:
        """Which models were compared at all, shape (n_models, n_models)."""
        shape = (len(self.names), len(self.names))
        return sparse.csr_array((np.ones(len(self.pairs)), (self.pairs[:, 0], self.pairs[:, 1])), shape=shape)

    def _is_connected(self, *, by_ties: bool) -> bool:
        """Whether each model is reached from each other, from losers to winners. by_ties: and along ties."""
        return bool(csgraph.connected_components(self._graph(by_ties=by_ties), connection="strong")[0] == 1)

    def _graph(self, *, by_ties: bool) -> sparse.csr_array:
        """From losers to winners, shape (n_models, n_models)."""
        first, second = self.pairs[self.pair].T
        lost, won = (first[self.sign < 0], second[self.sign > 0]), (second[self.sign < 0], first[self.sign > 0])
        tied = self.sign == 0 if by_ties else np.zeros(len(self.sign), dtype=bool)
        starts = np.concatenate([*lost, first[tied], second[tied]])
        ends = np.concatenate([*won, second[tied], first[tied]])
        return sparse.csr_array((np.ones(len(starts)), (starts, ends)), shape=(len(self.names), len(self.names)))

    def _is_bounded(self) -> bool:
        """Whether there is a single finite maximum, with a tie parameter."""
        n_models = len(self.names)
        kept = np.unique(np.stack([self.pair, self.sign.astype(np.int64)], axis=1), axis=0)
        gap = np.concatenate([self.halves[kept[:, 0]], np.zeros((len(kept), 1))], axis=1)
        sign, tie = kept[:, 1:2], np.eye(n_models + 1)[-1:]
        won, tied = gap[sign[:, 0] != 0] * sign[sign[:, 0] != 0], gap[sign[:, 0] == 0]
        cone = np.concatenate([2 * won, won - tie, tie - tied, tie + tied])
        return not _has_recession(cone) and bool(np.linalg.matrix_rank(cone) == n_models)


@dataclass(frozen=True)
class Fit:
    """Strengths of each row of weights, shape (n_draws, n_models), adding up to 0, and the tie parameters."""

    values: Array
    tie_parameter: Array


@dataclass(frozen=True)
class PairSums:
    """What the likelihood needs of the comparisons, for each weighting and pair, shape (n_draws, n_pairs)."""

    played: Array
    lead: Array
    "Wins less losses of the first of the pair."
    tied: Array


def fit(games: Games, weights: Array, ridge: float = 0.0, prompt: Codes | None = None) -> Fit:
    """Newton's method on the log-likelihood, which is concave, for many weightings of the comparisons at once.

    weights: shape (n_draws, n) or, with the prompt of each comparison, (n_draws, n_prompts).
    """
    return fit_sums(games, sums_of_pairs(games, weights, prompt), ridge)


def fit_sums(games: Games, sums: PairSums, ridge: float = 0.0) -> Fit:
    """As `fit`, from the sums of each weighting."""
    n_models, n_draws = len(games.names), len(sums.played)
    at = np.zeros((n_draws, n_models + games.fits_ties))
    for _ in range(MAX_STEPS):
        slope, curvature = _derivatives(games, sums, at, ridge)
        step = np.linalg.solve(curvature, slope[..., None])[..., 0]
        # Far from the maximum a whole step may overshoot.
        step *= np.minimum(1.0, 2.0 / np.maximum(np.abs(step).max(axis=1, keepdims=True, initial=0.0), 1e-300))
        at += step
        if np.abs(step).max(initial=0.0) < 1e-10:
            break
    values = at[:, :n_models] - at[:, :n_models].sum(axis=1, keepdims=True) / n_models
    if games.ties == "half":
        return Fit(values, np.full(n_draws, np.nan))
    return Fit(values, np.exp(at[:, -1]) if games.fits_ties else np.zeros(n_draws))


def sums_of_pairs(games: Games, weights: Array, prompt: Codes | None) -> PairSums:
    """The sums of weighted comparisons. weights, prompt: as for `fit`."""
    n = len(games.pair)
    shape = (len(games.pairs), weights.shape[1])
    rows = np.arange(n) if prompt is None else prompt
    sums = []
    for counted in (np.ones(n), games.sign, (games.sign == 0).astype(np.float64)):
        of_prompts = sparse.csr_array((counted, (games.pair, rows)), shape=shape)
        sums.append(np.asarray((of_prompts @ weights.T).T, dtype=np.float64))
    return PairSums(*sums)


def bootstrap_sums(
    games: Games, prompt: Codes, n_draws: int, rng: np.random.Generator, rater: Codes | None = None
) -> PairSums:
    """The sums of `n_draws` weightings of the Bayesian bootstrap, whose weights of prompts add up to their number.

    rater: of each comparison; its weight is then that of its prompt times that of its rater.

    Many comparisons, each on a prompt of its own: the weights of those of a pair with one outcome add up to a gamma
    variable, which is drawn itself. So the time does not depend on the number of comparisons.
    """
    n, n_prompts = len(prompt), int(prompt.max()) + 1
    if rater is not None:
        return _crossed_sums(games, prompt, rater, n_draws, rng)
    if n == n_prompts and n * n_draws > BLOCK:
        return _gamma_sums(games, n_draws, rng)
    parts = []
    for start in range(0, n_draws, max(1, BLOCK // n_prompts)):
        size = min(max(1, BLOCK // n_prompts), n_draws - start)
        weights = rng.exponential(size=(size, n_prompts))
        weights *= n_prompts / weights.sum(axis=1, keepdims=True)
        parts.append(sums_of_pairs(games, weights, prompt))
    return _joined(parts)


def _joined(parts: list[PairSums]) -> PairSums:
    return PairSums(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("played", "lead", "tied")))


def _crossed_sums(games: Games, prompt: Codes, rater: Codes, n_draws: int, rng: np.random.Generator) -> PairSums:
    """Product weights of two crossed factors: Owen and Eckles 2012 (Annals of Applied Statistics 6:895)."""
    n, parts = len(prompt), []
    for start in range(0, n_draws, max(1, BLOCK // n)):
        size = min(max(1, BLOCK // n), n_draws - start)
        weights = rng.exponential(size=(size, int(prompt.max()) + 1))[:, prompt]
        weights *= rng.exponential(size=(size, int(rater.max()) + 1))[:, rater]
        weights *= n / weights.sum(axis=1, keepdims=True)
        parts.append(sums_of_pairs(games, weights, None))
    return _joined(parts)


def _gamma_sums(games: Games, n_draws: int, rng: np.random.Generator) -> PairSums:
    n_pairs = len(games.pairs)
    counts = np.stack([np.bincount(games.pair[games.sign == sign], minlength=n_pairs) for sign in (1, -1, 0)])
    drawn = rng.standard_gamma(counts.astype(np.float64), size=(n_draws, 3, n_pairs))
    drawn *= len(games.pair) / drawn.sum(axis=(1, 2), keepdims=True)
    won, lost, tied = drawn.transpose(1, 0, 2)
    return PairSums(won + lost + tied, won - lost, tied)


def _derivatives(games: Games, sums: PairSums, at: Array, ridge: float) -> tuple[Array, Array]:
    """Slope of the log-likelihood at each draw's parameters, and minus its second derivatives.

    The sum of strengths, which the data leave open, gets a unit weight in the latter.
    """
    n_models, halves = len(games.names), games.halves
    values, log_nu = at[:, :n_models], at[:, n_models:]
    win, loss, tie = _chances((values[:, games.pairs[:, 0]] - values[:, games.pairs[:, 1]]) / 2, log_nu)
    lead = win - loss
    slope = np.zeros_like(at)
    slope[:, :n_models] = (sums.lead - sums.played * lead) @ halves - ridge * values
    curvature = np.zeros((*at.shape, at.shape[1]))
    spread = sums.played * (win + loss - lead**2)
    first, second = games.pairs.T
    curvature[:, first, second] = curvature[:, second, first] = -spread / 4
    curvature[:, range(n_models), range(n_models)] = spread @ halves**2
    curvature[:, :n_models, :n_models] += 1 / n_models + ridge * np.eye(n_models)
    if games.fits_ties:
        slope[:, -1] = np.sum(sums.tied - sums.played * tie, axis=1) - ridge * at[:, -1]
        across = -(sums.played * lead * tie) @ halves
        curvature[:, :-1, -1] = curvature[:, -1, :-1] = across
        curvature[:, -1, -1] = np.sum(sums.played * tie * (1 - tie), axis=1) + ridge
    return slope, curvature


def _chances(gap: Array, log_nu: Array) -> tuple[Array, Array, Array]:
    """Of the first of each pair to win, to lose and to tie; `gap` is half the difference of strengths.

    log_nu: shape (n_draws, 1), or (n_draws, 0) where ties have no part of their own.
    """
    log_ties = log_nu if log_nu.shape[1] else np.full((len(gap), 1), -np.inf)
    largest = np.maximum(np.abs(gap), log_ties)
    win, loss, tie = np.exp(gap - largest), np.exp(-gap - largest), np.exp(log_ties - largest)
    total = win + loss + tie
    return win / total, loss / total, tie / total


def _has_recession(cone: Array) -> bool:
    """Whether some direction makes all rows of `cone` at least 0 and one of them more."""
    found = optimize.linprog(
        -cone.sum(axis=0), A_ub=np.concatenate([-cone, cone]), b_ub=np.repeat([0.0, 1.0], len(cone)), bounds=(-10, 10)
    )
    return bool(-found.fun > 1e-7)
