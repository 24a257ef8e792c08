"""The places of registries: the built-in one, the user's own, and what makes a folder a registry."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from evals.errors import did_you_mean
from evals.project import current_project
from evals.registry.entries import KNOWN_KEYS
from evals.registry.error_places import shown_path

KINDS = tuple(KNOWN_KEYS)
"The kinds of entries. Each is a sub-folder of a registry."


PACKAGE = Path(__file__).resolve().parents[1]


@functools.cache
def bundled_root() -> Path:
    """The built-in registry: inside an installed wheel, else beside the package in a checkout."""
    inside = PACKAGE / "_bundled" / "registry"
    return inside if inside.is_dir() else PACKAGE.parent / "registry"


def bundled_data_root() -> Path:
    """The built-in data: the folder `data` beside the built-in registry."""
    return bundled_root().parent / "data"


def default_registry_paths() -> list[Path]:
    """The built-in registry, then `~/.evals` if the user has a home folder, then those of the project file."""
    projects = [Path(path) for path in current_project().get("registry_paths") or ()]
    try:
        return [bundled_root(), Path.home() / ".evals", *projects]
    except RuntimeError:
        return [bundled_root(), *projects]


_run_paths: ContextVar[tuple[Path, ...]] = ContextVar("evals_run_registry_paths", default=())


def run_registry_paths() -> tuple[Path, ...]:
    """The registries of the run whose plug-in is at work; empty outside one."""
    return _run_paths.get()


@contextmanager
def seen_by_plugins(registry: Any) -> Iterator[None]:
    """Let a `Registry()` that a plug-in makes read the registries of `registry` too, after its own.

    What stood in the built-in registry of openai/evals may come from `--registry_path` here.
    """
    token = _run_paths.set(tuple(getattr(registry, "registry_paths", ())))
    try:
        yield
    finally:
        _run_paths.reset(token)


def _folders_near(path: Path) -> str:
    """`did you mean: ...` with folders beside a path that is not there; an empty text without any."""
    try:
        names = [child.name for child in path.parent.iterdir() if child.is_dir()]
    except OSError:
        return ""
    return did_you_mean(path.name, names)


def no_registry(path: Path) -> str:
    """What is wrong with a path that should be a registry; an empty text if nothing is."""
    if path.is_file():
        return "this is a file; name the folder that contains `evals`"
    if not path.is_dir():
        near = _folders_near(path)
        return f"there is no such folder ({near})" if near else "there is no such folder"
    if any((path / kind).exists() for kind in (*KINDS, "data")):
        return ""
    if path.name in KINDS:
        return f"this is the folder of one kind; name the one above it, {shown_path(path.parent)}"
    return f"it has none of the folders {', '.join(KINDS)}"
