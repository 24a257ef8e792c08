"""Scores that a grader gave, corrected by human labels of some samples, with intervals that count both errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array, as_pairs, as_scores, check_confidence
from evals.stats.estimate import Estimate, Interval, undefined
from evals.stats.intervals import wilson
from evals.stats.means import estimate
from evals.stats.standard_error import t_quantile, z_quantile

PSEUDO_LABELS = 1.0
"Labels by which the spread of scores in [0, 1] is smoothed: that few labels show no error does not say there is none."


@dataclass(frozen=True)
class Corrected:
    """A corrected mean beside the two that need no correction."""

    corrected: Estimate
    naive: Estimate
    "The grader's mean over all samples: its error is not in the interval."
    labels_only: Estimate
    "Mean of the human labels alone."
    weight: float
    "How far the grader is believed, lambda of PPI++: 0 is the labels alone, 1 the difference to the grader."
    n_labelled: int
    n_unlabelled: int


def ppi_mean(labels: ArrayLike, graded: ArrayLike, graded_unlabelled: ArrayLike, confidence: float = 0.95) -> Corrected:
    """The mean that humans would give, from their labels of a random part of the samples and a grader's scores of all.

    labels, graded: shape (n,), scores of the labelled samples by humans and by the grader. graded_unlabelled: shape
    (N,), the grader's scores of the others. PPI++: mean(labels - w graded) + w mean(graded_unlabelled), with the w of
    least variance (Angelopoulos, Duchi and Zrnic 2023, arXiv:2311.01453, section 6), kept in [0, 1]. It is unbiased for
    large n whatever the grader does, since the labels measure its error, and no wider than the labels alone.
    Interval: scores in [0, 1] get Wilson's with the effective number of samples, from a variance smoothed by
    PSEUDO_LABELS; others Student's t with n - 1 degrees of freedom. Undefined for fewer than two labels.
    The labelled samples must be drawn at random: labels of chosen samples correct nothing.
    """
    check_confidence(confidence)
    human, grades = as_pairs(labels, graded)
    others = as_scores(graded_unlabelled, "graded_unlabelled")
    every = np.concatenate([grades, others])
    weight = _weight(human, grades, every)
    value = (
        float((human - weight * grades).mean() + weight * others.mean()) if len(others) and len(human) else _mean(human)
    )
    return Corrected(
        corrected=_estimate(value, weight, human, grades, every, confidence),
        naive=estimate(every, confidence=confidence),
        labels_only=estimate(human, confidence=confidence),
        weight=weight,
        n_labelled=len(human),
        n_unlabelled=len(others),
    )


@dataclass(frozen=True)
class Misclassification:
    """A rate corrected for a grader that errs at known rates."""

    corrected: Estimate
    naive: Estimate
    sensitivity: float
    "Share of samples that humans call right which the grader calls right."
    specificity: float
    "Share of samples that humans call wrong which the grader calls wrong."
    n_right: int
    "Samples that humans called right, in the labels."
    n_wrong: int


def misclassification_corrected(
    graded: ArrayLike, labels: ArrayLike, graded_labelled: ArrayLike, confidence: float = 0.95
) -> Misclassification:
    """The rate of right answers, from a grader's verdicts and its error rates on samples with human labels.

    graded: shape (N,), verdicts of 0 and 1 on the samples of interest. labels, graded_labelled: shape (n,), of other
    samples, chosen in any way within right and within wrong ones: from another run, say, or half of each kind.
    p = (p_obs + Sp - 1) / (Se + Sp - 1), kept in [0, 1] (Rogan and Gladen 1978, American Journal of Epidemiology
    107:71). Interval: Lang and Reiczigel 2014 (Preventive Veterinary Medicine 113:13), which counts the error of both
    rates. It assumes that the grader errs alike on both sets; labels of a random part of the same samples need no such
    belief, and `ppi_mean` uses them better. NaN where the labels hold no right or no wrong answer, or Se + Sp <= 1:
    such a grader says nothing. No interval where that holds of the rates with one hit and one miss more, which the
    interval is made of.
    Raises ValueError for other verdicts than 0 and 1.
    """
    check_confidence(confidence)
    verdicts, (human, known) = as_scores(graded, "graded"), as_pairs(labels, graded_labelled)
    if any(np.any((values != 0) & (values != 1)) for values in (verdicts, human, known)):
        raise ValueError("misclassification needs verdicts of 0 and 1; use ppi_mean for other scores")
    n_right, n_wrong = int(human.sum()), int(len(human) - human.sum())
    hits, refused = float(known[human == 1].sum()), float(np.sum(known[human == 0] == 0))
    return Misclassification(
        corrected=_rogan_gladen(verdicts, (hits, n_right), (refused, n_wrong), confidence),
        naive=estimate(verdicts, confidence=confidence),
        sensitivity=hits / n_right if n_right else math.nan,
        specificity=refused / n_wrong if n_wrong else math.nan,
        n_right=n_right,
        n_wrong=n_wrong,
    )


def _rogan_gladen(verdicts: Array, right: tuple[float, int], wrong: tuple[float, int], confidence: float) -> Estimate:
    n, (hits, n_right), (refused, n_wrong) = len(verdicts), right, wrong
    if not n or not n_right or not n_wrong or hits / n_right + refused / n_wrong <= 1:
        return undefined(n, n, confidence)
    youden = hits / n_right + refused / n_wrong - 1
    value = min(1.0, max(0.0, (float(verdicts.mean()) + refused / n_wrong - 1) / youden))
    z = z_quantile(0.5 + confidence / 2)
    p, size = (float(verdicts.sum()) + z * z / 2) / (n + z * z), n + z * z
    se, sp = (hits + 1) / (n_right + 2), (refused + 1) / (n_wrong + 2)
    if se + sp <= 1:  # so few labels of one kind that the interval's own rates say nothing
        return undefined(n, n, confidence, value)
    middle = (p + sp - 1) / (se + sp - 1)
    var_se, var_sp = se * (1 - se) / (n_right + 2), sp * (1 - sp) / (n_wrong + 2)
    shift = 2 * z * z * (middle * var_se - (1 - middle) * var_sp)
    stderr = math.sqrt(p * (1 - p) / size + (1 - middle) ** 2 * var_sp + middle**2 * var_se) / (se + sp - 1)
    low, high = (min(1.0, max(0.0, middle + shift + side * z * stderr)) for side in (-1, 1))
    return Estimate(value, stderr, Interval(low, high, confidence), n, n, "lang-reiczigel")


def _weight(human: Array, grades: Array, every: Array) -> float:
    """The weight of least variance: cov(label, grade) / ((1 + n/N) var(grade)), in [0, 1]."""
    n, n_others = len(human), len(every) - len(human)
    spread = float(every.var(ddof=1)) if len(every) > 1 else 0.0
    if n < 2 or not n_others or spread == 0:
        return 0.0
    covariance = float(np.cov(human, grades, ddof=1)[0, 1])
    return float(np.clip(covariance / ((1 + n / n_others) * spread), 0.0, 1.0))


def _estimate(value: float, weight: float, human: Array, grades: Array, every: Array, confidence: float) -> Estimate:
    n, n_others = len(human), len(every) - len(human)
    if n < 2 or math.isnan(value):
        return undefined(n, n, confidence, value)
    in_unit = bool(np.all((human >= 0) & (human <= 1)) and np.all((every >= 0) & (every <= 1)))
    of_labels = _smoothed_variance(human, grades, weight) if in_unit else float((human - weight * grades).var(ddof=1))
    of_grades = float(every.var(ddof=1)) if weight else 0.0
    stderr = math.sqrt(of_labels / n + (weight**2 * of_grades / n_others if weight else 0.0))
    if not in_unit:
        half = t_quantile(0.5 + confidence / 2, n - 1) * stderr
        return Estimate(value, stderr, Interval(value - half, value + half, confidence), n, n, "ppi++ t")
    inside = min(max(value, 0.0), 1.0)
    return Estimate(value, stderr, _wilson(inside, stderr, n, confidence), n, n, "ppi++ wilson")


def _smoothed_variance(human: Array, grades: Array, weight: float) -> float:
    """Variance of label - weight * grade, with PSEUDO_LABELS spread over the four pairs of 0 and 1."""
    errors = human - weight * grades
    corners = np.array([0.0, 1.0, -weight, 1.0 - weight])
    share = PSEUDO_LABELS / 4
    total = len(errors) + PSEUDO_LABELS
    mean = (float(errors.sum()) + share * float(corners.sum())) / total
    squares = float(((errors - mean) ** 2).sum()) + share * float(((corners - mean) ** 2).sum())
    return squares / (total - 1)


def _wilson(value: float, stderr: float, n: int, confidence: float) -> Interval:
    """Wilson's interval for as many independent samples as would have this standard error, with Student's quantile."""
    alike = value * (1 - value) / stderr**2 or float(n)
    return Interval(*wilson(value * alike, alike, t_quantile(0.5 + confidence / 2, n - 1)), confidence)


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else math.nan
