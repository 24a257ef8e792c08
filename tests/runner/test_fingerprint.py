"""What makes two runs the same, whatever path a class was named by when a record was written."""

from __future__ import annotations

import pytest

from evals.registry.classes import load_object, public_path
from evals.runner.fingerprint import first_difference, recorded_fingerprint


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
