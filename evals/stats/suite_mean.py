"""The unweighted mean of several evals' scores, each with its own samples and error."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evals.stats.estimate import Estimate, Interval, undefined
from evals.stats.moments import UNSEEN, effective_wilson95
from evals.stats.standard_error import t_quantile


def mean_of_evals(evals: Sequence[Estimate]) -> Estimate:
    """The mean over evals, which are fixed: its error is that of their samples, and not of a choice of other evals.

    The variance is the sum of the evals' variances over their squared number, as for strata (Cochran 1977, Sampling
    Techniques, section 5.3), with Satterthwaite's degrees of freedom. An eval in [0, 1] that has seen no spread counts
    with two samples more of each kind, as in `moments.effective_n`. The interval, at 95 %, is Wilson's with the
    effective number of samples where all scores lie in [0, 1], else Student's t. `n`: samples of all evals. Without
    interval: no evals, or one without a standard error.
    """
    n, n_clusters = sum(one.n for one in evals), sum(one.n_clusters for one in evals)
    value = math.fsum(one.value for one in evals) / len(evals) if evals else math.nan
    if not evals or any(math.isnan(one.stderr) for one in evals):
        return undefined(n, n_clusters, 0.95, value)
    in_unit = all(0 <= one.value <= 1 and "wilson" in one.method for one in evals)
    variances = [_variance(one) if in_unit else one.stderr**2 for one in evals]
    total = math.fsum(variances)
    stderr = math.sqrt(total) / len(evals)
    spread = math.fsum(v * v / (one.n_clusters - 1) for v, one in zip(variances, evals, strict=True))
    df = max(1.0, total**2 / spread) if spread > 0 else 1.0
    if in_unit:
        seen = value * (1 - value) / stderr**2
        ends = effective_wilson95(value, seen or float(n_clusters), df)
        return Estimate(value, stderr, Interval(*ends), n, n_clusters, "effective wilson")
    half = t_quantile(0.975, df) * stderr
    return Estimate(value, stderr, Interval(value - half, value + half), n, n_clusters, "student t")


def _variance(one: Estimate) -> float:
    if one.stderr > 0:
        return one.stderr**2
    likely = (one.value * one.n_clusters + UNSEEN) / (one.n_clusters + 2 * UNSEEN)
    return likely * (1 - likely) / one.n_clusters
