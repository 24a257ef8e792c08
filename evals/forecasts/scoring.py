"""Forecasts against outcomes: errors, coverage, and how one's own forecasts have held over time. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evals.forecasts.document import Forecast, Outcome
from evals.stats.intervals import modified_wilson

SAME_COMPUTE = 1e-6
"Relative difference up to which two amounts of compute are the same."


@dataclass(frozen=True)
class Score:
    """A forecast beside its outcome."""

    name: str
    created_at: str
    scored_at: str
    prediction: float
    actual: float
    low: float
    high: float
    confidence: float
    decades: float
    objections: tuple[str, ...]
    "Why this was no forecast, or cannot be judged: it then counts in no coverage."
    remarks: tuple[str, ...]
    "What cannot be told, or is to be known, of this comparison."

    @property
    def error(self) -> float:
        """prediction - actual, in the unit of the quantity."""
        return self.prediction - self.actual

    @property
    def relative_error(self) -> float:
        """(prediction - actual) / actual; NaN where the outcome is 0."""
        return self.error / self.actual if self.actual else math.nan

    @property
    def is_inside(self) -> bool:
        return self.low <= self.actual <= self.high

    @property
    def counts(self) -> bool:
        return not self.objections

    @property
    def interval_score(self) -> float:
        """Width, plus 2 / (1 - confidence) times the distance by which the outcome lies outside; smaller is better.

        Gneiting and Raftery 2007, JASA 102:359, section 6.2: wide intervals cost, and so do misses.
        """
        outside = max(self.low - self.actual, self.actual - self.high, 0.0)
        return self.high - self.low + 2 / (1 - self.confidence) * outside


@dataclass(frozen=True)
class Calibration:
    """How one's forecasts have held so far."""

    n: int
    n_inside: int
    expected: float
    "The mean level of their intervals: the share that should be inside."
    coverage: float
    coverage_ci95: tuple[float, float]
    p: float
    "Two-sided, of as many inside if every interval kept its level; exact, forecasts taken as independent."
    mean_relative_error: float
    "Its sign says to which side the forecasts lean."
    mean_absolute_relative_error: float
    mean_interval_score: float
    running: tuple[tuple[str, str, int, int], ...]
    "In the order of scoring: name, time, forecasts so far, of these inside."
    n_left_out: int
    "Scored, but none by the rules."


def score(forecast: Forecast, outcome: Outcome) -> Score:
    """A forecast against its outcome, with what speaks against counting it."""
    return Score(
        name=forecast.name,
        created_at=forecast.created_at,
        scored_at=outcome.scored_at,
        prediction=forecast.prediction,
        actual=outcome.value,
        low=forecast.low,
        high=forecast.high,
        confidence=forecast.confidence,
        decades=forecast.decades,
        objections=tuple(_objections(forecast, outcome)),
        remarks=tuple(_remarks(forecast, outcome)),
    )


def _objections(forecast: Forecast, outcome: Outcome) -> list[str]:
    said = []
    if forecast.target_was_known:
        said.append("the target's value stood in the files that the law was fitted to")
    if outcome.observed_at is not None and outcome.observed_at < forecast.created_at:
        times = f"at {outcome.observed_at}, before the forecast was sealed at {forecast.created_at}"
        said.append(f"the target's record began {times}")
    for point in forecast.fitted:
        if point.model == forecast.target_model or (
            _same(point.compute_flops, forecast.target_compute_flops) and _same(point.value, outcome.value)
        ):
            said.append(f"the target is among the fitted points, as {point.model}")
    if outcome.n_never_passed and outcome.value <= forecast.high:
        said.append(
            f"the target never passed {outcome.n_never_passed} of the problems: its value is a lower bound, so that "
            "inside or not cannot be told"
        )
    if outcome.compute_flops is not None and not _same(outcome.compute_flops, forecast.target_compute_flops):
        said.append(
            f"the outcome is of {outcome.compute_flops:.4g} FLOPs, the forecast for {forecast.target_compute_flops:.4g}"
        )
    return said


def _remarks(forecast: Forecast, outcome: Outcome) -> list[str]:
    said = []
    if outcome.observed_at is None:
        said.append("when the outcome was seen is not known: nothing shows that the forecast came first")
    if outcome.stderr:
        said.append(f"the outcome has a standard error of its own: {outcome.stderr:.3g}")
    if outcome.model is not None and outcome.model != forecast.target_model:
        said.append(f"the outcome is that of {outcome.model}, the forecast is for {forecast.target_model}")
    return said


def _same(one: float, two: float) -> bool:
    return math.isclose(one, two, rel_tol=SAME_COMPUTE)


def calibration(scores: Sequence[Score]) -> Calibration:
    """How the forecasts that count have held, in the order in which they were scored."""
    kept = sorted((one for one in scores if one.counts), key=lambda one: (one.scored_at, one.name))
    inside = [one.is_inside for one in kept]
    levels = [one.confidence for one in kept]
    n, n_inside = len(kept), sum(inside)
    relative = [one.relative_error for one in kept if not math.isnan(one.relative_error)]
    running = tuple((one.name, one.scored_at, i, sum(inside[:i])) for i, one in enumerate(kept, start=1))
    return Calibration(
        n=n,
        n_inside=n_inside,
        expected=_mean(levels),
        coverage=n_inside / n if n else math.nan,
        coverage_ci95=modified_wilson(n_inside, n) if n else (math.nan, math.nan),
        p=p_of_count(n_inside, levels),
        mean_relative_error=_mean(relative),
        mean_absolute_relative_error=_mean([abs(one) for one in relative]),
        mean_interval_score=_mean([one.interval_score for one in kept]),
        running=running,
        n_left_out=len(scores) - n,
    )


def p_of_count(count: int, chances: Sequence[float]) -> float:
    """Two-sided exact p-value of `count` successes of independent trials with these chances; NaN without trials.

    The sum of the chances of all counts that are not likelier (Poisson's binomial distribution, by convolution).
    """
    if not chances:
        return math.nan
    chance_of = [1.0]
    for chance in chances:
        longer = [*chance_of, 0.0]
        for k in range(len(chance_of), 0, -1):
            longer[k] = longer[k] * (1 - chance) + chance_of[k - 1] * chance
        longer[0] *= 1 - chance
        chance_of = longer
    limit = chance_of[count] * (1 + 1e-9)
    return min(1.0, math.fsum(one for one in chance_of if one <= limit))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
