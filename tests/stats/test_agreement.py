"""Agreement against statsmodels, the definition by pairs, and published examples."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa as statsmodels_kappa

from evals.stats.agreement import cohens_kappa, krippendorff_alpha


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def two_raters(seed: int, n: int = 60):
    a = rng(seed).integers(1, 5, n)
    b = np.where(rng(seed + 100).random(n) < 0.6, a, rng(seed + 200).integers(1, 5, n))
    return a.tolist(), b.tolist()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("weights", "theirs"), [("none", None), ("linear", "linear"), ("quadratic", "quadratic")])
def test_kappa_and_its_interval_equal_statsmodels(seed, weights, theirs):
    a, b = two_raters(seed)
    table = np.array(
        [[sum(x == i and y == j for x, y in zip(a, b, strict=True)) for j in range(1, 5)] for i in range(1, 5)]
    )
    expected = statsmodels_kappa(table, wt=theirs)
    found = cohens_kappa(a, b, weights=weights)
    assert found.value == pytest.approx(expected.kappa)
    assert found.stderr == pytest.approx(expected.std_kappa)
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (expected.kappa_low, expected.kappa_upp), rel=1e-6
    )


def test_labels_may_be_words_in_a_given_order():
    order = ["low", "mid", "high"]
    a, b = ["low", "mid", "high", "high"], ["low", "high", "high", "mid"]
    in_order = cohens_kappa(a, b, weights="linear", categories=order)
    as_numbers = cohens_kappa([order.index(x) for x in a], [order.index(x) for x in b], weights="linear")
    assert in_order.value == pytest.approx(as_numbers.value)


def test_perfect_and_undefined_kappa():
    assert cohens_kappa("abab", "abab").value == 1
    assert math.isnan(cohens_kappa("aaa", "aaa").value)
    assert math.isnan(cohens_kappa([], []).value)
    assert cohens_kappa("aaab", "bbba").value < 0


def test_kappa_refuses_what_is_missing_or_unknown():
    with pytest.raises(ValueError, match="krippendorff_alpha"):
        cohens_kappa(["a", None], ["a", "b"])
    with pytest.raises(ValueError, match="no category: c"):
        cohens_kappa(["c"], ["a"], categories=["a", "b"])
    with pytest.raises(ValueError, match="pair them"):
        cohens_kappa("ab", "a")


NAN = math.nan
CANONICAL = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]


@pytest.mark.parametrize(("scale", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_krippendorffs_own_example(scale, published):
    """Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", example C/D: four observers, twelve units."""
    assert krippendorff_alpha(CANONICAL, scale=scale, rng=rng()).value == pytest.approx(published, abs=5e-4)


def alpha_by_pairs(ratings, scale: str) -> float:
    """From the definition: mean distance of pairs within units over that of all pairs of ratings."""
    units = [[v for v in column if not math.isnan(v)] for column in zip(*ratings, strict=True)]
    units = [unit for unit in units if len(unit) > 1]
    everything = [v for unit in units for v in unit]

    def distance(x, y):
        if scale == "nominal":
            return float(x != y)
        if scale == "interval":
            return (x - y) ** 2
        low, high = sorted((x, y))
        between = sum(low <= v <= high for v in everything)
        return (between - (everything.count(x) + everything.count(y)) / 2) ** 2 if x != y else 0.0

    within = sum(distance(x, y) / (len(u) - 1) for u in units for x, y in itertools.permutations(u, 2))
    n = len(everything)
    overall = sum(distance(x, y) for x, y in itertools.permutations(everything, 2)) / (n - 1)
    return 1 - within / overall


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval"])
def test_alpha_equals_its_definition_by_pairs(scale, seed):
    truth = rng(seed).integers(0, 5, 25)
    ratings = np.where(rng(seed + 10).random((4, 25)) < 0.6, truth, rng(seed + 20).integers(0, 5, (4, 25))).astype(
        float
    )
    ratings[rng(seed + 30).random((4, 25)) < 0.3] = math.nan
    found = krippendorff_alpha(ratings.tolist(), scale=scale, rng=rng())
    assert found.value == pytest.approx(alpha_by_pairs(ratings.tolist(), scale))
    assert found.interval.low < found.value < found.interval.high


def test_alpha_of_words_with_none_for_missing():
    assert krippendorff_alpha([["a", "b", None, "a"], ["a", "b", "b", "b"]], rng=rng()).n == 3


def test_interval_of_alpha_narrows_with_samples():
    few = krippendorff_alpha(two_raters(1, 50), rng=rng()).interval.width
    many = krippendorff_alpha(two_raters(1, 800), rng=rng()).interval.width
    assert many == pytest.approx(few / 4, rel=0.4)


def test_undefined_alpha_is_nan():
    assert math.isnan(krippendorff_alpha([], rng=rng()).value)
    assert math.isnan(krippendorff_alpha([[1, None], [None, 2]], rng=rng()).value)
    assert math.isnan(krippendorff_alpha([[1, 1], [1, 1]], rng=rng()).value)
    one = krippendorff_alpha([[1], [2]], rng=rng())
    assert one.value == pytest.approx(0)
    assert not one.interval.defined


def test_alpha_refuses_ragged_raters_and_words_on_a_scale_of_numbers():
    with pytest.raises(ValueError, match="None for a missing"):
        krippendorff_alpha([[1, 2], [1]], rng=rng())
    with pytest.raises(ValueError, match="needs numbers"):
        krippendorff_alpha([["a"], ["b"]], scale="ordinal", rng=rng())


@pytest.mark.parametrize(("a", "b"), [("a" * 40, "ab" * 20), ("ab" * 20, "b" * 40), ("a", "b")])
def test_a_rater_who_says_the_same_throughout_leaves_kappa_at_0_without_an_interval(a, b):
    found = cohens_kappa(a, b)
    assert found.value == 0
    assert math.isnan(found.stderr)
    assert not found.interval.defined


@pytest.mark.parametrize("n", [4, 40, 400])
def test_perfect_agreement_has_the_interval_of_the_agreement_and_never_a_point(n):
    found = cohens_kappa("ab" * (n // 2), "ab" * (n // 2))
    z = 1.959963984540054
    # Wilson's lower end of n of n is n / (n + z²); half of the agreement is chance.
    assert (found.value, found.interval.high) == (1, 1)
    assert found.interval.low == pytest.approx(max(-1, (n / (n + z * z) - 0.5) / 0.5))


def test_raters_who_always_differ_have_an_interval_too():
    found = cohens_kappa("ab" * 10, "ba" * 10)
    assert (found.value, found.interval.low) == (-1, -1)
    assert found.interval.high > -0.9


def test_alpha_of_raters_who_always_agree_is_no_point():
    found = krippendorff_alpha(["ab" * 20, "ab" * 20], rng=rng())
    assert (found.value, found.interval.high) == (1, 1)
    assert 0.7 < found.interval.low < 0.95
