"""Samples that two runs scored differently: their texts, and the same in plain values."""

from __future__ import annotations

from made_runs import write_run

from evals.comparison.compare import compare_runs, read_runs
from evals.report.flips import FlipTexts, read_samples, score_word, shown_prompt


def flips_of(folder, n):
    calls = [[{"sampled": [f"{name}{i}"], "model": "m"} for i in range(4)] for name in "ab"]
    a = write_run(folder / "a.jsonl", [1.0, 1.0, 0.0, 1.0], calls=calls[0])
    b = write_run(folder / "b.jsonl", [0.0, 0.0, 1.0, 1.0], calls=calls[1])
    c = compare_runs(*read_runs([a, b]))
    return c, FlipTexts(c, ["a", "b"], n)


def test_a_flip_shows_the_prompt_once_and_both_completions(tmp_path):
    c, flips = flips_of(tmp_path, 0)
    assert flips.text(int(c.fell[0])).splitlines() == [
        "sums.test.0  right -> wrong",
        "  prompt      question 0",
        "  a           a0",
        "  b           b0",
    ]
    assert (len(flips.fell), len(flips.rose)) == (2, 1)


def test_no_more_than_n_of_each_direction_are_kept(tmp_path):
    _, flips = flips_of(tmp_path, 1)
    assert (len(flips.fell), len(flips.rose)) == (1, 1)


def test_a_flip_in_plain_values(tmp_path):
    c, flips = flips_of(tmp_path, 0)
    row = flips.row(int(c.rose[0]))
    assert (row["sample_id"], row["score_a"], row["score_b"]) == ("sums.test.2", 0.0, 1.0)
    assert (row["completion_a"], row["completion_b"]) == ("a2", "b2")


def test_the_first_finished_evaluation_of_a_sample_is_read(tmp_path):
    path = write_run(tmp_path / "r.jsonl", {0: [None, 0.5, 0.25], 1: [1.0]})
    found = read_samples(str(path), ["sums.test.0"])
    assert [(name, sample.repeat) for name, sample in found.items()] == [("sums.test.0", 1)]
    assert read_samples(str(path), []) == {}


def test_long_prompts_are_shown_by_their_last_message():
    messages = [{"role": "user", "content": str(i)} for i in range(5)]
    assert list(shown_prompt(messages)) == [("prompt", "(4 messages, then)"), ("user", "4")]
    assert list(shown_prompt(messages[:2])) == [("user", "0"), ("user", "1")]
    assert list(shown_prompt(None)) == []


def test_graded_scores_are_numbers():
    assert (score_word(1.0, True), score_word(0.0, True), score_word(2 / 3, False)) == ("right", "wrong", "0.667")
