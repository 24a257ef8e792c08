"""Adjusted p-values against statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from evals.stats.corrections import benjamini_hochberg, holm, holm_levels


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("ours", "theirs"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
def test_adjusted_p_values_equal_statsmodels(ours, theirs, seed):
    p_values = np.random.default_rng(seed).random(12) ** 3
    p_values[3] = p_values[4]
    assert ours(p_values) == pytest.approx(multipletests(p_values, method=theirs)[1])


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_undefined_p_values_are_no_part_of_the_family(adjust):
    adjusted = adjust([0.01, math.nan, 0.04])
    assert math.isnan(adjusted[1])
    assert adjusted[[0, 2]] == pytest.approx(adjust([0.01, 0.04]))
    assert len(adjust([])) == 0


def test_what_is_no_probability_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.5, 1.2])


def test_the_level_of_each_test_fits_the_decision_of_the_adjusted_p_value():
    rng = np.random.default_rng(4)
    for _ in range(200):
        p_values = rng.random(rng.integers(1, 9)) ** 4
        assert ((p_values <= holm_levels(p_values, 0.05)) == (holm(p_values) <= 0.05)).all()
    assert holm_levels([0.001, 0.9, 0.02], 0.05) == pytest.approx([0.05 / 3, 0.05, 0.05 / 2])
    assert math.isnan(holm_levels([0.01, math.nan])[1])
