"""Which keys of a report are metrics, companions, counts and costs; for every report that our classes make."""

from __future__ import annotations

import math

import pytest

from evals.metrics import Mean, report_keys
from evals.report_keys import TOO_FEW, Metric, counts_of, headline, kind_of, metric_keys, metrics_of

CLUSTERED = {
    "accuracy": 0.5, "accuracy_stderr": 0.1, "accuracy_ci95": [0.3, 0.7], "n": 20, "n_clusters": 4, "n_errors": 1,
    "unparsed": 0.05, "cost_usd": 0.01, "usage_total_tokens": 7, "boostrap_std": 0.1,
    "groups": {}, "how": ["so"], "ok": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("accuracy", "metric"),
        ("accuracy_stderr", "companion"),
        ("accuracy_ci95", "companion"),
        ("n", "count"),
        ("n_clusters", "count"),
        ("n_errors", "count"),
        ("unparsed", "metric"),
        ("cost_usd", "cost"),
        ("usage_total_tokens", "cost"),
        ("boostrap_std", "companion"),
        ("groups", "other"),
        ("how", "other"),
        ("ok", "other"),
    ],
)
def test_every_key_has_one_kind(name, kind):
    assert kind_of(name, CLUSTERED) == kind


def test_clusters_are_a_count_that_belongs_to_the_metric():
    metrics = metrics_of(CLUSTERED)
    assert list(metrics) == ["accuracy", "unparsed"]
    assert metrics["accuracy"] == Metric(0.5, 0.1, (0.3, 0.7), 20, 4)
    assert counts_of(CLUSTERED) == {}


def test_what_an_eval_counts_itself_is_no_metric():
    report = {
        "counts/A": 3, "rate/A": 0.3, "n": 10, "n_completions": 30, "status/passed": 4, "kind/assertion": 1,
        "assurance/strict": 30, "n_gram_overlap": 0.25, "points": 5,
    }  # fmt: skip
    assert list(metrics_of(report)) == ["rate/A", "n_gram_overlap", "points"]
    assert list(counts_of(report)) == [
        "counts/A",
        "n_completions",
        "status/passed",
        "kind/assertion",
        "assurance/strict",
    ]


def test_a_name_that_ends_like_a_companion_is_a_metric_where_it_belongs_to_none():
    report = {"top_n": 0.5, "f1": 0.25, "f1_n": 3, "residual_stderr": 0.1}
    assert list(metrics_of(report)) == ["top_n", "f1", "residual_stderr"]


def test_the_n_of_a_metric_is_its_own_where_it_has_one():
    report = {"a": 0.5, "a_stderr": 0.1, "n": 10, "b": 0.5, "b_stderr": 0.1, "b_n": 4, "c": 0.5}
    assert [metric.n for metric in metrics_of(report).values()] == [10, 4, None]


@pytest.mark.parametrize("interval", ["0 to 1", [0.1], [None, 0.5], {"low": 0}, 3, [0.1, "x"]])
def test_companions_of_another_form_are_left_out_and_end_nothing(interval):
    report = {"accuracy": 0.5, "accuracy_stderr": "small", "accuracy_ci95": interval, "n": "many"}
    assert metrics_of(report)["accuracy"] == Metric(0.5)


def test_keys_that_are_written_are_read_back():
    mean = Mean(repeats=1)
    for i in range(4):
        mean.add(str(i), i / 4)
    (metric,) = metrics_of(report_keys("score", mean)).values()
    assert metric == Metric(mean.mean, mean.stderr, mean.ci95, 4, method="effective wilson")
    nothing = metrics_of(metric_keys("score", math.nan, math.nan, (math.nan, math.nan), 0, "none"))["score"]
    assert math.isnan(nothing.value)
    assert (nothing.stderr, nothing.ci95, nothing.n, nothing.method) == (None, None, None, None)


@pytest.mark.parametrize(
    ("report", "declared", "name"),
    [
        ({"a": 0.1, "accuracy": 0.2, "f1": 0.3}, ["f1", "a"], "f1"),
        ({"a": 0.1, "score": 0.2, "accuracy": 0.2}, ["gone"], "accuracy"),
        ({"a": 0.1, "score": 0.2}, [], "score"),
        ({"counts/A": 3, "invalid_rate": 0.0, "rate/A": 0.3, "n": 10}, [], "rate/A"),
        ({"n": 10, "how": "so"}, [], "n"),
        ({"how": "so"}, ["accuracy"], None),
        ({"score": None, "score_ci95": None, "exam_score_least": 0, "exam_score_most": 100, "n": 0}, [], "score"),
        ({"accuracy": None, "n": 0, "n_errors": 3}, ["f1"], "accuracy"),
        ({"accuracy": None, "f1": 0.3}, ["accuracy", "f1"], "f1"),
    ],
)
def test_one_number_stands_for_a_report(report, declared, name):
    assert headline(report, declared) == name


@pytest.mark.parametrize(
    ("method", "n", "n_clusters", "is_too_few"),
    [
        ("effective wilson", 10, 2, True),
        ("effective wilson", 15, 3, False),
        ("effective wilson", 2, None, False),
        ("clustered t (CR2)", 40, 2, True),
        ("student t", 29, None, True),
        ("student t", 30, None, False),
        ("modified wilson", 1, None, False),
        ("wilson", 1, None, False),
    ],
)
def test_below_the_documented_number_the_text_says_so_instead_of_an_interval(method, n, n_clusters, is_too_few):
    report = {"accuracy": 0.5, "accuracy_stderr": 0.1, "accuracy_ci95": [0.3, 0.7], "accuracy_method": method, "n": n}
    metric = metrics_of({**report, "n_clusters": n_clusters})["accuracy"]
    assert (metric.is_too_few, metric.ci95 is None) == (is_too_few, is_too_few)
    assert (TOO_FEW in str(metric)) is is_too_few
    assert metric.stderr == 0.1
