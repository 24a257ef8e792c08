"""What registries in tests name: classes with known arguments; and the text of an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evals.errors import RegistryError
from evals.registry import Registry

Write = Callable[..., Path]

MATCH = "class: evals.completion_fns:DummyCompletionFn"


class Stub:
    """A completion function with few arguments and no registry."""

    def __init__(self, model: str = "", temperature: float = 1.0) -> None:
        self.model = model
        self.temperature = temperature

    def __call__(self, prompt: Any, **kwargs: Any) -> None:
        return None


class TakesRegistry(Stub):
    """One that wants the registry, as openai/evals passes it."""

    def __init__(self, registry: Registry, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.registry = registry

    class Inner(Stub):
        """Reached by a nested path."""


class NotCallable:
    """Neither callable nor with `complete`."""


def factory(model: str, n_ctx: int | None = None) -> Stub:
    """A function may stand where a class does."""
    made = Stub(model=model)
    made.temperature = n_ctx or 0
    return made


def message(error: pytest.ExceptionInfo[RegistryError]) -> str:
    assert len(str(error.value).splitlines()) <= 8
    return str(error.value)
