"""Standard errors and intervals of a mean: independent samples, clusters, and repeated samples."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evals.stats.arrays import Array, Codes, as_codes, as_scores, check_confidence, cluster_sums
from evals.stats.estimate import Estimate, Interval, undefined


def stderr(scores: ArrayLike, clusters: Iterable[Hashable] | None = None) -> float:
    """Standard error of the mean of `scores`.

    scores: shape (n,). clusters: n ids, equal for samples that share a passage or a template; without them samples
    count as independent: sd / sqrt(n), ddof=1.
    Clustered: Miller 2024, arXiv:2411.00640, appendix A (Liang and Zeger 1986), times C/(C-1) for C clusters.
    NaN for fewer than two samples, or clusters: no spread was seen, which is not "no error". 0 if all are equal.
    """
    values = as_scores(scores)
    if clusters is None:
        return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan
    codes = as_codes(clusters, len(values))
    n_clusters = _count(codes)
    if n_clusters < 2:
        return math.nan
    sums = cluster_sums(values - values.mean(), codes)
    return math.sqrt(n_clusters / (n_clusters - 1) * float(sums @ sums)) / len(values)


def mean_estimate(scores: ArrayLike, clusters: Iterable[Hashable] | None = None, confidence: float = 0.95) -> Estimate:
    """Mean of `scores` with standard error and interval; for scores in [0, 1] see `proportion_estimate`.

    Independent: Student's t with n - 1 degrees of freedom. Clustered: `ClusterSpread`, whose t keeps its coverage
    with few clusters and clusters of unequal size; `stderr` is then still that of `stderr(scores, clusters)`.
    Interval NaN where the standard error is: fewer than two samples or clusters, or NaN among the scores.
    All scores equal: an interval of no width, which says only that this method cannot see the error.
    """
    check_confidence(confidence)
    values = as_scores(scores)
    value = float(values.mean()) if len(values) else math.nan
    spread = ClusterSpread.of(values, clusters)
    if math.isnan(spread.stderr):
        return undefined(len(values), spread.n_clusters, confidence, value)
    half = t_quantile(0.5 + confidence / 2, spread.df) * spread.stderr
    plain = spread.stderr if clusters is None else stderr(values, clusters)
    method = "student t" if clusters is None else "clustered t (CR2)"
    return Estimate(
        value, plain, Interval(value - half, value + half, confidence), len(values), spread.n_clusters, method
    )


@dataclass(frozen=True)
class ClusterSpread:
    """Standard error of a mean and its degrees of freedom, made for few clusters and unequal sizes.

    The bias-reduced CR2 of Bell and McCaffrey 2002 (Survey Methodology 28:169), which for a mean divides each cluster's
    squared residual sum by 1 - n_c/n, with the Satterthwaite degrees of freedom of Imbens and Kolesár 2016
    (Review of Economics and Statistics 98:701), under the correlation within clusters estimated from the data.
    With clusters of equal size: C/(C-1) as in `stderr`, and C - 1 degrees of freedom.
    """

    stderr: float
    df: float
    n_clusters: int
    icc: float
    "Correlation of two samples of a cluster (analysis of variance), clipped to [0, 1]."
    kurtosis: float
    "Excess kurtosis of the clusters' (or samples') residual sums, at least 0: large where few of them vary."
    independent: float = 0.0
    "What the standard error would be if the samples of a cluster were independent."
    mean_size: float = 1.0
    "Samples in the cluster of a sample, on average over samples."

    @property
    def tail_df(self) -> float:
        """Degrees of freedom that allow for heavy tails; at least 1.

        Those of the scaled chi-squared whose variance is that of a variance estimated from sums with this kurtosis,
        2/df + kurtosis/C (Cramér 1946, Mathematical Methods of Statistics).
        """
        return max(1.0, 2 / (2 / self.df + self.kurtosis / self.n_clusters))

    def stderr_if(self, icc: float) -> float:
        """The standard error, or what it would be at this correlation of two samples of a cluster if that is more.

        Kish 1965, Survey Sampling, section 8.2: the design effect, 1 + (size - 1) icc.
        """
        return max(self.stderr, self.independent * math.sqrt(1 + (self.mean_size - 1) * icc))

    @classmethod
    def of(cls, values: Array, clusters: Iterable[Hashable] | None) -> ClusterSpread:
        if clusters is None:
            residuals = values - values.mean() if len(values) else values
            return cls(stderr(values), len(values) - 1.0, len(values), 0.0, _excess_kurtosis(residuals))
        codes = as_codes(clusters, len(values))
        n, n_clusters = len(values), _count(codes)
        if n_clusters < 2:
            return cls(math.nan, math.nan, n_clusters, math.nan, math.nan)
        sizes = np.bincount(codes).astype(np.float64)
        sums = cluster_sums(values - values.mean(), codes)
        icc = intraclass_correlation(values, codes)
        error = math.sqrt(float(np.sum(sums**2 / (1 - sizes / n)))) / n
        df, size = _satterthwaite(sizes, icc), float(np.sum(sizes**2)) / n
        return cls(error, df, n_clusters, icc, _excess_kurtosis(sums), stderr(values), size)


def _excess_kurtosis(sums: Array) -> float:
    variance = float(np.mean(sums**2)) if len(sums) else 0.0
    return max(0.0, float(np.mean(sums**4)) / variance**2 - 3) if variance > 0 else 0.0


def intraclass_correlation(values: Array, codes: Codes) -> float:
    """Correlation of two samples of one cluster, in [0, 1]; 0 where nothing varies or all clusters are single.

    Analysis of variance for clusters of unequal size: Donner 1986, International Statistical Review 54:67.
    """
    parts = _variance_parts(values, codes)
    total = parts.between + parts.within
    if not total > 0 or parts.n_items == len(values):
        return 0.0
    return min(max(parts.between, 0.0) / (max(parts.between, 0.0) + parts.within), 1.0)


def _satterthwaite(sizes: Array, icc: float) -> float:
    """(tr Ω)² / tr(Ω²), Ω the covariance of the scaled residual sums of clusters; in closed form, without Ω."""
    share = sizes / sizes.sum()
    variance = sizes * (1 + (sizes - 1) * icc)
    total, scale = float(variance.sum()), 1 / (1 - share)
    diagonal = (variance - 2 * share * variance + share**2 * total) * scale
    s, q, r = np.sum(scale * share**2), np.sum(scale * variance**2), np.sum(scale * share * variance)
    # Off the diagonal Ω is -(w_g V_h + w_h V_g - w_g w_h V) / sqrt((1-w_g)(1-w_h)): its squares summed over all
    # g and h, less those with g = h.
    everywhere = 2 * s * q + total**2 * s**2 + 2 * r**2 - 4 * total * s * r
    own = np.sum(((2 * share * variance - share**2 * total) * scale) ** 2)
    return float(diagonal.sum() ** 2 / (np.sum(diagonal**2) + everywhere - own))


@dataclass(frozen=True)
class VarianceParts:
    """Variance of repeated scores between items and within them."""

    between: float
    "Variance of the items' true means; an unbiased estimate, so it can come out below 0."
    within: float
    "Mean variance of the repeats of one item; NaN if no item has two."
    n_items: int
    n_values: int

    def stderr(self, n_items: int, n_repeats: int) -> float:
        """What the standard error would be with these numbers of items and repeats (Miller 2024, arXiv:2411.00640)."""
        return math.sqrt((max(self.between, 0.0) + self.within / n_repeats) / n_items)


def variance_parts(scores: ArrayLike, items: Iterable[Hashable]) -> VarianceParts:
    """Between- and within-item variance of repeated samples, `items` naming the item of each score.

    One-way analysis of variance with unequal numbers of repeats (Searle, Casella and McCulloch 1992, section 3.6);
    with K repeats each: within = mean of the items' variances, between = variance of item means - within / K.
    Miller 2024, arXiv:2411.00640. NaN parts for fewer than two items, or NaN among the scores.
    """
    values = as_scores(scores)
    return _variance_parts(values, as_codes(items, len(values), "items"))


def _variance_parts(values: Array, codes: Codes) -> VarianceParts:
    n, n_items = len(values), _count(codes)
    if n_items < 2:
        return VarianceParts(math.nan, math.nan, n_items, n)
    sizes = np.bincount(codes).astype(np.float64)
    means = cluster_sums(values, codes) / sizes
    between_square = float(np.sum(sizes * (means - values.mean()) ** 2)) / (n_items - 1)
    if n == n_items:
        return VarianceParts(between_square, math.nan, n_items, n)
    within = float(np.sum((values - means[codes]) ** 2)) / (n - n_items)
    mean_size = (n - float(sizes @ sizes) / n) / (n_items - 1)
    return VarianceParts((between_square - within) / mean_size, within, n_items, n)


@dataclass(frozen=True)
class ItemMeans:
    """Repeated samples averaged within their item, items in order of first appearance."""

    items: tuple[Hashable, ...]
    means: Array
    n_repeats: Codes


def item_means(scores: ArrayLike, items: Iterable[Hashable]) -> ItemMeans:
    """The mean of each item's repeats: the values that count as samples, since more repeats never beat more items."""
    values, listed = as_scores(scores), list(items)
    codes = as_codes(listed, len(values), "items")
    sizes = np.bincount(codes)
    means = cluster_sums(values, codes) / sizes if len(values) else values
    return ItemMeans(tuple(dict.fromkeys(listed)), means, sizes.astype(np.int64))


def t_quantile(probability: float, df: float) -> float:
    """Quantile of Student's t; `df` may be fractional."""
    return float(special.stdtrit(df, probability))


def z_quantile(probability: float) -> float:
    """Quantile of the standard normal distribution."""
    return float(special.ndtri(probability))


def _count(codes: Codes) -> int:
    return int(codes.max()) + 1 if len(codes) else 0
