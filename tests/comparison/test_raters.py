"""Agreement of raters on pairs of answers, against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evals.comparison.raters import raters_agreement
from evals.interchange.preferences import Judgement
from evals.stats.agreement import krippendorff_alpha


def judgement(rater: str | None, item: str, outcome: float, model: str = "x", other: str = "y") -> Judgement:
    return Judgement(model, other, outcome, item, rater=rater)


def test_two_raters_agree_as_counted_by_hand() -> None:
    a, b = [1, 1, 1, 0, 0, 0.5, 0.5, 1], [1, 1, 0, 0, 1, 0.5, 0, 1]
    rows = [judgement(name, f"q{i}", out) for name, found in (("a", a), ("b", b)) for i, out in enumerate(found)]
    found = raters_agreement(rows)
    [pair] = found.pairs
    chance = (4 / 8) * (4 / 8) + (2 / 8) * (3 / 8) + (2 / 8) * (1 / 8)
    assert pair.same == 5 / 8
    assert pair.kappa.value == pytest.approx((5 / 8 - chance) / (1 - chance))
    assert (pair.kappa.n, found.n_raters, found.alpha.n) == (8, 2, 8)


def test_the_sides_of_a_pair_may_be_exchanged() -> None:
    rows = [judgement("a", "q1", 1.0), judgement("b", "q1", 0.0, "y", "x"), judgement("a", "q2", 0.0)]
    rows += [judgement("b", "q2", 0.0)]
    [pair] = raters_agreement(rows).pairs
    assert pair.same == 1.0


def test_alpha_is_that_of_the_raters_in_their_own_rows() -> None:
    rng = np.random.default_rng(2)
    ratings = [[float(v) if rng.random() < 0.6 else None for v in rng.choice([0, 0.5, 1], 80)] for _ in range(4)]
    rows = [
        judgement(f"r{r}", f"q{i}", value) for r, row in enumerate(ratings) for i, value in enumerate(row) if value is not None
    ]  # fmt: skip
    wanted = krippendorff_alpha(ratings, rng=rng, scale="ordinal", n_draws=2)
    assert raters_agreement(rows).alpha.value == pytest.approx(wanted.value)


def test_the_last_judgement_counts_and_judgements_without_a_rater_do_not() -> None:
    rows = [judgement("a", "q", 1.0), judgement("a", "q", 0.0), judgement("b", "q", 0.1), judgement(None, "q", 1.0)]
    found = raters_agreement(rows)
    assert (found.n_raters, found.pairs[0].same) == (2, 1.0)


def test_many_raters_are_not_compared_two_and_two() -> None:
    rows = [judgement(f"r{i}", f"q{i // 2}", 1.0) for i in range(4000)]
    found = raters_agreement(rows)
    assert (found.n_raters, found.alpha.n, found.pairs) == (4000, 2000, ())
