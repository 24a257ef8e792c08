"""Comparisons in the terminal: 80 columns, and nothing in a record can steer the terminal."""

from __future__ import annotations

import math
import re

import pytest
from made_runs import write_nasty_run, write_run

from evals.comparison.compare import compare_runs, read_runs
from evals.comparison.many_runs import compare_many_runs
from evals.record.current import record_match
from evals.record.local import LocalRecorder
from evals.report.comparison_words import detectable_words
from evals.report.flips import FlipTexts
from evals.report.run_names import run_names
from evals.report.terminal.comparison import comparison_text
from evals.report.terminal.many_runs import many_runs_text
from evals.specs import RunSpec


@pytest.fixture
def runs(tmp_path):
    scores = {"a" * 60: [0.0, 1.0] * 10, "b" * 60: [1.0, 1.0] * 10, "c" * 60: [0.5, 0.25] * 10}
    return read_runs([write_nasty_run(tmp_path / f"{name}.jsonl", values, name) for name, values in scores.items()])


def widest(text: str) -> int:
    """The length of the longest line without a path."""
    return max(len(line) for line in text.splitlines() if ".jsonl" not in line)


def test_text_stays_in_80_columns_and_harmless(runs):
    c = compare_runs(*runs[:2])
    names = run_names(runs[:2])
    text = comparison_text(c, names, groups=True) + "\n" + FlipTexts(c, names, 2).text(int(c.rose[0]))
    assert widest(text) <= 80
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_many_runs_stay_in_80_columns(runs):
    assert widest(many_runs_text(compare_many_runs(runs), [*run_names(runs[:2]), "C"])) <= 80


def test_a_difference_of_nothing_has_a_plus_in_both_directions(tmp_path):
    runs = read_runs([write_run(tmp_path / f"{name}.jsonl", [1.0, 0.0, 1.0, 0.5]) for name in "abc"])
    text = many_runs_text(compare_many_runs(runs), ["a", "b", "c"])
    assert "+0.000" in text
    assert "+-" not in text
    assert "-0.000 " not in text.split("pair")[0]


def test_flipped_samples_are_named_by_their_common_beginning(tmp_path):
    a, b = read_runs([write_run(tmp_path / "a.jsonl", [1.0] * 8), write_run(tmp_path / "b.jsonl", [0.0] * 7 + [1.0])])
    text = comparison_text(compare_runs(a, b), ["a", "b"])
    assert "0 became right, 7 became wrong, 1 stayed" in text
    assert "became wrong: sums.test.0, .1, .2, .3, .4 ..." in text
    assert "their texts" not in comparison_text(compare_runs(a, b), ["a", "b"], flips=True)


def test_one_sample_is_no_samples(tmp_path):
    a, b = read_runs([write_run(tmp_path / "a.jsonl", [1.0]), write_run(tmp_path / "b.jsonl", [0.0])])
    assert "sums.test.v1: 1 sample in both" in comparison_text(compare_runs(a, b), ["a", "b"])


def test_a_difference_beyond_the_whole_scale_is_not_foretold(tmp_path):
    scores = {"a": [1.0, 1.0, 1.0], "b": [1.0, 0.0, 1.0]}
    c = compare_runs(*read_runs([write_run(tmp_path / f"{name}.jsonl", values) for name, values in scores.items()]))
    assert math.isnan(c.detectable)
    assert detectable_words(c) == "With 3 samples no difference is detected with 80 % power: more are needed."


@pytest.mark.parametrize(("n_clusters", "said"), [(2, 3), (3, 0)])
def test_two_clusters_are_too_few_to_say(tmp_path, n_clusters, said):
    paths = []
    for name, start in (("a", 0), ("b", 1)):
        paths.append(tmp_path / f"{name}.jsonl")
        write_clustered(paths[-1], [float((i + start) % 3 > 0) for i in range(12)], n_clusters)
    a, b = read_runs(paths)
    text = comparison_text(compare_runs(a, b), ["a", "b"])
    assert text.count("too few to say") == said
    assert ("Nothing can be said" in text) is (said > 0)


def write_clustered(path, scores, n_clusters):
    recorder = LocalRecorder(path, RunSpec(["m"], "e.test.v1", "e", "test", {"data_sha256": "x"}, ""))
    for number, score in enumerate(scores):
        with recorder.sample(f"e.test.{number}") as scope:
            record_match(bool(score), expected="x", picked="x")
            scope.commit({"cluster": number % n_clusters})
    recorder.close()


def test_shares_of_right_answers_differ_by_points_with_repeats_too(tmp_path):
    """One run says points after it ended, and so does a gate; other scores have a unit of their own."""
    for name in ("a", "b"):
        recorder = LocalRecorder(tmp_path / f"{name}.jsonl", RunSpec([name], "sums.test.v1", "sums", "test", {}, ""))
        for number in range(60):
            for repeat in range(2):
                with recorder.sample(f"sums.test.{number}", repeat or None) as scope:
                    record_match((number + repeat * (name == "a")) % 2 == 0, expected="x")
                    scope.commit()
        recorder.record_final_report({})
        recorder.close()
    words = detectable_words(compare_runs(*read_runs([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])))
    assert re.fullmatch(r"With 60 samples, differences of \d+\.\d points are detected with 80 % power\.", words)
