"""Runs that several sessions and processes share, through their records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evals.runner.shared_runs import SharedRuns


class Counting:
    """A model that counts its calls, and fails at questions with a 7 while it is told to."""

    def __init__(self) -> None:
        self._calls: list[str] = []
        self._fails = True

    def __call__(self, prompt: Any) -> str:
        question = prompt[-1]["content"]
        self._calls.append(question)
        if "7" in question and self._fails:
            raise ValueError("gone")
        return "10"


@pytest.fixture
def model() -> Counting:
    return Counting()


def asked(model: Counting, folder: Path, session: str, **arguments: Any) -> tuple[int, int]:
    """(new calls, failed samples) of a process that wants the run."""
    before = len(model._calls)
    result = SharedRuns(folder, session).result(model, "arithmetic", max_samples=40, **arguments)
    assert (result.problem is None) == (result.n_errors <= arguments.get("max_errors", 0))
    return len(model._calls) - before, result.n_errors


def test_a_session_asks_once_even_for_samples_that_failed(model, tmp_path):
    n_calls, n_failed = asked(model, tmp_path, "one")
    assert n_calls >= 40
    assert n_failed == sum("7" in question for question in set(model._calls)) > 0
    assert asked(model, tmp_path, "one") == (0, n_failed)


def test_the_next_session_asks_again_for_those_that_failed(model, tmp_path):
    _, n_failed = asked(model, tmp_path, "one")
    model._fails = False
    assert asked(model, tmp_path, "two") == (n_failed, 0)
    assert asked(model, tmp_path, "three") == (0, 0)


def test_how_much_is_tolerated_makes_no_other_run(model, tmp_path):
    _, n_failed = asked(model, tmp_path, "one")
    assert asked(model, tmp_path, "one", max_errors=n_failed) == (0, n_failed)


def test_other_arguments_make_another_run(model, tmp_path):
    asked(model, tmp_path, "one")
    model._fails = False
    assert asked(model, tmp_path, "one", seed=1) == (40, 0)


def test_a_state_file_that_was_torn_counts_as_none(model, tmp_path):
    model._fails = False
    asked(model, tmp_path, "one")
    (state,) = (tmp_path / "shared").glob("*.json")
    state.write_text(state.read_text(encoding="utf-8")[:10])
    assert asked(model, tmp_path, "one") == (0, 0)
