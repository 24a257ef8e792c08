"""Rankings against choix, numerical maximisation, and the usual large-sample errors."""

from __future__ import annotations

import math
import time

import choix
import numpy as np
import pytest
from scipy import optimize
from threadpoolctl import threadpool_limits

from evals.stats.bradley_terry import Games, fit
from evals.stats.ranking import rank_models


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def played(seed: int, n: int = 400, n_models: int = 5, tie_share: float = 0.2):
    """Random pairs of models 0.5 apart in strength, and their outcomes."""
    random = rng(seed)
    first = random.integers(0, n_models, n)
    second = (first + random.integers(1, n_models, n)) % n_models
    wins = random.random(n) < 1 / (1 + np.exp(-(first - second) / 2))
    outcomes = np.where(random.random(n) < tie_share, 0.5, wins)
    return first, second, outcomes


def values_of(ranking) -> np.ndarray:
    return np.array([s.value for s in sorted(ranking.strengths, key=lambda s: s.name)])


@pytest.mark.parametrize("seed", range(3))
def test_strengths_without_ties_equal_choix(seed):
    first, second, outcomes = played(seed, tie_share=0)
    wins = [(a, b) if won else (b, a) for a, b, won in zip(first, second, outcomes, strict=True)]
    assert values_of(rank_models(first, second, outcomes, rng=rng())) == pytest.approx(
        choix.ilsr_pairwise(5, wins), abs=1e-6
    )


def test_ridge_equals_the_penalty_of_choix():
    first, second, outcomes = played(1, n=30, tie_share=0)
    wins = [(a, b) if won else (b, a) for a, b, won in zip(first, second, outcomes, strict=True)]
    expected = choix.opt_pairwise(5, wins, alpha=0.5)
    ranking = rank_models(first, second, outcomes, rng=rng(), ridge=1.0)
    assert values_of(ranking) == pytest.approx(expected - expected.mean(), abs=1e-4)


def test_half_wins_equal_counting_every_comparison_twice():
    first, second, outcomes = played(2)
    doubled = np.concatenate([np.where(outcomes == 0.5, 1, outcomes), np.where(outcomes == 0.5, 0, outcomes)])
    once = rank_models(first, second, outcomes, rng=rng())
    twice = rank_models([*first, *first], [*second, *second], doubled, rng=rng())
    assert values_of(once) == pytest.approx(values_of(twice))
    assert math.isnan(once.tie_parameter)


def test_davidson_equals_a_numerical_maximum():
    first, second, outcomes = played(3, tie_share=0.3)

    def loss(parameters):
        theta, log_nu = parameters[:5], parameters[5]
        a, b = theta[first], theta[second]
        tie = log_nu + (a + b) / 2
        chosen = np.where(outcomes == 1, a, np.where(outcomes == 0, b, tie))
        return -np.sum(chosen - np.logaddexp(np.logaddexp(a, b), tie)) + theta.sum() ** 2

    best = optimize.minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-6}).x
    ranking = rank_models(first, second, outcomes, ties="davidson", rng=rng())
    assert values_of(ranking) == pytest.approx(best[:5], abs=1e-4)
    assert ranking.tie_parameter == pytest.approx(math.exp(best[5]), rel=1e-4)


def test_two_models_have_the_closed_form():
    ranking = rank_models(["x"] * 10, ["y"] * 10, [1] * 6 + [0] * 2 + [0.5] * 2, ties="davidson", rng=rng())
    assert ranking.strengths[0].name == "x"
    assert ranking.strengths[0].value - ranking.strengths[1].value == pytest.approx(math.log(3))
    assert ranking.tie_parameter == pytest.approx(2 / math.sqrt(6 * 2))
    assert ranking.win_chance("x", "y") == pytest.approx(0.75)
    assert ranking.strengths[0].elo - ranking.strengths[1].elo == pytest.approx(400 * math.log10(3))


def test_davidson_without_ties_is_bradley_terry():
    first, second, outcomes = played(4, tie_share=0)
    davidson = rank_models(first, second, outcomes, ties="davidson", rng=rng())
    assert davidson.tie_parameter == 0
    assert values_of(davidson) == pytest.approx(values_of(rank_models(first, second, outcomes, rng=rng())))


def test_errors_of_many_comparisons_are_those_of_the_information():
    first, second, outcomes = played(5, n=4000, tie_share=0)
    ranking = rank_models(first, second, outcomes, rng=rng(), n_draws=2000)
    theta = values_of(ranking)
    chance = 1 / (1 + np.exp(theta[second] - theta[first]))
    gaps = np.eye(5)[first] - np.eye(5)[second]
    covariance = np.linalg.pinv(gaps.T @ (gaps * (chance * (1 - chance))[:, None]), hermitian=True, rcond=1e-9)
    errors = [s.stderr for s in sorted(ranking.strengths, key=lambda s: s.name)]
    assert errors == pytest.approx(np.sqrt(np.diag(covariance)), rel=0.06)
    assert all(s.low < s.value < s.high for s in ranking.strengths)
    assert [s.rank for s in ranking.strengths] == [1, 2, 3, 4, 5]


def test_repeated_judgements_of_a_prompt_add_no_certainty():
    first, second, outcomes = played(6)
    prompts = range(400)
    once = rank_models(first, second, outcomes, prompts=prompts, rng=rng())
    thrice = rank_models([*first] * 3, [*second] * 3, np.tile(outcomes, 3), prompts=[*prompts] * 3, rng=rng())
    assert [s.stderr for s in thrice.strengths] == pytest.approx([s.stderr for s in once.strengths])
    assert (thrice.n, thrice.n_prompts) == (1200, 400)


def test_ranks_of_equal_models_are_open():
    random = rng(7)
    first = random.integers(0, 3, 300)
    ranking = rank_models(first, (first + 1) % 3, random.integers(0, 2, 300), rng=rng())
    assert any(s.rank_low < s.rank_high for s in ranking.strengths)
    assert all(s.rank_low <= s.rank <= s.rank_high for s in ranking.strengths)


def test_many_weightings_at_once_equal_one_at_a_time():
    first, second, outcomes = played(8)
    games = Games.of(list(first), list(second), outcomes, "davidson")
    weights = rng().exponential(size=(3, 400))
    together = fit(games, weights)
    for row in range(3):
        alone = fit(games, weights[row : row + 1])
        assert together.values[row] == pytest.approx(alone.values[0])
        assert together.tie_parameter[row] == pytest.approx(alone.tie_parameter[0])


UNBOUNDED = {
    "one always wins": (["a", "a", "b"], ["b", "c", "c"], [1, 1, 0]),
    "two groups never met": (["a", "b", "c", "d"], ["b", "a", "d", "c"], [1, 1, 1, 1]),
    "nothing but ties": (["a", "b"], ["b", "a"], [0.5, 0.5]),
    "wins and ties but no loss": (["a", "a"], ["b", "b"], [1, 0.5]),
}


@pytest.mark.parametrize("case", ["one always wins", "two groups never met"])
def test_strengths_without_a_finite_optimum_are_refused(case):
    with pytest.raises(ValueError, match="set a small ridge"):
        rank_models(*UNBOUNDED[case], rng=rng())


@pytest.mark.parametrize("case", UNBOUNDED)
def test_davidson_refuses_them_too(case):
    with pytest.raises(ValueError, match="set a small ridge"):
        rank_models(*UNBOUNDED[case], ties="davidson", rng=rng())


@pytest.mark.parametrize(
    ("comparisons", "told"),
    [
        ((["a", "a", "b"], ["b", "c", "c"], [1, 1, 0]), "a never lost to the rest, b never beat the rest"),
        (
            (["a", "b", "a", "c"], ["b", "a", "c", "d"], [1, 1, 1, 1]),
            "a, b never lost to the rest, d never beat the rest",
        ),
        ((["a", "b", "c", "d", "c"], ["b", "a", "d", "c", "e"], [1, 1, 1, 1, 0]), "a, b never met c, d, e"),
    ],
)
def test_the_models_without_a_finite_strength_are_named(comparisons, told):
    with pytest.raises(ValueError, match=rf"no finite strengths: {told}\."):
        rank_models(*comparisons, rng=rng())


def test_groups_that_never_met_are_told_where_a_ridge_ranks_them():
    comparisons = (["a", "b", "c", "d", "c"], ["b", "a", "d", "c", "e"], [1, 1, 1, 1, 0])
    ranking = rank_models(*comparisons, rng=rng(), ridge=0.1)
    assert [sorted(group) for group in ranking.groups] == [["c", "d", "e"], ["a", "b"]]
    assert len(rank_models(*played(1), rng=rng()).groups) == 1


@pytest.mark.slow
def test_the_chance_of_a_win_has_an_interval_that_holds_the_truth():
    hits = 0
    for seed in range(200):
        first, second, outcomes = played(seed, n=300, tie_share=0)
        ranking = rank_models(first, second, outcomes, rng=rng(seed), n_draws=200)
        hits += 1 / (1 + math.exp(-1.0)) in ranking.win_interval(3, 1)
    assert 0.90 <= hits / 200 <= 0.99


def test_raters_who_differ_make_intervals_wider_and_equal_ones_hardly():
    random, n_raters = rng(20), 12
    first, second, _ = played(21, n=1200)
    rater = np.arange(1200) % n_raters
    taste = random.normal(0, 1.5, (n_raters, 5))
    alike = random.random(1200) < 1 / (1 + np.exp(-(first - second) / 2))
    own = random.random(1200) < 1 / (1 + np.exp(-(first - second) / 2 - taste[rater, first] + taste[rater, second]))
    ratio = []
    for outcomes in (alike, own):
        alone = rank_models(first, second, outcomes, rng=rng())
        crossed = rank_models(first, second, outcomes, raters=rater, rng=rng())
        assert values_of(crossed) == pytest.approx(values_of(alone))
        ratio.append(np.mean([b.stderr / a.stderr for a, b in zip(alone.strengths, crossed.strengths, strict=True)]))
    assert ratio[0] < 1.7
    assert ratio[1] > 2.2


def test_ties_as_half_wins_bound_a_model_that_never_lost():
    assert rank_models(*UNBOUNDED["wins and ties but no loss"], rng=rng()).strengths[0].value == pytest.approx(
        math.log(3) / 2
    )


def test_a_ridge_gives_what_never_lost_a_finite_strength():
    ranking = rank_models(*UNBOUNDED["one always wins"], rng=rng(), ridge=0.01)
    assert [s.name for s in ranking.strengths] == ["a", "c", "b"]
    assert np.isfinite(values_of(ranking)).all()
    only_ties = rank_models(*UNBOUNDED["nothing but ties"], ties="davidson", rng=rng(), ridge=0.01)
    assert values_of(only_ties) == pytest.approx([0, 0])


def test_a_model_that_never_lost_has_no_interval_and_may_have_any_rank():
    """The bootstrap of wins alone is the same number in each draw, whatever their number."""
    ranking = rank_models(list("abc") * 5, list("bca") * 5, [1, 1, 0] * 5, rng=rng(), ridge=0.1)
    assert set(ranking.unbounded) == {"a", "b", "c"}
    assert all(math.isnan(one.low) and math.isnan(one.stderr) for one in ranking.strengths)
    assert [(one.rank_low, one.rank_high) for one in ranking.strengths] == [(1, 3)] * 3


def test_models_beside_one_that_never_lost_keep_their_intervals():
    first, second = ["a", "b", "a"] * 20 + ["new"] * 4, ["b", "c", "c"] * 20 + ["a"] * 4
    outcomes = [float(place % 4 != 0) for place in range(60)] + [1.0] * 4
    ranking = rank_models(first, second, outcomes, rng=rng(), ridge=0.1)
    assert ranking.unbounded == ("new",)
    known = {one.name: one for one in ranking.strengths if not math.isnan(one.low)}
    assert set(known) == {"a", "b", "c"}
    assert all(one.low < one.value < one.high for one in known.values())
    assert ranking.win_interval("a", "c").low > 0.4
    assert math.isnan(ranking.win_interval("new", "a").low)
    assert rank_models(first[:60], second[:60], outcomes[:60], rng=rng(), ridge=0.1).unbounded == ()


def test_no_comparisons_and_one_prompt_are_defined():
    assert rank_models([], [], [], rng=rng()).strengths == ()
    single = rank_models(["a", "b"], ["b", "a"], [1, 1], prompts=["p", "p"], rng=rng())
    assert all(math.isnan(s.stderr) and math.isnan(s.low) for s in single.strengths)
    assert (single.strengths[0].rank_low, single.strengths[0].rank_high) == (1, 2)


def test_wrong_comparisons_are_refused():
    with pytest.raises(ValueError, match="an outcome is"):
        rank_models(["a"], ["b"], [math.nan], rng=rng())
    with pytest.raises(ValueError, match="'a' was compared with itself"):
        rank_models(["a"], ["a"], [1], rng=rng())


@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_nothing_but_ties_ranks_nobody(ties):
    first, second = ["a", "a", "b"] * 20, ["b", "c", "c"] * 20
    ranking = rank_models(first, second, [0.5] * 60, rng=np.random.default_rng(1), ties=ties, ridge=0.1)
    assert [(one.rank_low, one.rank_high) for one in ranking.strengths] == [(1, 3)] * 3


def test_models_of_which_two_are_alike_share_their_ranks():
    first, second = ["a"] * 40 + ["b"] * 40 + ["a"] * 40, ["b"] * 40 + ["c"] * 40 + ["c"] * 40
    outcomes = [0.5] * 40 + ([1.0] * 37 + [0.0] * 3) * 2
    ranking = rank_models(first, second, outcomes, rng=np.random.default_rng(2))
    ends = {one.name: (one.rank_low, one.rank_high) for one in ranking.strengths}
    assert ends["a"] == ends["b"] == (1, 2)
    assert ends["c"] == (3, 3)


def has_no_maximum(first, second, outcomes, ties: str) -> bool:
    """By a linear programme: some direction of strengths and tie parameter along which no outcome's chance falls."""
    n = 1 + max(*first, *second)
    fitted = ties == "davidson" and 0.5 in outcomes
    rows = []
    for a, b, outcome in zip(first, second, outcomes, strict=True):
        gap, tie = np.zeros(n + 1), np.eye(n + 1)[n] if fitted else np.zeros(n + 1)
        gap[a], gap[b] = 0.5, -0.5
        if outcome == 0.5:
            rows += [tie - gap, tie + gap] if fitted else [gap, -gap]
        else:
            won = gap if outcome == 1 else -gap
            rows += [2 * won, won - tie]
    cone = np.array(rows)
    found = optimize.linprog(
        -cone.sum(axis=0), A_ub=np.vstack([-cone, cone]), b_ub=np.repeat([0.0, 1.0], len(cone)), bounds=(-9, 9)
    )
    return -found.fun > 1e-7 or np.linalg.matrix_rank(cone) < n - 1 + fitted


@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_what_is_refused_is_what_has_no_maximum(ties):
    random, refused = rng(11), []
    for _ in range(300):
        n_models, n = random.integers(2, 5), random.integers(2, 9)
        first = random.integers(0, n_models, n)
        second = (first + random.integers(1, n_models, n)) % n_models
        outcomes = random.choice([0.0, 0.5, 1.0], n, p=[0.4, 0.2, 0.4])
        _, codes = np.unique([first, second], return_inverse=True)
        first, second = codes.reshape(2, -1)
        games = Games.of(first.tolist(), second.tolist(), outcomes, ties)
        expected = has_no_maximum(first.tolist(), second.tolist(), outcomes.tolist(), ties)
        try:
            games.refuse_unbounded()
            refused.append(False)
        except ValueError:
            refused.append(True)
        assert refused[-1] == expected, (first, second, outcomes)
    assert 50 < sum(refused) < 250


def test_intervals_of_very_many_comparisons_are_those_of_the_information():
    """So many that the weights of a pair's comparisons are drawn as one gamma variable."""
    first, second, outcomes = played(12, n=20_000)
    ranking = rank_models(first, second, outcomes, rng=rng(), n_draws=1000)
    theta = values_of(ranking)
    chance = 1 / (1 + np.exp(theta[second] - theta[first]))
    gaps = np.eye(5)[first] - np.eye(5)[second]
    bread = np.linalg.pinv(gaps.T @ (gaps * (chance * (1 - chance))[:, None]), hermitian=True, rcond=1e-9)
    meat = gaps.T @ (gaps * ((outcomes - chance) ** 2)[:, None])
    errors = [s.stderr for s in sorted(ranking.strengths, key=lambda s: s.name)]
    assert errors == pytest.approx(np.sqrt(np.diag(bread @ meat @ bread)), rel=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_a_million_comparisons_of_a_hundred_models_take_seconds(ties):
    random, n, n_models = rng(13), 1_000_000, 100
    strengths = random.normal(0, 1, n_models)
    strengths -= strengths.mean()
    first = random.integers(0, n_models, n)
    second = (first + random.integers(1, n_models, n)) % n_models
    wins = random.random(n) < 1 / (1 + np.exp(strengths[second] - strengths[first]))
    names = [f"model {number:02}" for number in range(n_models)]
    a, b = [names[number] for number in first], [names[number] for number in second]
    with threadpool_limits(1):
        began_s = time.process_time()
        ranking = rank_models(a, b, wins, rng=random, n_draws=200, ties=ties)
    assert time.process_time() - began_s < 10
    by_name = sorted(ranking.strengths, key=lambda s: str(s.name))
    covered = [s.low <= value <= s.high for s, value in zip(by_name, strengths, strict=True)]
    assert 0.87 <= np.mean(covered) <= 1
    off = [(s.value - value) / s.stderr for s, value in zip(by_name, strengths, strict=True)]
    assert max(map(abs, off)) < 4.5
