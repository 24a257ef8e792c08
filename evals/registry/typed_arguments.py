"""A mark for classes whose arguments on a command line are read as numbers and lists instead of texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__typed_arguments__"


def typed_arguments(factory: F) -> F:
    """Marks a class or a function that makes completion functions or solvers: `@typed_arguments`.

    `--completion_args temperature=0.5,stop=["a"]` then arrives as a number and a list. Without the mark all values are
    texts, as openai/evals gave them to plug-ins. The mark is not inherited: a class that was derived from a marked one
    has a constructor of its own, which may expect texts.
    """
    setattr(factory, _MARK, True)
    return factory


def takes_typed_arguments(factory: Any) -> bool:
    """Whether `factory` itself is marked."""
    return bool(getattr(factory, "__dict__", {}).get(_MARK))
