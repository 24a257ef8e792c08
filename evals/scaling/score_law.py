"""The score law: accuracy as a logistic curve over log compute, between the level of guessing and a ceiling.

An observational law for benchmark scores of public models (Owen 2024, arXiv:2401.04757; Ruan et al. 2024,
arXiv:2405.10938), weaker than a law of the loss: the ceiling is assumed, and where the curve bends is seen only after
it has bent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as t_distribution

from evals.scaling.results import aicc, finite
from evals.scaling.runs import BadTable, check_positive
from evals.stats.arrays import Array, check_confidence
from evals.stats.estimate import Interval

MIN_MODELS = 3
EDGE = 0.01
"A score this close to guessing or to the ceiling, as a share of the way between, counts as this far from it."


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
    residuals: Array
    "Shape (n,): in log odds, by ascending compute."
    aicc: float
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

    def predict(self, compute: ArrayLike) -> Array:
        """The law's score at each compute, in FLOPs."""
        odds = self.level + self.slope * np.log(np.asarray(compute, dtype=np.float64) / self.compute_unit)
        return self._score(odds)

    def _score(self, log_odds: Array) -> Array:
        share = 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))
        return np.asarray(self.chance + (self.ceiling - self.chance) * share, dtype=np.float64)

    def interval(self, compute: float, confidence: float = 0.95) -> Interval:
        """Student's prediction interval of one more model, with n - 2 degrees of freedom, made in log odds."""
        check_confidence(confidence)
        x = np.log(self.compute / self.compute_unit)
        at = math.log(compute / self.compute_unit)
        lever = 1 / self.n + (at - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum()
        noise = float((self.residuals**2).sum()) / (self.n - 2)
        half = float(t_distribution.ppf((1 + confidence) / 2, self.n - 2)) * math.sqrt(noise * (1 + lever))
        center = self.level + self.slope * at
        low, high = self._score(np.array([center - half, center + half]))
        return Interval(float(low), float(high), confidence)

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
            "aicc": finite(self.aicc),
            "warnings": list(self.warnings),
        }


def fit_score_law(compute: ArrayLike, scores: ArrayLike, *, chance: float = 0.0, ceiling: float = 1.0) -> ScoreLaw:
    """The line of the log odds of the way from chance to the ceiling against log compute, by least squares.

    compute: shape (n,), FLOPs. scores: shape (n,), each in [0, 1]. chance: the score of guessing. A score at or below
    chance has no log odds: it counts as 1 % of the way, and a warning says so.

    Raises BadTable: fewer than 3 amounts of compute, scores outside [0, 1], or chance not below the ceiling.
    """
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
        said = f"{len(np.unique(flops))} different amounts of compute, but the line needs {MIN_MODELS}"
        raise BadTable(said, fix="add models of other sizes")
    order = np.argsort(flops, kind="stable")
    flops, share = flops[order], (values[order] - chance) / (ceiling - chance)
    held = np.clip(share, EDGE, 1 - EDGE)
    odds, x = np.log(held / (1 - held)), np.log(flops / flops[-1])
    slope = float(((x - x.mean()) * (odds - odds.mean())).sum() / ((x - x.mean()) ** 2).sum())
    level = float(odds.mean() - slope * x.mean())
    residuals = odds - level - slope * x
    rms = float(np.sqrt(np.mean(residuals**2)))
    return ScoreLaw(
        level, slope, chance, ceiling, float(flops[-1]), flops, residuals, aicc(rms, len(flops), 2),
        tuple(_warnings(share, slope)),
    )  # fmt: skip


def _warnings(share: Array, slope: float) -> list[str]:
    said = []
    low, high = int((share < EDGE).sum()), int((share > 1 - EDGE).sum())
    if low:
        said.append(f"{low} scores are at chance or below and count as {EDGE:.0%} above it: the slope leans on that")
    if high:
        said.append(f"{high} scores are at the ceiling and count as {EDGE:.0%} below it")
    if slope <= 0:
        said.append("the score does not rise with compute")
    return said
