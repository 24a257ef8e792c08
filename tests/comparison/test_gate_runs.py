"""The gate's verdicts: what they rest on, what they refuse, and what a command exits with."""

from __future__ import annotations

import pytest
from made_runs import verdict_of, write_run

from evals.comparison.baseline import Baseline, baseline_path
from evals.comparison.gate import GateLimits, exit_code_of, gate_runs
from evals.comparison.scores import read_scores
from evals.errors import DataError, UsageError
from evals.stats.noninferiority import drop_test


def test_a_run_of_thirds_differs_from_its_own_baseline_by_nothing(tmp_path):
    scores = [i / 3 for i in (1, 2, 0, 3, 1, 1, 2, 0, 2, 1)] * 6
    verdict = verdict_of(tmp_path, scores, scores)
    assert verdict.test.difference.value == 0.0
    assert verdict.baseline_score == verdict.score
    assert verdict.test.difference.interval.low < 0 < verdict.test.difference.interval.high


def test_the_numbers_are_those_of_the_test_of_a_drop(tmp_path):
    before, after = [1.0] * 300 + [0.0] * 100, [1.0] * 270 + [0.0] * 130
    verdict = verdict_of(tmp_path, before, after)
    expected = drop_test(before, after, max_drop=0.02, detect=0.05, alpha=0.05, power=0.8)
    assert verdict.test.difference.value == pytest.approx(-0.075)
    assert verdict.as_dict()["p_value"] == expected.p_value == verdict.p_holm
    assert (verdict.verdict, verdict.n) == ("regression", 400)


def test_where_lower_is_better_a_rise_is_the_drop(tmp_path):
    runs = [read_scores(write_run(tmp_path / f"{i}.jsonl", scores, higher_is_better=False))
            for i, scores in enumerate(([0.0] * 400, [1.0, 0.0] * 200))]  # fmt: skip
    Baseline.of(runs[0]).write(baseline_path(tmp_path / "b", "sums.test.v1"))
    (verdict,) = gate_runs([runs[1]], tmp_path / "b", GateLimits())
    assert (verdict.verdict, verdict.baseline_score, verdict.score) == ("regression", 0.0, 0.5)


def test_a_run_that_misses_samples_is_not_ok_and_says_so(tmp_path):
    verdict = verdict_of(tmp_path, [1.0, 0.0] * 1000, [1.0, 0.0] * 900)
    assert verdict.verdict == "incomplete"
    assert "only 1,800 of the baseline's 2,000 samples are in this run" in verdict.unmet
    assert "worst case, the 200 missing samples wrong: -0.050" in verdict.notes


def test_a_run_of_one_sample_whose_other_calls_failed_passes_no_gate(tmp_path):
    """399 of 400 calls failed and were tolerated: `--undecided pass` is about few samples, and not about this."""
    verdict = verdict_of(tmp_path, [1.0] * 400, [1.0] + [None] * 399)  # type: ignore[list-item]
    assert verdict.verdict == "incomplete"
    assert "399 of 400 samples failed" in verdict.unmet
    assert exit_code_of([verdict], "pass") == 5
    assert exit_code_of([verdict], "fail") == 1


def test_failed_samples_that_would_be_a_drop_if_they_were_wrong_are_not_ok(tmp_path):
    """4 % are missing, fewer than the 5 % that are allowed; had they been wrong, the drop were proven."""
    verdict = verdict_of(tmp_path, [1.0] * 2000, [1.0] * 1920 + [None] * 80)  # type: ignore[list-item]
    assert verdict.verdict == "incomplete"
    assert verdict.worst_difference == pytest.approx(-0.04)
    few = verdict_of(tmp_path / "few", [1.0] * 2000, [1.0] * 1990 + [None] * 10)  # type: ignore[list-item]
    assert few.verdict == "ok"


def test_a_run_that_was_killed_near_its_end_is_not_ok(tmp_path):
    runs = [read_scores(write_run(tmp_path / f"{n}.jsonl", [1.0] * n, finished=n == 2000)) for n in (2000, 1960)]
    Baseline.of(runs[0]).write(baseline_path(tmp_path / "b", "sums.test.v1"))
    (verdict,) = gate_runs([runs[1]], tmp_path / "b", GateLimits())
    assert verdict.verdict == "incomplete"
    assert "the run did not end: go on with --resume" in verdict.unmet


def test_a_baseline_whose_direction_was_edited_is_refused(tmp_path):
    """Otherwise every drop is a gain."""
    runs = [read_scores(write_run(tmp_path / f"{i}.jsonl", scores)) for i, scores in enumerate(([1.0] * 9, [0.0] * 9))]
    path = baseline_path(tmp_path / "b", "sums.test.v1")
    Baseline.of(runs[0]).write(path)
    path.write_text(path.read_text().replace('"higher_is_better": true', '"higher_is_better": false'))
    with pytest.raises(DataError, match="disagree on what is better"):
        gate_runs([runs[1]], tmp_path / "b", GateLimits())


def test_failed_samples_are_noted(tmp_path):
    verdict = verdict_of(tmp_path, [1.0] * 10, [1.0] * 9 + [None])  # type: ignore[list-item]
    assert "1 evaluation failed and is not scored" in verdict.notes


@pytest.mark.parametrize(
    ("verdicts", "undecided", "code"),
    [
        (["ok", "ok"], "exit5", 0),
        (["ok", "undecided"], "exit5", 5),
        (["ok", "undecided"], "pass", 0),
        (["ok", "undecided"], "neutral", 0),
        (["incomplete", "undecided"], "neutral", 5),
        (["undecided", "regression"], "neutral", 1),
        (["ok", "undecided"], "fail", 1),
        (["undecided", "regression"], "pass", 1),
        (["ok", "incomplete"], "exit5", 5),
        (["incomplete", "undecided"], "pass", 5),
        (["incomplete", "undecided"], "fail", 1),
        (["incomplete", "regression"], "exit5", 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst_verdict(verdicts, undecided, code):
    class Verdict:
        def __init__(self, verdict: str) -> None:
            self.verdict = verdict

    assert exit_code_of([Verdict(verdict) for verdict in verdicts], undecided) == code  # type: ignore[misc]


@pytest.mark.parametrize(
    "limits",
    [{"max_drop": 0.05, "detect": 0.05}, {"max_drop": -0.1}, {"detect": 1.5}, {"alpha": 0.0}, {"power": 1.0}],
)
def test_limits_that_no_gate_can_keep_are_refused(limits):
    with pytest.raises(UsageError):
        GateLimits(**limits)


def test_another_scorer_is_refused_with_a_way_out(tmp_path):
    runs = [
        read_scores(write_run(tmp_path / f"{v}.jsonl", [1.0], fingerprint={"scorer": {"version": v}})) for v in "12"
    ]
    Baseline.of(runs[0]).write(baseline_path(tmp_path / "b", "sums.test.v1"))
    with pytest.raises(DataError, match="another scorer") as raised:
        gate_runs([runs[1]], tmp_path / "b", GateLimits())
    assert "--update" in str(raised.value)


@pytest.mark.parametrize(
    ("before", "after", "is_other"),
    [
        ({"version": "1", "rubric": "a"}, {"version": "1", "rubric": "b"}, True),
        ({"version": "1"}, {"version": "1", "rubric": "b"}, False),  # an older baseline does not say
        ({"version": "1", "scorer code mine": "a"}, {"version": "1", "scorer code mine": "b"}, True),
    ],
)
def test_rubric_and_source_of_the_scorer_are_part_of_it(tmp_path, before, after, is_other):
    runs = [
        read_scores(write_run(tmp_path / f"{i}.jsonl", [1.0] * 400, fingerprint={"scorer": scorer}))
        for i, scorer in enumerate((before, after))
    ]
    Baseline.of(runs[0]).write(baseline_path(tmp_path / "b", "sums.test.v1"))
    if is_other:
        with pytest.raises(DataError, match="another scorer"):
            gate_runs([runs[1]], tmp_path / "b", GateLimits())
    else:
        assert gate_runs([runs[1]], tmp_path / "b", GateLimits())[0].verdict == "ok"
