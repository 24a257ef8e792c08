"""A mean has one interval wherever it is printed: no module makes its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import evals

ROOT = Path(evals.__file__).parent
OUTSIDE = sorted(path for path in ROOT.rglob("*.py") if "stats" not in path.relative_to(ROOT).parts)

OWN_INTERVAL = {
    "a quantile written out": re.compile(r"\b1\.9(?:6|59)\d*"),
    "a quantile of the normal distribution": re.compile(r"\bnorm\.ppf|NormalDist|\binv_cdf\b"),
    "Wilson's interval without its modification": re.compile(r"(?<![a-z_])wilson(?:_interval)?\("),
}


@pytest.mark.parametrize("what", OWN_INTERVAL)
def test_only_stats_makes_intervals_of_means(what: str) -> None:
    found = [str(path.relative_to(ROOT)) for path in OUTSIDE if OWN_INTERVAL[what].search(path.read_text("utf-8"))]
    assert not found, f"{what}: use evals.stats.means.estimate, or modified_wilson for counts"
    assert len(OUTSIDE) > 500
