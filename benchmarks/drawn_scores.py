"""What is drawn for the grid of printed intervals: rates in clusters, sizes, fractions, and cells that are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.record.event import Event
from evals.report.terminal.run import metric_lines

Array = NDArray[np.float64]
Rng = np.random.Generator
Ends = tuple[float, float]

TOO_FEW = "too few to say"
LEVEL = 93.0
"Percent of runs in which a printed interval has to hold the truth."

ICC, ICC_REPEATS = 0.3, 0.5
"Correlation of two samples of a cluster, and of two repeats of an item."

PS = (0.0, 0.02, 0.5, 0.95, 1.0)
NS = (5, 20, 50, 200, 1000)
_ENDS = re.compile(r"(?:95 % interval )?([+-]?[\d.,]+) to ([+-]?[\d.,]+)")


@dataclass(frozen=True)
class Cell:
    """One setting of one kind of number."""

    kind: str
    name: str
    draw: Callable[[Rng], str]
    "One run: the line that the command prints."
    truth: float
    outcomes: Callable[[], Iterator[tuple[float, str]]] | None = None
    "All outcomes as (chance, line) where there are few: coverage is then exact."
    is_slow: bool = False
    "A run takes more than a tenth of a second."

    @property
    def key(self) -> str:
        return f"{self.kind}: {self.name}"


def ends_of(line: str) -> Ends | None:
    """The interval in a printed line; None where it says that there are too few.

    Raises ValueError where it says neither.
    """
    if TOO_FEW in line or "not defined" in line:
        return None
    found = _ENDS.search(line)
    if found is None:
        raise ValueError(f"no interval in {line!r}")
    low, high = (float(text.replace(",", "")) for text in found.groups())
    return low, high


def line_of(report: Mapping[str, Any], name: str) -> str:
    """The line of a metric in the block that ends a run."""
    return next(line for line in metric_lines(report, ()) if line.split(" ")[0] == name)


def event(type: str, data: Mapping[str, Any]) -> Event:
    return Event("", 0, "", type, data, "", "")


def rates(p: float, icc: float, size: int, rng: Rng) -> Array:
    """Chances to be right of clusters or items, mean p; two draws of one of them are correlated by icc."""
    if p in (0, 1):
        return np.full(size, p)
    return rng.beta(p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc, size)


def sizes(n: int, n_clusters: int, equal: bool, rng: Rng) -> NDArray[np.int64]:
    """n samples in clusters of about equal size, or of sizes with a long tail."""
    if equal:
        return np.arange(n) % n_clusters
    weights = rng.lognormal(0, 0.9, n_clusters)
    drawn = rng.choice(n_clusters, n - n_clusters, p=weights / weights.sum())
    return np.concatenate([np.arange(n_clusters), drawn])


def f1_scores(mean: float, chances: Array | None, n: int, rng: Rng) -> Array:
    """Scores as F1 has them: right, wrong, and a few in between. chances: of each sample to do well."""
    if mean in (0.0, 1.0):
        return np.full(n, mean)
    lift = rng.random(n) < (mean if chances is None else chances)
    part = rng.random(n) < 0.3
    # Half of the middling scores are drawn above and half below, so that the mean stays.
    middling = np.where(lift, rng.uniform(0.6, 1.0, n), rng.uniform(0.0, 0.4, n))
    shift = (mean - 0.2) / 0.6 if 0.2 < mean < 0.8 else mean
    whole = np.where(rng.random(n) < shift, 1.0, 0.0) if chances is None else lift.astype(float)
    return np.where(part, middling, whole)


def f1_mean(mean: float, clustered: bool) -> float:
    """The true mean of `f1_scores`."""
    if mean in (0.0, 1.0):
        return mean
    shift = (mean - 0.2) / 0.6 if 0.2 < mean < 0.8 and not clustered else mean
    return 0.3 * (0.8 * mean + 0.2 * (1 - mean)) + 0.7 * shift
