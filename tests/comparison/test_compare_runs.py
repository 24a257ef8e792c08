"""Two runs compared: numbers against scipy and statsmodels, pairing, what is left out, what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from made_runs import write_run
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from evals.comparison.compare import compare_runs, read_runs
from evals.comparison.scores import read_scores
from evals.errors import DataError, UsageError


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261124)


def test_right_and_wrong_are_tested_by_mcnemar(tmp_path, rng):
    one = rng.integers(0, 2, 80).astype(float)
    two = np.where(rng.random(80) < 0.25, 1 - one, one)
    c = compare_runs(
        read_scores(write_run(tmp_path / "a.jsonl", one)), read_scores(write_run(tmp_path / "b.jsonl", two))
    )
    table = [[np.sum((one == i) & (two == j)) for j in (0, 1)] for i in (0, 1)]
    assert c.difference.p_value == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert c.difference.value == pytest.approx(two.mean() - one.mean())
    assert c.difference.value in c.difference.interval
    assert c.ids(c.rose) == [f"sums.test.{i}" for i in np.flatnonzero(two > one)]
    assert c.ids(c.fell) == [f"sums.test.{i}" for i in np.flatnonzero(two < one)]


def test_numbers_beyond_0_and_1_are_tested_by_the_paired_t_test(tmp_path, rng):
    one, two = rng.normal(20, 5, 50), rng.normal(22, 5, 50)
    c = compare_runs(
        read_scores(write_run(tmp_path / "a.jsonl", one)), read_scores(write_run(tmp_path / "b.jsonl", two))
    )
    assert c.difference.p_value == pytest.approx(stats.ttest_rel(two, one).pvalue)
    interval = stats.ttest_rel(two, one).confidence_interval(0.95)
    assert (c.difference.interval.low, c.difference.interval.high) == pytest.approx(tuple(interval))
    times = stats.t.ppf(0.975, 49) + stats.norm.ppf(0.8)
    assert c.detectable == pytest.approx(times * c.difference.stderr, rel=0.02)


def test_another_level_gives_another_interval(tmp_path, rng):
    one, two = rng.normal(20, 5, 50), rng.normal(22, 5, 50)
    runs = read_runs([write_run(tmp_path / "a.jsonl", one), write_run(tmp_path / "b.jsonl", two)])
    interval = stats.ttest_rel(two, one).confidence_interval(0.99)
    found = compare_runs(*runs, alpha=0.01).difference.interval
    assert (found.low, found.high) == pytest.approx(tuple(interval))


def test_repeats_are_averaged_before_samples_are_paired(tmp_path, rng):
    one = {i: rng.normal(5, 1, 3) for i in range(30)}
    two = {i: rng.normal(5.5, 1, 2) for i in range(30)}
    a, b = read_runs([write_run(tmp_path / "a.jsonl", one), write_run(tmp_path / "b.jsonl", two)])
    means = [[np.mean(values) for values in run.values()] for run in (one, two)]
    c = compare_runs(a, b)
    assert c.n == 30
    assert c.difference.p_value == pytest.approx(stats.ttest_rel(means[1], means[0]).pvalue)


def test_clusters_widen_the_interval_by_their_number(tmp_path, rng):
    """Ten copies of each sample in one cluster say no more than one: the t-test over clusters of equal size."""
    one, two = rng.normal(20, 5, 12), rng.normal(22, 5, 12)
    labels = [{"cluster": i // 10} for i in range(120)]
    a = read_scores(write_run(tmp_path / "a.jsonl", np.repeat(one, 10), labels=labels))
    b = read_scores(write_run(tmp_path / "b.jsonl", np.repeat(two, 10), labels=labels))
    c = compare_runs(a, b)
    assert c.difference.n_clusters == 12
    assert c.difference.p_value == pytest.approx(stats.ttest_rel(two, one).pvalue)


def test_groups_are_corrected_together(tmp_path, rng):
    one, two = rng.normal(20, 5, 90), rng.normal(21, 5, 90)
    labels = [{"category": "abc"[i % 3], "language": "xy"[i % 2]} for i in range(90)]
    a = read_scores(write_run(tmp_path / "a.jsonl", one, labels=labels))
    b = read_scores(write_run(tmp_path / "b.jsonl", two, labels=labels))
    c = compare_runs(a, b)
    plain = [stats.ttest_rel(two[i::3], one[i::3]).pvalue for i in range(3)]
    plain += [stats.ttest_rel(two[i::2], one[i::2]).pvalue for i in range(2)]
    assert [group.p_corrected for group in c.groups] == pytest.approx(multipletests(plain, method="holm")[1])
    assert c.family == "Holm over 5 groups by category, language"


def test_equal_runs_have_no_flips_and_still_an_interval(tmp_path):
    c = compare_runs(*read_runs([write_run(tmp_path / f"{name}.jsonl", [1.0, 0.0, 1.0] * 20) for name in "ab"]))
    assert (c.difference.value, c.difference.p_value, len(c.rose), len(c.fell)) == (0.0, 1.0, 0, 0)
    assert c.difference.interval.low < 0 < c.difference.interval.high
    assert 0.05 < c.detectable < 0.2, "sixty equal samples show no drop, and a large one would have been seen"


def test_one_sample_can_be_compared_and_proves_nothing(tmp_path):
    a, b = read_runs([write_run(tmp_path / "a.jsonl", [0.0]), write_run(tmp_path / "b.jsonl", [1.0])])
    assert compare_runs(a, b).difference.p_value == 1.0


def test_samples_that_failed_in_one_run_are_left_out_and_counted(tmp_path):
    a = read_scores(write_run(tmp_path / "a.jsonl", [1.0, 0.0, None, 1.0]))
    b = read_scores(write_run(tmp_path / "b.jsonl", [1.0, None, 1.0, 0.0]))
    c = compare_runs(a, b)
    assert c.n == 2
    assert (c.pairing.failed_in_a, c.pairing.failed_in_b) == (1, 1)
    assert any("failed in one run only" in note for note in c.notes)


def test_undefined_scores_are_left_out(tmp_path):
    a = read_scores(write_run(tmp_path / "a.jsonl", [1.0, math.nan, 0.5]))
    b = read_scores(write_run(tmp_path / "b.jsonl", [1.0, 1.0, 0.5]))
    c = compare_runs(a, b)
    assert c.n == 2
    assert any("1 sample has no score" in note for note in c.notes)


def test_a_torn_record_is_compared_as_far_as_it_goes(tmp_path):
    whole = write_run(tmp_path / "a.jsonl", [1.0] * 20)
    torn = tmp_path / "b.jsonl"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    c = compare_runs(read_scores(whole), read_scores(torn))
    assert 0 < c.n < 20
    assert any("did not end" in note for note in c.notes)


def test_runs_without_a_shared_sample_are_refused(tmp_path):
    a = read_scores(write_run(tmp_path / "a.jsonl", [1.0]))
    b = read_scores(write_run(tmp_path / "b.jsonl", [1.0], eval_name="else.test.v1", questions=["?"]))
    with pytest.raises(DataError, match="no sample is in both runs"):
        compare_runs(a, b)


def test_runs_scored_by_different_metrics_are_refused(tmp_path):
    from evals import record
    from evals.record import LocalRecorder
    from evals.specs import RunSpec

    recorder = LocalRecorder(tmp_path / "match.jsonl", RunSpec(["m"], "sums.test.v1", "sums", "test", {}, ""))
    with recorder.sample("sums.test.0") as scope:
        record.record_match(True)
        scope.commit()
    recorder.close()
    with pytest.raises(UsageError, match="different metrics: score, correct"):
        read_runs([write_run(tmp_path / "a.jsonl", [1.0]), tmp_path / "match.jsonl"])


def their_record(path: Path, correct: list[bool]) -> Path:
    """A record as openai/evals writes it: the report first, no marks, no checksum of the data."""
    lines = [
        {
            "spec": {
                "completion_fns": [path.stem],
                "eval_name": "e.s.v0",
                "run_config": {"seed": 1},
                "run_id": path.stem,
            }
        },
        {"final_report": {"accuracy": 0.5}},
    ]
    for number, is_correct in enumerate(correct):
        common = {"run_id": path.stem, "sample_id": f"e.s.{number}", "created_by": "", "created_at": ""}
        sampling = {"prompt": [{"role": "user", "content": f"q{number}"}], "sampled": ["a"]}
        match = {"correct": is_correct, "expected": "a", "picked": "a", "options": ["a"]}
        lines.append({**common, "event_id": 2 * number, "type": "sampling", "data": sampling})
        lines.append({**common, "event_id": 2 * number + 1, "type": "match", "data": match})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_records_of_openai_evals_are_compared_with_ours(tmp_path):
    theirs = read_scores(their_record(tmp_path / "theirs.jsonl", [True, False, True, True]))
    others = read_scores(their_record(tmp_path / "others.jsonl", [True, True, False, True]))
    c = compare_runs(theirs, others)
    assert (c.n, c.ids(c.rose), c.ids(c.fell)) == (4, ["e.s.1"], ["e.s.2"])
    assert "data" in c.changes.unknown
    assert not c.pairing.by_id_alone


def test_few_samples_promise_no_difference_beyond_all_points(tmp_path):
    a, b = read_runs(
        [write_run(tmp_path / "a.jsonl", [1.0, 1.0, 1.0]), write_run(tmp_path / "b.jsonl", [1.0, 0.0, 1.0])]
    )
    assert math.isnan(compare_runs(a, b).detectable)


def test_what_is_not_proven_always_fits_no_difference(tmp_path, rng):
    """The sentence of the verdict and the interval in it come from one method, whatever the scores and clusters are."""
    for seed in range(25):
        n = int(rng.integers(2, 90))
        one, two = (rng.random((2, n)) < rng.random()).astype(float) * (1 if seed % 2 else rng.random(n).round(1))
        labels = [{"cluster": i // 4} for i in range(n)] if seed % 3 == 0 else None
        runs = [write_run(tmp_path / f"{seed}{x}.jsonl", s, labels=labels) for x, s in (("a", one), ("b", two))]
        c = compare_runs(*read_runs(runs))
        if c.difference.p_value > 0.05:
            assert c.difference.interval.low <= 0 <= c.difference.interval.high
        elif c.difference.interval.defined:
            assert 0 not in c.difference.interval
