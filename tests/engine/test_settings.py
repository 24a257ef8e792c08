"""Settings: what the environment and the command line say together."""

from __future__ import annotations

import pytest

from evals.engine.settings import MAX_CONCURRENCY, START_CONCURRENCY, EngineSettings, settings_from_environment
from evals.errors import UsageError


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EVALS_THREADS", "EVALS_THREAD_TIMEOUT", "EVALS_SEQUENTIAL"):
        monkeypatch.delenv(name, raising=False)


def sizes(**given: object) -> tuple[int, int]:
    settings = settings_from_environment(**given)
    return settings.start_concurrency, settings.ceiling


def test_nothing_said_starts_small_and_adapts():
    assert settings_from_environment() == EngineSettings()
    assert sizes() == (START_CONCURRENCY, MAX_CONCURRENCY)


@pytest.mark.parametrize(
    ("given", "threads", "sequential", "expected"),
    [
        ({"concurrency": 8}, None, None, (8, 8)),
        ({"concurrency": 2000}, None, None, (2000, 2000)),
        ({}, "4", None, (4, 4)),
        ({"concurrency": 100}, "4", None, (4, 4)),
        ({"concurrency": 2}, "4", None, (2, 2)),
        ({}, "1000", None, (START_CONCURRENCY, 1000)),
        ({}, "0.5", None, (1, 1)),
        ({}, None, "1", (1, 1)),
        ({"concurrency": 50}, None, "true", (1, 1)),
        ({}, "8", "0", (8, 8)),
    ],
)
def test_calls_at_the_start_and_at_most(monkeypatch, given, threads, sequential, expected):
    if threads is not None:
        monkeypatch.setenv("EVALS_THREADS", threads)
    if sequential is not None:
        monkeypatch.setenv("EVALS_SEQUENTIAL", sequential)
    assert sizes(**given) == expected


def test_a_time_out_on_the_command_line_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("EVALS_THREAD_TIMEOUT", "40")
    assert settings_from_environment().attempt_timeout_s == 40.0
    assert settings_from_environment(attempt_timeout_s=7.0, max_cost_usd=None).attempt_timeout_s == 7.0


@pytest.mark.parametrize("text", ["0", "-1", "many", "nan", "inf"])
def test_a_variable_that_is_no_positive_number_is_named(monkeypatch, text):
    monkeypatch.setenv("EVALS_THREADS", text)
    with pytest.raises(UsageError, match=f"EVALS_THREADS is '{text}', which is not a positive number") as refused:
        settings_from_environment()
    assert "unset EVALS_THREADS" in str(refused.value)


def test_an_empty_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv("EVALS_THREADS", " ")
    assert sizes() == (START_CONCURRENCY, MAX_CONCURRENCY)
