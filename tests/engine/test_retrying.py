"""create_retrying, which plug-ins of openai/evals wrap around calls of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from evals.engine.retrying import Retrying, create_retrying
from evals.engine.settings import EngineSettings


def failing(n_times: int) -> Callable[..., str]:
    """A function that raises a ConnectionError so many times, then says what it was given."""
    left = [n_times]

    def function(*args: object, **kwargs: object) -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise ConnectionError(f"{left[0]} left")
        return f"{args} {kwargs}"

    return function


def test_arguments_and_the_value_pass_through() -> None:
    assert create_retrying(failing(0), (ConnectionError,), 1, b=2) == "(1,) {'b': 2}"


def test_a_falsy_value_is_a_value() -> None:
    assert create_retrying(lambda: [], (ConnectionError,)) == []


def test_it_tries_again_after_each_listed_error_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    pauses: list[float] = []
    with caplog.at_level(logging.WARNING, "evals"):
        Retrying(sleep=pauses.append).call(failing(3), ConnectionError)
    assert len(pauses) == 3
    assert "ConnectionError: 2 left" in caplog.text


def test_pauses_grow_up_to_the_longest() -> None:
    pauses: list[float] = []
    settings = EngineSettings(max_attempts=9, first_backoff_s=1.0, max_backoff_s=8.0)
    Retrying(settings, sleep=pauses.append).call(failing(8), ConnectionError)
    assert all(ceiling / 4 <= pause <= ceiling for pause, ceiling in zip(pauses, [1, 2, 4, 8, 8, 8, 8, 8], strict=True))


def test_the_last_error_is_raised_when_no_attempt_is_left() -> None:
    with pytest.raises(ConnectionError, match="97 left"):
        Retrying(EngineSettings(max_attempts=3), sleep=lambda _: None).call(failing(100), ConnectionError)


def test_no_attempt_begins_after_the_deadline() -> None:
    now = [0.0]

    def sleep(pause_s: float) -> None:
        now[0] += pause_s

    with pytest.raises(ConnectionError):
        Retrying(EngineSettings(call_deadline_s=10.0), sleep=sleep, clock=lambda: now[0]).call(
            failing(99), ConnectionError
        )
    assert now[0] <= 10.0


def test_other_errors_are_raised_at_once() -> None:
    with pytest.raises(ConnectionError):
        create_retrying(failing(1), (TimeoutError, KeyError))
