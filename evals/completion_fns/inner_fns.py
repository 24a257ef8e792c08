"""Completion functions inside completion functions: named in YAML, made by the registry at hand."""

from __future__ import annotations

from typing import Any


def registry_at_hand(registry: Any = None, registry_path: str | None = None) -> Any:
    """`registry`, else a new one with the usual folders; `registry_path` is added to it."""
    if registry is None:
        from evals.registry.lookup import Registry

        registry = Registry()
    if registry_path:
        registry.add_registry_paths([registry_path])
    return registry


def made(completion_fn: Any, registry: Any = None) -> Any:
    """The completion function of this name; anything but a name is one already."""
    if not isinstance(completion_fn, str):
        return completion_fn
    return registry_at_hand(registry).make_completion_fn(completion_fn)
