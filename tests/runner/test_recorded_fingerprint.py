"""What makes two runs the same, whatever path a class was named by when a record was written."""

from __future__ import annotations

import pytest

from evals.registry.classes import load_object, public_path
from evals.runner.recorded_fingerprint import first_difference, recorded_fingerprint


@pytest.mark.parametrize(
    ("written", "today"),
    [
        ("evals.suite.match:Match", "evals.suite:Match"),
        ("evals.suite.choice.eval:Choice", "evals.suite:Choice"),
        ("evals.completion_fns.pocket:PocketCompletionFn", "evals.completion_fns:PocketCompletionFn"),
        ("evals.solvers.generation:cot", "evals.solvers:cot"),
        ("evals.elsuite.basic.match:Match", "evals.elsuite.basic.match:Match"),
        ("mine.suite.match:Match", "mine.suite.match:Match"),
    ],
)
def test_our_classes_have_one_public_path_and_others_stay(written: str, today: str) -> None:
    assert public_path(written) == today


@pytest.mark.parametrize("path", ["evals.suite:Match", "evals.completion_fns:PocketCompletionFn", "evals.solvers:cot"])
def test_the_public_path_names_what_it_says(path: str) -> None:
    assert load_object(path).__name__ == path.partition(":")[2]


def test_a_record_with_inner_paths_is_the_same_run() -> None:
    there = {"class": "evals.suite.match:Match", "completion_fns": {"m": {"class": "evals.completion_fns.openai:A"}}}
    here = {"class": "evals.suite:Match", "completion_fns": {"m": {"class": "evals.completion_fns:A"}}}
    recorded = recorded_fingerprint({"run_config": {"fingerprint": there}})
    assert recorded is not None
    assert first_difference(recorded, here) is None


@pytest.mark.parametrize("spec", [{}, {"run_config": None}, {"run_config": {"fingerprint": 3}}])
def test_a_record_without_a_fingerprint_has_none(spec: dict[str, object]) -> None:
    assert recorded_fingerprint(spec) is None


@pytest.mark.parametrize(
    ("there", "difference"),
    [
        ({"eval": "e"}, None),
        ({"eval": "e", "scorer": {"version": "1"}}, None),
        ({"eval": "e", "scorer": {"version": "1"}, "contents": {}}, None),
        ({"eval": "e", "scorer": {"version": "2"}}, 'other version of the scorer: there "2", here "1"'),
        ({"eval": "e", "scorer": {"rubric": "x"}}, 'other text or scores of the rubric: there "x", here "r"'),
        ({"eval": "e", "contents": {"file few_shot_jsonl": "x"}}, 'other file few_shot_jsonl: there "x", here "f"'),
        ({"eval": "d"}, 'other eval: there "d", here "e"'),
    ],
)
def test_what_an_older_record_does_not_say_is_taken_to_be_the_same(there: dict, difference: str | None) -> None:
    here = {"eval": "e", "scorer": {"version": "1", "rubric": "r"}, "contents": {"file few_shot_jsonl": "f"}}
    assert first_difference(there, here) == difference
