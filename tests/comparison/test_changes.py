"""What differs between two runs besides their scores, in words, the most important first."""

from __future__ import annotations

from typing import Any

from made_runs import write_run

from evals.comparison.changes import Changes, find_changes
from evals.comparison.compare import compare_runs
from evals.comparison.pairing import pair
from evals.comparison.scores import read_scores


def test_what_differs_is_said_in_words(tmp_path):
    def config(shots: int, version: str) -> dict:
        return {
            "fingerprint": {"eval_args": {"num_few_shot": shots}, "scorer": {"version": version}},
            "data_sha256": "1",
        }

    a = read_scores(write_run(tmp_path / "a.jsonl", [1.0], **config(0, "1")))
    b = read_scores(write_run(tmp_path / "b.jsonl", [1.0], **config(4, "2")))
    texts = [change.text for change in compare_runs(a, b).changes.changes]
    assert texts == ["model a -> b", "num_few_shot 0 -> 4", "scorer version 1 -> 2"]


def changes_of(folder: Any, a: dict[str, Any], b: dict[str, Any]) -> Changes:
    one, two = (
        read_scores(write_run(folder / "same" / f"{name}.jsonl", [1.0, 0.0], **config))
        for name, config in (("m", a), ("n", b))
    )
    return find_changes(one, two, pair(one, two))


def test_equal_data_and_prompts_are_said_to_be_the_same_and_silence_is_unknown(tmp_path):
    (tmp_path / "same").mkdir()
    found = changes_of(tmp_path, {"data_sha256": "1"}, {"data_sha256": "1"})
    assert (found.same, found.unknown) == (("data", "prompts"), ("scorer",))


def test_seed_subset_repeats_and_versions_are_compared(tmp_path):
    (tmp_path / "same").mkdir()
    found = changes_of(
        tmp_path,
        {"seed": 1, "max_samples": None, "repeats": 1, "versions": {"evals": "1", "python": "3.10"}},
        {"seed": 2, "max_samples": 2, "repeats": 3, "versions": {"evals": "2", "python": "3.10"}},
    )
    assert [change.text for change in found.changes[1:]] == [
        "max_samples null -> 2", "seed 1 -> 2", "repeats 1 -> 3", "evals 1 -> 2",
    ]  # fmt: skip
    assert [change.what for change in found.of("seed", "version")] == ["seed", "version"]


def test_files_servers_and_code_that_both_records_tell_of_are_compared(tmp_path):
    (tmp_path / "same").mkdir()
    a = {"file few_shot_jsonl": "1", "server m": "http://a/v1", "code mine": "x", "pictures": "p", "file old": "o"}
    b = {"file few_shot_jsonl": "2", "server m": "http://b/v1", "code mine": "y", "pictures": "p", "file new": "n"}
    found = changes_of(tmp_path, {"fingerprint": {"contents": a}}, {"fingerprint": {"contents": b}})
    assert [(change.what, change.text) for change in found.changes[1:]] == [
        ("model", "content of code mine x -> y"),
        ("prompts", "content of file few_shot_jsonl 1 -> 2"),
        ("model", "server m http://a/v1 -> http://b/v1"),
    ]
