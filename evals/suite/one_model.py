"""Refuses several completion functions where an eval class asks one model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evals.errors import UsageError


def require_one(evaluation: object, completion_fns: Sequence[Any]) -> None:
    """Raise UsageError that names the class of `evaluation`, unless there is exactly one completion function."""
    if len(completion_fns) != 1:
        raise UsageError(
            f"{type(evaluation).__name__} takes one completion function, got {len(completion_fns)}",
            fix="run it once for each model; a list of them in a registry (`members`) is run by oaievalset",
        )
