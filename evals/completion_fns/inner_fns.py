"""Completion functions that another completion function calls: named in YAML, made by the registry."""

from __future__ import annotations

from typing import Any


def registry_or_new(registry: Any = None, registry_path: str | None = None) -> Any:
    """`registry`, or a new one over the built-in registry and `~/.evals` where it is None.

    registry_path: a further folder, added to either.
    """
    if registry is None:
        from evals.registry.lookup import Registry

        registry = Registry()
    if registry_path:
        registry.add_registry_paths([registry_path])
    return registry


def make_inner_fn(completion_fn: Any, registry: Any = None) -> Any:
    """The completion function that `completion_fn` names; an object instead of a name comes back as it is.

    Raises:
        RegistryError: no entry has this name, or its class cannot be made.
    """
    if not isinstance(completion_fn, str):
        return completion_fn
    return registry_or_new(registry).make_completion_fn(completion_fn)
