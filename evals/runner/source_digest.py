"""Digests of the source of plug-ins: the module that YAML names, and what of its own files it imports."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from evals.registry.whose_code import PACKAGE

_INSTALLED = frozenset({"site-packages", "dist-packages"})
_MOST_FILES = 2000
"Files of one plug-in that are read; a folder of more is no plug-in but a checkout around it."


@functools.lru_cache(maxsize=64)
def source_digest(class_path: str) -> str | None:
    """16 hexadecimal digits that change with the code behind `module:Class`; None for our own code and for no module.

    A module in a package: all Python files of the package. One that stands alone: its file, and those beside it that
    it imports, in turn. Packages of others that it imports do not count; their versions are not looked at.
    """
    try:
        found = importlib.util.find_spec(class_path.partition(":")[0])
    except (ImportError, ValueError, AttributeError):
        return None
    if found is None or not found.origin or not found.origin.endswith(".py"):
        return None
    path = Path(found.origin).resolve()
    if PACKAGE in path.parents:
        return None
    digest = hashlib.sha256()
    for name, file in sorted(_files_of(path, class_path.partition(":")[0])):
        digest.update(f"{name}\0".encode("utf-8", "surrogatepass") + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _files_of(path: Path, module: str) -> Iterator[tuple[str, Path]]:
    """(name without the folder around it, file) of everything that belongs to a plug-in."""
    depth = module.count(".") + (path.name == "__init__.py")
    if depth:
        root = path.parents[depth - 1]
        files = sorted(root.rglob("*.py"))[:_MOST_FILES]
        return ((file.relative_to(root).as_posix(), file) for file in files)
    return ((file.name, file) for file in _with_neighbours(path))


def _with_neighbours(path: Path) -> set[Path]:
    """The file, and the files of the same folder that it imports, in turn."""
    if path.parent.name in _INSTALLED:
        return {path}
    known, open_files = {path}, [path]
    while open_files and len(known) < _MOST_FILES:
        for name in _imported(open_files.pop()):
            for file in (path.parent / f"{name}.py", path.parent / name / "__init__.py"):
                if file.is_file() and file not in known:
                    known.add(file)
                    open_files.append(file)
    return known


def _imported(path: Path) -> set[str]:
    """The first parts of the names of all modules that a file imports."""
    try:
        nodes = list(ast.walk(ast.parse(path.read_bytes())))
    except (SyntaxError, ValueError, RecursionError):
        return set()
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    return {name.partition(".")[0] for name in names}
