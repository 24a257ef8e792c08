"""Counts how often tests seed a generator that programs go by: the same seed twice leaves the same state."""

from __future__ import annotations

import contextlib
import importlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

N_SEEDED: Counter[str] = Counter()
"By setting of `inside.surroundings`: how often tests of this process have set it."

_SETTERS = (("random", "random", ("seed", "setstate")), ("numpy", "numpy.random", ("seed", "set_state")))


@contextlib.contextmanager
def counted(settings: Sequence[str]) -> Iterator[None]:
    """Count in `N_SEEDED` within the block, for those of the settings that are generators."""
    kept: list[tuple[Any, str, Any]] = []
    for setting, module_name, names in _SETTERS:
        if setting not in settings:
            continue
        with contextlib.suppress(ImportError):
            module = importlib.import_module(module_name)
            for name in names:
                kept.append((module, name, getattr(module, name)))
                setattr(module, name, _counting(setting, getattr(module, name)))
    try:
        yield
    finally:
        for module, name, function in kept:
            setattr(module, name, function)


def _counting(setting: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        N_SEEDED[setting] += 1
        return function(*args, **kwargs)

    return call
