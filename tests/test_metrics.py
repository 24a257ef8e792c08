"""Means with their uncertainty, and the functions of openai/evals, against numpy, scipy and counting."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from evals.engine.context import use_session
from evals.engine.plan import RunPlan
from evals.engine.session import Session
from evals.metrics import (
    MatchReport,
    Mean,
    MetricsReport,
    compute_averaged_f_score,
    compute_f_score,
    compute_matthew_corr,
    compute_precision,
    compute_recall,
    get_accuracy,
    get_bootstrap_accuracy_std,
    get_confusion_matrix,
    half_sample_std,
    report_keys,
)
from evals.record import Event
from evals.stats.intervals import mean_of as exact_mean_of
from evals.stats.intervals import modified_wilson
from evals.stats.proportions import proportion_estimate

SCORES = [0.0, 0.25, 1.0, 0.5, 0.125, 0.75, 1.0, 0.1]


def event(type: str = "match", **data: Any) -> Event:
    return Event("run", 0, "s", type, data, "", "")


def matches(*correct: bool) -> list[Event]:
    return [event(correct=value, expected="a", picked="a" if value else None) for value in correct]


def mean_of(values: list[float]) -> Mean:
    mean = Mean()
    for index, value in enumerate(values):
        mean.add(f"s.{index}", value)
    return mean


def test_mean_and_standard_error_are_those_of_numpy() -> None:
    mean = mean_of(SCORES)
    assert mean.n == mean.n_values == 8
    assert mean.mean == pytest.approx(np.mean(SCORES))
    assert mean.variance == pytest.approx(np.var(SCORES, ddof=1))
    assert mean.stderr == pytest.approx(stats.sem(SCORES))


@pytest.mark.parametrize("repeats", [1, 2])
def test_the_mean_is_that_of_the_samples_to_the_last_bit(repeats: int) -> None:
    """With two repeats the last sample has one value so far."""
    rng = random.Random(2)
    for _ in range(300):
        values = [rng.choice((0.0, 1 / 3, 2 / 3, 1.0, 0.1)) for _ in range(rng.randrange(1, 60))]
        mean = Mean(repeats)
        for index, value in enumerate(values):
            for _ in range(1 if index == len(values) - 1 else repeats):
                mean.add(f"s.{index}", value)
        assert mean.mean == exact_mean_of(values)
        assert mean.n == len(values)


@pytest.mark.parametrize("scores", [SCORES, [0.5, 0.5], [1.0] * 30 + [0.98, 0.2], [0.1, 0.9, 1.0], [0.0] * 9 + [0.3]])
def test_the_interval_of_graded_scores_is_that_of_the_comparison_and_stays_in_range(scores: list[float]) -> None:
    mean, expected = mean_of(scores), proportion_estimate(scores)
    assert mean.ci95 == pytest.approx((expected.interval.low, expected.interval.high))
    assert mean.method == expected.method == "effective wilson"
    assert 0 <= mean.ci95[0] <= mean.ci95[1] <= 1


def test_the_interval_of_scores_beyond_one_is_students() -> None:
    scores = [3.0, 4.5, -1.0, 2.0]
    expected = stats.t.interval(0.95, df=3, loc=np.mean(scores), scale=stats.sem(scores))
    assert mean_of(scores).ci95 == pytest.approx(expected)
    assert mean_of(scores).method == "student t"


def test_samples_of_one_cluster_are_not_independent() -> None:
    clusters = {f"s.{i}": i // 10 for i in range(200)}
    rng = np.random.default_rng(3)
    values = np.clip(np.repeat(rng.random(20), 10) + rng.normal(0, 0.05, 200), 0, 1)
    with use_session(Session(), RunPlan(cluster_of=clusters)):
        mean = Mean()
    for name, value in zip(clusters, values.tolist(), strict=True):
        mean.add(name, value)
    fit = sm.OLS(values, np.ones(200)).fit(cov_type="cluster", cov_kwds={"groups": list(clusters.values())})
    assert mean.stderr == pytest.approx(fit.bse[0])
    assert mean.stderr > 2.5 * stats.sem(values)
    keys = report_keys("f1", mean)
    assert (keys["n"], keys["n_clusters"]) == (200, 20)
    assert keys["f1_ci95"][1] - keys["f1_ci95"][0] > 4 * mean.stderr


def test_the_interval_of_right_and_wrong_is_wilsons() -> None:
    expected = stats.binomtest(6, 10).proportion_ci(method="wilson")
    assert mean_of([1.0] * 6 + [0.0] * 4).ci95 == pytest.approx((expected.low, expected.high))


def test_the_order_of_samples_never_matters() -> None:
    rng = random.Random(5)
    values = {f"s.{i}": rng.uniform(0, 1) ** 9 for i in range(500)}
    results = set()
    for _ in range(5):
        order = rng.sample(sorted(values), k=len(values))
        mean = Mean()
        for name in order:
            mean.add(name, values[name])
        results.add((mean.mean, mean.stderr, mean.ci95))
    assert len(results) == 1


def test_repeats_are_averaged_within_their_sample_first() -> None:
    repeats = {"a": [1, 1, 0, 1], "b": [0, 0, 0, 0], "c": [1, 0, 1, 0]}
    mean = Mean(repeats=4)
    for values in itertools.zip_longest(*repeats.values()):
        for name, value in zip(repeats, values, strict=True):
            mean.add(name, value)
    means = [statistics.fmean(values) for values in repeats.values()]
    assert (mean.n, mean.n_values) == (3, 12)
    assert mean.mean == pytest.approx(np.mean(means))
    assert mean.stderr == pytest.approx(stats.sem(means))
    expected = proportion_estimate(means).interval
    assert mean.ci95 == pytest.approx((expected.low, expected.high))
    assert (mean.ci95[0] > 0, mean.ci95[1] < 1) == (True, True), "a share is neither negative nor above 1"


def test_scores_that_are_no_shares_keep_the_whole_interval_of_their_repeats() -> None:
    mean = Mean(repeats=2)
    for name, values in {"a": [-3.0, 2.0], "b": [4.0, 0.5], "c": [0.0, 1.0]}.items():
        for value in values:
            mean.add(name, value)
    means = [-0.5, 2.25, 0.5]
    assert mean.ci95 == pytest.approx(stats.t.interval(0.95, df=2, loc=np.mean(means), scale=stats.sem(means)))


@pytest.mark.parametrize("value", [0, 1])
def test_repeats_that_all_agree_are_no_certainty(value: int) -> None:
    mean = Mean(repeats=3)
    for name in "abcdefghij" * 3:
        mean.add(name, value)
    expected = stats.binomtest(10 * value, 10).proportion_ci(method="wilson")
    assert mean.ci95 == pytest.approx((expected.low, expected.high)), "the samples are the units, not the answers"


def test_the_error_over_repeats_is_the_clustered_one() -> None:
    repeats = {"a": [1, 1, 0], "b": [0, 0, 1], "c": [1, 1, 1], "d": [0, 1, 0]}
    mean = Mean(repeats=3)
    for name, values in repeats.items():
        for value in values:
            mean.add(name, value)
    overall = np.mean(list(repeats.values()))
    n, n_clusters = 12, 4
    between = sum(sum(value - overall for value in values) ** 2 for values in repeats.values())
    assert mean.stderr == pytest.approx(math.sqrt(n_clusters / (n_clusters - 1) * between / n**2))


def test_a_sample_whose_repeats_are_not_all_there_counts_with_what_it_has() -> None:
    mean = Mean(repeats=2)
    for name, value in (("a", 1.0), ("a", 0.0), ("b", 1.0)):
        mean.add(name, value)
    assert (mean.n, mean.n_values) == (2, 3)
    assert mean.mean == pytest.approx(0.75)


def test_one_sample_has_a_mean_and_no_spread() -> None:
    none = dict.fromkeys(["score_stderr", "score_ci95", "score_method"])
    assert report_keys("score", mean_of([0.5])) == {"score": 0.5, **none, "n": 1}


def test_no_sample_has_neither() -> None:
    none = dict.fromkeys(["score", "score_stderr", "score_ci95", "score_method"])
    assert report_keys("score", Mean()) == {**none, "n": 0}


@pytest.mark.parametrize(
    ("values", "method"),
    [
        ([0, 1, 1], "modified wilson"),
        ([0, 1] * 4, "wilson"),
        ([0.5, 1, 1], "effective wilson"),
        ([0.5, 3, 1], "student t"),
        ([0.5], None),
    ],
)
def test_an_interval_says_how_it_is_made(values: list[float], method: str | None) -> None:
    assert report_keys("score", mean_of(values))["score_method"] == method


@pytest.mark.parametrize("n", [2, 3, 6, 9])
def test_the_spread_of_halves_is_that_over_all_of_them(n: int) -> None:
    values = SCORES[:n] if n <= len(SCORES) else [*SCORES, 0.9]
    halves = [statistics.fmean(half) for half in itertools.combinations(values, n // 2)]
    assert half_sample_std(n, statistics.variance(values)) == pytest.approx(statistics.pstdev(halves))


def test_the_bootstrap_of_openai_evals_converges_to_the_closed_form() -> None:
    correct = [True] * 70 + [False] * 30
    rng = random.Random(1)
    halves = [statistics.fmean(rng.sample(correct, 50)) for _ in range(4000)]
    assert get_bootstrap_accuracy_std(matches(*correct)) == pytest.approx(statistics.pstdev(halves), rel=0.05)
    assert mean_of([float(value) for value in correct]).bootstrap_std == get_bootstrap_accuracy_std(matches(*correct))


def test_the_bootstrap_is_the_same_at_every_call() -> None:
    events = matches(True, False, True, True, False)
    assert get_bootstrap_accuracy_std(events, num_samples=10) == get_bootstrap_accuracy_std(events)


def test_accuracy_is_the_share_of_correct_events() -> None:
    assert get_accuracy(matches(True, False, True, True)) == 0.75


def test_what_needs_more_events_is_nan() -> None:
    assert math.isnan(get_accuracy([]))
    assert math.isnan(get_bootstrap_accuracy_std([]))
    assert math.isnan(get_bootstrap_accuracy_std(matches(True)))


def test_a_match_report_has_the_old_keys_and_ours() -> None:
    report = MatchReport("boostrap_std")
    for index, found in enumerate(matches(True, False, True, True)):
        report.add(f"s.{index}", [event("sampling"), found])
    low, high = modified_wilson(3, 4)
    assert report.as_dict() == {
        "accuracy": 0.75,
        "accuracy_stderr": pytest.approx(stats.sem([1, 0, 1, 1])),
        "accuracy_ci95": pytest.approx([low, high]),
        "accuracy_method": "modified wilson",
        "n": 4,
        "boostrap_std": pytest.approx(get_bootstrap_accuracy_std(matches(True, False, True, True))),
    }


def test_a_match_report_tells_how_many_had_no_answer_where_the_eval_does() -> None:
    report = MatchReport()
    for index, parsed in enumerate([True, True, False, True]):
        report.add(f"s.{index}", [event(correct=parsed, parsed=parsed)])
    told = report.as_dict()
    assert (told["unparsed"], told["unparsed_method"]) == (0.25, "modified wilson")
    assert told["unparsed_ci95"] == pytest.approx([1 - end for end in reversed(told["accuracy_ci95"])])
    assert "unparsed" not in MatchReport().as_dict()


def test_a_metrics_report_has_a_mean_of_each() -> None:
    report = MetricsReport("accuracy", "f1_score")
    for index, (accuracy, f1) in enumerate([(1.0, 1.0), (0.0, 0.5), (1.0, 0.75)]):
        report.add(f"s.{index}", [event("match", correct=True), event("metrics", accuracy=accuracy, f1_score=f1)])
    made = report.as_dict()
    assert made["accuracy"] == pytest.approx(2 / 3)
    assert made["f1_score"] == pytest.approx(0.75)
    assert made["f1_score_stderr"] == pytest.approx(stats.sem([1.0, 0.5, 0.75]))
    assert made["n"] == 3


def picks(*pairs: tuple[str, str | None]) -> list[Event]:
    return [event(expected=expected, picked=picked) for expected, picked in pairs]


PICKS = picks(("a", "a"), ("a", "b"), ("a", None), ("b", "b"), ("b", "b"), ("b", "a"))


def test_the_confusion_matrix_counts_expected_by_picked_with_a_last_column_for_others() -> None:
    assert get_confusion_matrix(PICKS).tolist() == [[1, 1, 1], [1, 2, 0]]
    assert get_confusion_matrix(PICKS, ["b", "a"]).tolist() == [[2, 1, 0], [1, 1, 1]]


def test_an_expected_label_outside_the_given_ones_is_refused() -> None:
    with pytest.raises(ValueError, match="'b'"):
        get_confusion_matrix(PICKS, ["a"])


def test_precision_recall_and_f_follow_their_definitions() -> None:
    matrix = get_confusion_matrix(PICKS)
    assert compute_precision(matrix, 0) == pytest.approx(1 / 2)
    assert compute_recall(matrix, 0) == pytest.approx(1 / 3)
    assert compute_f_score(matrix, 0) == pytest.approx(statistics.harmonic_mean([1 / 2, 1 / 3]))
    assert compute_f_score(matrix, 0, beta=2) == pytest.approx(5 * (1 / 6) / (4 / 2 + 1 / 3))
    assert compute_averaged_f_score(matrix) == pytest.approx(
        (compute_f_score(matrix, 0) + compute_f_score(matrix, 1)) / 2
    )


def test_matthews_correlation_is_the_correlation_of_the_labels() -> None:
    pairs = [("a", "a"), ("a", "b"), ("a", None), ("b", "b"), ("b", "b"), ("b", "a"), ("b", "b")]
    matrix = get_confusion_matrix(picks(*pairs))
    before = matrix.copy()
    expected = np.corrcoef([e == "b" for e, _ in pairs], [p == "b" for _, p in pairs])[0, 1]
    assert compute_matthew_corr(matrix) == pytest.approx(expected)
    assert (matrix == before).all()


def test_a_ratio_over_nothing_is_nan() -> None:
    matrix = get_confusion_matrix(picks(("a", "a"), ("b", "a")))
    assert math.isnan(compute_precision(matrix, 1))
    assert math.isnan(compute_matthew_corr(matrix))


def test_other_averages_and_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="macro"):
        compute_averaged_f_score(get_confusion_matrix(PICKS), average="micro")
    with pytest.raises(ValueError, match="2 x 3"):
        compute_matthew_corr(np.zeros((3, 4)))
