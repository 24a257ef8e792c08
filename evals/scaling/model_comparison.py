"""Laws of one table side by side: AICc, what it says of each, and forecasts beside each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evals.scaling.alternatives import fit_broken_law, fit_saturating_law
from evals.scaling.loss_law import fit_loss_law
from evals.scaling.results import Law
from evals.scaling.runs import BadTable


@dataclass(frozen=True)
class ComparedLaw:
    """One law among several of the same runs."""

    law: Law
    aicc: float
    delta: float
    "AICc above the best; NaN where no law has one."
    weight: float
    "Akaike's weight: its share of the evidence among these laws; NaN where no law has an AICc."

    @property
    def supported(self) -> bool:
        """AICc at most 2 above the best (Burnham and Anderson 2002, Model Selection, 2.6)."""
        return self.delta <= 2


def compare_laws(laws: Sequence[Law]) -> list[ComparedLaw]:
    """The laws with their AICc, best first. All must be of the same runs and the same scale.

    A law whose parameters are too many for its runs has an infinite AICc, and so a weight of 0.

    Raises BadTable for no law.
    """
    if not laws:
        raise BadTable("no law to compare")
    values = np.array([law.aicc for law in laws])
    best = float(values.min())
    if not math.isfinite(best):
        return [ComparedLaw(law, law.aicc, math.nan, math.nan) for law in laws]
    evidence = np.exp(-(values - best) / 2)
    weights = evidence / evidence.sum()
    found = [
        ComparedLaw(law, float(value), float(value - best), float(weight))
        for law, value, weight in zip(laws, values, weights, strict=True)
    ]
    return sorted(found, key=lambda one: one.aicc)


def loss_laws(compute: ArrayLike, loss: ArrayLike, *, weights: ArrayLike | None = None) -> list[ComparedLaw]:
    """The loss law, the one without constant, and the alternatives that the runs are enough for, best AICc first.

    compute, loss, weights: shape (n,), as of `fit_loss_law`, whose errors it raises.
    """
    laws: list[Law] = [
        fit_loss_law(compute, loss, weights=weights),
        fit_loss_law(compute, loss, weights=weights, c=0.0),
    ]
    for fit in (fit_saturating_law, fit_broken_law):
        try:
            laws.append(fit(compute, loss, weights=weights))
        except BadTable:
            continue
    return compare_laws(laws)
