"""The keys of a ratio of totals that cannot leave [0, 1], such as a share of claims: its interval stays there too."""

from __future__ import annotations

import math
from typing import Any

from evals.report_keys import interval_keys
from evals.stats.moments import effective_n, effective_wilson95
from evals.suite.text.text_loss import Ratio


def unit_ratio_keys(name: str, ratio: Ratio, n_of_report: int) -> dict[str, Any]:
    """`name` with standard error and 95 % interval, and `name_n` where the ratio has another n than the report.

    The error is by linearisation over samples. The interval is Wilson's with the effective number of samples, so that a
    ratio of 0 or 1 keeps an interval; over clusters it is Student's t, cut to [0, 1].
    """
    keys = ratio.keys(name)
    value, stderr, n = keys[name], keys[f"{name}_stderr"], keys.pop("n")
    if keys[f"{name}_method"] == "student t" and value is not None and stderr is not None:
        ends = effective_wilson95(value, effective_n(value, stderr, n), n - 1)
        keys.update(interval_keys(name, ends, "effective wilson"))
    elif keys[f"{name}_ci95"] is not None:
        low, high = keys[f"{name}_ci95"]
        keys[f"{name}_ci95"] = [max(0.0, low), min(1.0, high)]
    if "n_clusters" in keys:
        keys[f"{name}_n_clusters"] = keys.pop("n_clusters")
    if value is not None and not math.isclose(n, n_of_report):
        keys[f"{name}_n"] = n
    return keys
