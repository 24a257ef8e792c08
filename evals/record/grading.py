"""Which grader the current call belongs to: calls of a grader are recorded, counted and limited under its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_grader: ContextVar[str | None] = ContextVar("evals_grader", default=None)


def current_grader() -> str | None:
    """The name of the grader that is being asked; None for calls of the evaluated model."""
    return _grader.get()


@contextmanager
def grading_by(name: str) -> Iterator[None]:
    """All calls inside the block, also those of completion functions inside others, belong to the grader `name`."""
    token = _grader.set(name)
    try:
        yield
    finally:
        _grader.reset(token)
