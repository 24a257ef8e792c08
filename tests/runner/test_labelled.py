"""What labels and repeats add to a final report: tables of groups, and the uncertainty that fits."""

from __future__ import annotations

import numpy as np
import pytest
from made_runs import write_run

from evals.runner.labelled import MAX_GROUPS, labelled_report
from evals.stats.intervals import modified_wilson
from evals.stats.standard_error import stderr, variance_parts


def test_each_group_has_the_keys_of_a_metric(tmp_path):
    path = write_run(tmp_path / "r.jsonl", [1.0, 0.0, 1.0, 1.0], labels=[{"category": c} for c in "abaa"])
    report = labelled_report(str(path), {"score": 0.75, "n": 4})
    assert report["score"] == 0.75
    assert list(report["groups"]["category"]) == ["a", "b"]
    assert report["groups"]["category"]["a"] == {
        "score": 1.0, "score_stderr": 0.0, "score_ci95": pytest.approx(list(modified_wilson(3, 3))), "score_method": "modified wilson",
        "n": 3,
    }  # fmt: skip
    assert report["groups"]["category"]["b"]["score_stderr"] is None


def test_clusters_widen_the_error_and_are_counted(tmp_path):
    scores = [1.0] * 5 + [0.0] * 5 + [1.0] * 5 + [0.0] * 5
    path = write_run(tmp_path / "r.jsonl", scores, labels=[{"cluster": i // 5} for i in range(20)])
    report = labelled_report(str(path), {"score": 0.5, "score_stderr": 0.1, "n": 20})
    assert (report["score"], report["n"], report["n_clusters"]) == (0.5, 20, 4)
    assert report["score_stderr"] == pytest.approx(stderr(scores, [i // 5 for i in range(20)]))
    assert "groups" not in report


def test_repeats_count_as_one_sample(tmp_path):
    path = write_run(tmp_path / "r.jsonl", {i: [1.0, i / 4] for i in range(5)})
    report = labelled_report(str(path), {"score": 0.0, "n": 5})
    assert (report["score"], report["n"]) == (0.75, 5)
    assert report["score_stderr"] == pytest.approx(stderr([(1 + i / 4) / 2 for i in range(5)]))


def test_repeats_show_the_variance_of_items_and_of_draws(tmp_path):
    rng = np.random.default_rng(4)
    draws = {i: (rng.random(4) < chance).astype(float).tolist() for i, chance in enumerate(rng.beta(2, 1, 60))}
    path = write_run(tmp_path / "r.jsonl", draws)
    found = labelled_report(str(path), {"score": 0.0, "n": 60})["variance"]
    parts = variance_parts([v for vs in draws.values() for v in vs], [i for i, vs in draws.items() for _ in vs])
    assert (found["items"], found["draws"]) == pytest.approx((parts.between, parts.within))
    assert found["error_with_twice_the_items"] == pytest.approx(parts.stderr(120, 4) / parts.stderr(60, 4))
    assert found["error_with_twice_the_repeats"] == pytest.approx(parts.stderr(60, 8) / parts.stderr(60, 4))


def test_labels_with_too_many_values_are_ids_and_get_no_table(tmp_path):
    n = MAX_GROUPS + 1
    path = write_run(tmp_path / "r.jsonl", [1.0] * n, labels=[{"group": i, "subject": i % 2} for i in range(n)])
    assert list(labelled_report(str(path), {"score": 1.0})["groups"]) == ["subject"]


def test_a_record_without_scores_adds_nothing(tmp_path):
    path = write_run(tmp_path / "r.jsonl", [None, None])
    assert labelled_report(str(path), {"n_errors": 2}) == {"n_errors": 2}


def test_a_report_that_does_not_name_the_score_keeps_its_own_numbers(tmp_path):
    path = write_run(tmp_path / "r.jsonl", {0: [1.0, 0.0], 1: [1.0, 1.0]})
    assert labelled_report(str(path), {"bleu": 12.0}) == {"bleu": 12.0}
