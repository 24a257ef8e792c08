"""How far probabilities can be believed: calibration errors, proper scores, ranking, and one refitted temperature."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evals.stats.arrays import Array, as_scores, check_confidence, cluster_sums
from evals.stats.calibration_errors import (
    N_SIMULATIONS,
    BinnedError,
    Points,
    Statistic,
    auroc,
    debiased_l2,
    drawn_answers,
    ece,
    equal_mass,
    equal_width,
    errors_if_calibrated,
    max_gap,
    mean_statistic,
    option_points,
    top_points,
)
from evals.stats.estimate import Interval
from evals.stats.proportions import proportion_estimate
from evals.stats.resampling import Resampler

BLOCK = 2**22
"Weights held at a time (32 MB)."
MIN_SPLIT = 20
"Questions below which no temperature is fitted to half of them."


@dataclass(frozen=True)
class Measure:
    """A number with its interval; n questions went in."""

    value: float
    interval: Interval
    n: int


@dataclass(frozen=True)
class Bin:
    """Points whose probability lies in (low, high]; zero belongs to the first bin."""

    low: float
    high: float
    n: int
    "Points."
    n_questions: int
    confidence: float
    "Mean probability of the points."
    accuracy: float
    "Share of the points that are correct."
    interval: Interval
    "Of the accuracy; points of one question count as one cluster."


@dataclass(frozen=True)
class Temperature:
    """One temperature fitted to half of the questions, and the per-choice ECE of the other half."""

    temperature: float
    "Probabilities become softmax(log p / temperature); above 1 they were too sure."
    n_fitted: int
    before: Measure
    after: Measure


@dataclass(frozen=True)
class Calibration:
    """What the probabilities of one run are worth."""

    n_questions: int
    n_points: int
    bins: tuple[Bin, ...]
    "Of all options where there are options, else of the stated confidences; empty bins are left out."
    top_bins: tuple[Bin, ...]
    "Of the most probable option of each question."
    measures: Mapping[str, Measure]
    "`ece` and others by name; see `choice_calibration` and `confidence_calibration`."
    ece_if_calibrated: Measure
    "Mean ECE of answers drawn from these very probabilities, and the range of 95 % of such draws."
    p_calibrated: float
    "Share of such draws with an ECE as large as the one seen."
    temperature: Temperature | None = None


def choice_probabilities(logprobs: ArrayLike) -> Array:
    """Softmax over each row, shape (n_questions, n_options); NaN marks options that a question does not have."""
    values = np.asarray(logprobs, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"logprobs: one row a question and one column an option needed, got shape {values.shape}")
    shifted = np.exp(values - np.nanmax(values, axis=1, keepdims=True))
    result: Array = shifted / np.nansum(shifted, axis=1, keepdims=True)
    return result


def choice_calibration(
    logprobs: ArrayLike,
    answers: ArrayLike,
    *,
    rng: np.random.Generator,
    n_bins: int = 10,
    n_draws: int = 2000,
    confidence: float = 0.95,
) -> Calibration:
    """Calibration of multiple choice from the log probabilities of the options.

    logprobs: shape (n_questions, n_options), NaN where a question has fewer options. answers: column of the right one.
    Measures: `ece` (per choice, as in Figure 8 of the GPT-4 Technical Report: every option of every question is a
    point), `top_label_ece` (Guo et al. 2017, arXiv:1706.04599), `equal_mass_ece` (per choice, bins of equally many
    points), `l2_debiased` (per choice, signed root of the mean squared gap less its noise, Kumar et al. 2019,
    arXiv:1909.10155), `max_bin_error` (per choice), `brier` (sum over options, Brier 1950), `nll` (nats), `auroc` (of
    the top probability for being right), `accuracy`. Intervals: `n_draws` bootstrap draws of whole questions.

    Raises:
        ValueError: no question, shapes that do not fit, or an answer that is no option.
    """
    probabilities = choice_probabilities(logprobs)
    right = np.asarray(answers, dtype=np.int64)
    n = len(probabilities)
    if n == 0 or right.shape != (n,):
        raise ValueError(f"{n} rows of log probabilities and {right.size} answers: one answer a row, at least one row")
    if np.any((right < 0) | (right >= probabilities.shape[1])) or np.any(np.isnan(probabilities[range(n), right])):
        raise ValueError("answers: each must be the column of an option that its question has")
    points, top = option_points(probabilities, right), top_points(probabilities, right)
    equal = equal_width(points, n_bins)
    errors = {
        "ece": BinnedError(0, equal),
        "top_label_ece": BinnedError(1, equal_width(top, n_bins)),
        "equal_mass_ece": BinnedError(0, equal_mass(points, n_bins)),
        "max_bin_error": BinnedError(0, equal, largest=True),
    }
    statistics = {
        "ece": ece(points, equal),
        "top_label_ece": ece(top, errors["top_label_ece"].bins),
        "equal_mass_ece": ece(points, errors["equal_mass_ece"].bins),
        "l2_debiased": debiased_l2(points, equal_width(points, n_bins)),
        "max_bin_error": max_gap(points, equal_width(points, n_bins)),
        "brier": mean_statistic(cluster_sums((points.probabilities - points.outcomes) ** 2, points.questions)),
        "nll": mean_statistic(-np.log(np.maximum(probabilities[np.arange(n), right], 1e-300))),
        "auroc": auroc(top),
        "accuracy": mean_statistic(top.outcomes),
    }
    measures = _measured(statistics, n, rng, n_draws, confidence)
    drawn = drawn_answers(probabilities, rng)

    def redrawn() -> tuple[Points, Points]:
        answers = drawn()
        return option_points(probabilities, answers), top_points(probabilities, answers)

    nulls = errors_if_calibrated(redrawn, errors)
    measures, expected, p = _with_nulls(measures, nulls, confidence)
    return Calibration(
        n_questions=n,
        n_points=len(points.outcomes),
        bins=_bins(points, n_bins, confidence),
        top_bins=_bins(top, n_bins, confidence),
        measures=measures,
        ece_if_calibrated=expected,
        p_calibrated=p,
        temperature=_refit(probabilities, right, rng, n_bins, n_draws, confidence),
    )


def confidence_calibration(
    confidences: ArrayLike,
    correct: ArrayLike,
    *,
    rng: np.random.Generator,
    n_bins: int = 10,
    n_draws: int = 2000,
    confidence: float = 0.95,
) -> Calibration:
    """Calibration of one stated confidence a question: a verbal one, or the agreement of several completions.

    confidences in [0, 1], correct 0 or 1, shape (n_questions,). This is not the probability that a model gives to an
    option, and is not comparable with it. Measures: `ece` (one point a question), `equal_mass_ece`, `l2_debiased`,
    `max_bin_error`, `brier` (squared distance of one number), `nll` (confidences kept 1e-6 away from 0 and 1),
    `auroc`, `accuracy`.
    """
    stated, outcomes = as_scores(confidences, "confidences"), as_scores(correct, "correct")
    if len(stated) != len(outcomes) or not len(stated) or np.any((stated < 0) | (stated > 1) | np.isnan(stated)):
        raise ValueError("one confidence in [0, 1] and one outcome a question are needed, at least one question")
    n = len(stated)
    points = Points(stated, outcomes, np.arange(n), n)
    bins, safe = equal_width(points, n_bins), np.clip(stated, 1e-6, 1 - 1e-6)
    statistics = {
        "ece": ece(points, bins),
        "equal_mass_ece": ece(points, equal_mass(points, n_bins)),
        "l2_debiased": debiased_l2(points, bins),
        "max_bin_error": max_gap(points, bins),
        "brier": mean_statistic((stated - outcomes) ** 2),
        "nll": mean_statistic(-np.log(np.where(outcomes > 0, safe, 1 - safe))),
        "auroc": auroc(points),
        "accuracy": mean_statistic(outcomes),
    }
    measures = _measured(statistics, n, rng, n_draws, confidence)

    def redrawn() -> tuple[Points, Points]:
        drawn = Points(stated, (rng.random(n) < stated).astype(np.float64), points.questions, n)
        return drawn, drawn

    nulls = errors_if_calibrated(
        redrawn,
        {
            "ece": BinnedError(0, bins),
            "equal_mass_ece": BinnedError(0, equal_mass(points, n_bins)),
            "max_bin_error": BinnedError(0, bins, largest=True),
        },
    )
    measures, expected, p = _with_nulls(measures, nulls, confidence)
    found = _bins(points, n_bins, confidence)
    return Calibration(n, n, found, found, measures, expected, p)


def fit_temperature(logprobs: ArrayLike, answers: ArrayLike) -> float:
    """The temperature in [0.05, 20] of the largest likelihood, by golden section on its logarithm.

    The negative log likelihood is convex in 1/T, so it has one minimum (Guo et al. 2017, arXiv:1706.04599).
    """
    values, right = np.log(np.maximum(choice_probabilities(logprobs), 1e-300)), np.asarray(answers, dtype=np.int64)
    rows = np.arange(len(values))

    def nll(log_t: float) -> float:
        return float(-np.log(np.maximum(choice_probabilities(values / math.exp(log_t))[rows, right], 1e-300)).mean())

    low, high, ratio = math.log(0.05), math.log(20.0), (math.sqrt(5) - 1) / 2
    while high - low > 1e-6:
        left, middle = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, middle) if nll(left) <= nll(middle) else (left, high)
    return math.exp((low + high) / 2)


_ERRORS = frozenset({"ece", "top_label_ece", "equal_mass_ece", "max_bin_error"})


def _measured(
    statistics: Mapping[str, Statistic], n: int, rng: np.random.Generator, n_draws: int, confidence: float
) -> dict[str, Measure]:
    """Each statistic with its interval; all from the same draws of questions."""
    check_confidence(confidence)
    values = {name: float(statistic(np.ones((1, n)))[0]) for name, statistic in statistics.items()}
    draws: dict[str, list[Array]] = {name: [] for name in statistics}
    resampler, at_once = Resampler.of(n), max(1, BLOCK // n)
    for start in range(0, n_draws if n > 1 else 0, at_once):
        weights = resampler.draw(min(at_once, n_draws - start), rng)
        for name, statistic in statistics.items():
            draws[name].append(statistic(weights))
    return {name: Measure(values[name], _interval(name, values[name], draws[name], confidence), n) for name in values}


def _interval(name: str, value: float, drawn: Sequence[Array], confidence: float) -> Interval:
    """Percentiles; for errors, which noise can only raise, and raises again in each draw, the basic bootstrap.

    That is 2 value - quantile (Davison and Hinkley 1997, Bootstrap Methods, section 5.2.1), from 0 upwards. The
    debiased L2 error is not biased itself, but its draws are (their points repeat): in squares, the quantiles are
    moved so that the draws' mean is the value.
    """
    draws = np.concatenate(drawn) if drawn else np.zeros(0)
    draws = draws[~np.isnan(draws)]
    if math.isnan(value) or len(draws) < 2:
        return Interval(math.nan, math.nan, confidence)
    levels = [0.5 - confidence / 2, 0.5 + confidence / 2]
    if name in _ERRORS:
        low, high = np.quantile(draws, levels)
        return Interval(max(0.0, 2 * value - float(high)), max(0.0, 2 * value - float(low)), confidence)
    if name == "l2_debiased":
        squares, square = draws * np.abs(draws), value * abs(value)
        low, high = square + np.mean(squares) - np.quantile(squares, levels[::-1])
        return Interval(_signed_root(float(low)), _signed_root(float(high)), confidence)
    low, high = np.quantile(draws, levels)
    return Interval(float(low), float(high), confidence)


def _signed_root(value: float) -> float:
    return math.copysign(math.sqrt(abs(value)), value)


def _with_nulls(
    measures: Mapping[str, Measure], nulls: Mapping[str, Array], confidence: float
) -> tuple[dict[str, Measure], Measure, float]:
    """The measures, the ECE if calibrated, and the share of its draws that is as large as the one seen.

    The interval of an error that calibrated probabilities show as often as chance allows reaches down to 0: the basic
    bootstrap alone left 0 out in up to a third of the runs of calibrated models.
    """
    found, p_values = dict(measures), {}
    for name, draws in nulls.items():
        seen = measures[name]
        p_values[name] = (1 + int(np.sum(draws >= seen.value - 1e-12))) / (1 + N_SIMULATIONS)
        if p_values[name] > (1 - confidence) / 2 and seen.interval.defined:
            found[name] = replace(seen, interval=replace(seen.interval, low=0.0))
    low, high = np.quantile(nulls["ece"], [0.025, 0.975])
    expected = Measure(float(nulls["ece"].mean()), Interval(float(low), float(high)), measures["ece"].n)
    return found, expected, p_values["ece"]


def _bins(points: Points, n_bins: int, confidence: float) -> tuple[Bin, ...]:
    codes = equal_width(points, n_bins)
    found = []
    for code in np.unique(codes).tolist():
        inside = codes == code
        outcomes, questions = points.outcomes[inside], points.questions[inside]
        n_questions = len(np.unique(questions))
        clusters = questions if 1 < n_questions < len(questions) else None
        estimate = proportion_estimate(outcomes, clusters, confidence)
        found.append(
            Bin(
                low=code / n_bins,
                high=(code + 1) / n_bins,
                n=len(outcomes),
                n_questions=n_questions,
                confidence=float(points.probabilities[inside].mean()),
                accuracy=float(outcomes.mean()),
                interval=estimate.interval,
            )
        )
    return tuple(found)


def _refit(
    probabilities: Array, right: NDArray[np.int64], rng: np.random.Generator, *settings: Any
) -> Temperature | None:
    """Fit on a random half, measure on the other; None for too few questions."""
    n = len(probabilities)
    if n < MIN_SPLIT:
        return None
    n_bins, n_draws, confidence = settings
    order = rng.permutation(n)
    fitted, held = order[: n // 2], order[n // 2 :]
    logs = np.log(np.maximum(probabilities, 1e-300))
    temperature = fit_temperature(logs[fitted], right[fitted])
    measured = []
    for values in (logs[held], logs[held] / temperature):
        points = option_points(choice_probabilities(values), right[held])
        statistic = {"ece": ece(points, equal_width(points, n_bins))}
        measured.append(_measured(statistic, len(held), rng, n_draws, confidence)["ece"])
    return Temperature(temperature, len(fitted), *measured)
