"""The score law: accuracy as a logistic curve over log compute, between the level of guessing and a ceiling.

An observational law for benchmark scores of public models (Owen 2024, arXiv:2401.04757; Ruan et al. 2024,
arXiv:2405.10938), weaker than a law of the loss: the ceiling is assumed, and where the curve bends is seen only after
it has bent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import f as f_distribution

from evals.scaling.batched_laws import sigmoid
from evals.scaling.batched_least_squares import Minimum, minimise
from evals.scaling.results import aicc, finite
from evals.scaling.runs import BadTable, check_positive
from evals.stats.arrays import Array, Codes, check_confidence
from evals.stats.estimate import Interval

MIN_MODELS = 3
SLOPES = (-0.5, -0.1, 0.1, 0.3, 1.0, 3.0)
"Starts, in log odds for each factor of e in compute."
N_TRIED = 401
"Scores that are tried for a prediction interval, evenly from 0 to 1."
AT_CHANCE = 0.03
"A curve below this share of the way from chance to the ceiling has not left guessing."


@dataclass(frozen=True)
class ScoreLaw:
    """score = chance + (ceiling - chance) / (1 + exp(-(level + slope log(C / compute_unit))))."""

    level: float
    "Log odds at `compute_unit`, of the way from chance to the ceiling."
    slope: float
    "Log odds for each factor of e in compute; may be negative."
    chance: float
    ceiling: float
    compute_unit: float
    compute: Array
    scores: Array
    "Shape (n,), by ascending compute."
    noise: float
    """Standard deviation of one model's score around the curve, with n - 2 degrees of freedom; never less than the
    sampling error of `n_items` questions where they are given."""
    aicc: float
    "On the scale of scores."
    warnings: tuple[str, ...]

    name = "score law (logistic over log compute)"
    formula = "score = chance + (ceiling - chance) / (1 + exp(-(level + slope log(C / C_max))))"

    @property
    def parameters(self) -> dict[str, float]:
        """level and slope by name."""
        return {"level": self.level, "slope": self.slope}

    @property
    def n(self) -> int:
        """Models."""
        return len(self.compute)

    @property
    def residuals(self) -> Array:
        """Shape (n,): score minus law."""
        return self.scores - self.predict(self.compute)

    def predict(self, compute: ArrayLike) -> Array:
        """The law's score at each compute, in FLOPs."""
        odds = self.level + self.slope * np.log(np.asarray(compute, dtype=np.float64) / self.compute_unit)
        return np.asarray(self.chance + (self.ceiling - self.chance) * sigmoid(odds), dtype=np.float64)

    def interval(self, compute: float, confidence: float = 0.95) -> Interval:
        """Every score of one more model there with which the best curve of all n + 1 is not significantly worse.

        By the F ratio with 1 and n - 2 degrees of freedom, over a grid of scores from 0 to 1. From models that have not
        left guessing it reaches up to the ceiling: a curve may rise anywhere beyond them.
        """
        check_confidence(confidence)
        at = math.log(compute / self.compute_unit)
        x = np.append(np.log(self.compute / self.compute_unit), at)
        center = float(self.predict(compute))
        tried = np.unique(np.append(np.linspace(0, 1, N_TRIED), center))
        scores = np.concatenate([np.broadcast_to(self.scores, (len(tried), self.n)), tried[:, None]], axis=1)
        through = self._through(tried, at)
        squares = np.min([_fit(x, scores, start, self.chance, self.ceiling).objective for start in through], axis=0)
        allowed = float((self.residuals**2).sum()) + self.noise**2 * float(
            f_distribution.ppf(confidence, 1, self.n - 2)
        )
        kept = tried[squares <= allowed + 1e-12]
        return Interval(min(float(kept.min()), center), max(float(kept.max()), center), confidence)

    def _through(self, tried: Array, at: float) -> list[Array]:
        """Starts: this law, and curves of several slopes through each tried score at the target."""
        share = np.clip((tried - self.chance) / (self.ceiling - self.chance), 1e-3, 1 - 1e-3)
        odds = np.log(share / (1 - share))
        starts = [np.tile([self.level, self.slope], (len(tried), 1))]
        return starts + [np.stack([odds - slope * at, np.full(len(tried), slope)], axis=1) for slope in SLOPES]

    def to_dict(self) -> dict[str, Any]:
        """The law as plain values for JSON."""
        return {
            "law": self.name,
            "formula": self.formula,
            "parameters": self.parameters,
            "chance": self.chance,
            "ceiling": self.ceiling,
            "compute_unit_flops": self.compute_unit,
            "n": self.n,
            "noise": self.noise,
            "aicc": finite(self.aicc),
            "warnings": list(self.warnings),
        }


def fit_score_law(
    compute: ArrayLike, scores: ArrayLike, *, chance: float = 0.0, ceiling: float = 1.0, n_items: int | None = None
) -> ScoreLaw:
    """The logistic curve from chance to the ceiling over log compute, by least squares of the score.

    compute: shape (n,), FLOPs. scores: shape (n,), each in [0, 1]. chance: the score of guessing; scores may lie below
    it. n_items: questions behind each score; their sampling error is the least noise that is counted with.

    Raises BadTable: fewer than 3 amounts of compute, scores outside [0, 1], or chance not below the ceiling.
    """
    flops, values = _checked(compute, scores, chance, ceiling)
    x = np.log(flops / flops[-1])
    starts = np.array([[level, slope] for slope in SLOPES for level in (-3.0, -1.0, 0.0, 1.0, 3.0)])
    rows = np.broadcast_to(values, (len(starts), len(values)))
    found = _fit(x, rows, starts, chance, ceiling)
    best = int(np.argmin(found.objective))
    level, slope = (float(value) for value in found.parameters[best])
    squares, n = float(found.objective[best]), len(values)
    sampling = float(np.mean(values * (1 - values))) / n_items if n_items else 0.0
    noise = math.sqrt(max(squares / (n - 2), sampling))
    return ScoreLaw(
        level, slope, chance, ceiling, float(flops[-1]), flops, values, noise, aicc(math.sqrt(squares / n), n, 2),
        tuple(_warnings(level, slope, x)),
    )  # fmt: skip


def _checked(compute: ArrayLike, scores: ArrayLike, chance: float, ceiling: float) -> tuple[Array, Array]:
    """Compute and scores by ascending compute."""
    flops, values = np.asarray(compute, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if flops.ndim != 1 or flops.shape != values.shape:
        raise BadTable(f"compute and scores: one number a model each, got {flops.shape} and {values.shape}")
    check_positive(flops, "compute", "model")
    if not ((values >= 0) & (values <= 1)).all():
        bad = values[~((values >= 0) & (values <= 1))][0]
        raise BadTable(f"a score is {bad:g}; each is between 0 and 1", fix="divide percentages by 100")
    if not 0 <= chance < ceiling <= 1:
        raise BadTable(f"chance {chance:g} and ceiling {ceiling:g}: 0 <= chance < ceiling <= 1 is needed")
    if len(np.unique(flops)) < MIN_MODELS:
        said = f"{len(np.unique(flops))} different amounts of compute, but the curve needs {MIN_MODELS}"
        raise BadTable(said, fix="add models of other sizes")
    order = np.argsort(flops, kind="stable")
    return flops[order], values[order]


def _fit(x: Array, scores: Array, start: Array, chance: float, ceiling: float) -> Minimum:
    """Level and slope of each row of scores."""

    def model(at: Array, rows: Codes) -> tuple[Array, Sequence[Array]]:
        share = sigmoid(at[:, :1] + at[:, 1:] * x)
        steep = (ceiling - chance) * share * (1 - share)
        return chance + (ceiling - chance) * share, (steep, steep * x)

    return minimise(model, start, scores, np.ones(scores.shape), max_steps=100)


def _warnings(level: float, slope: float, x: Array) -> list[str]:
    said = []
    if float(sigmoid(level + slope * x).max()) < AT_CHANCE:
        said.append("no model has left guessing: where the score will rise is not in these data")
    if slope <= 0:
        said.append("the score does not rise with compute")
    return said
