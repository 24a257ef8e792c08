"""The YAML files of all registry paths: entries by kind and name, and the message for an unknown name."""

from __future__ import annotations

import functools
import logging
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.errors import RegistryError, near_misses
from evals.registry.aliases import filled_in, first_entry, follow
from evals.registry.entries import THING, check_entry
from evals.registry.error_places import shown_path
from evals.registry.index import Index, RawEntry
from evals.registry.roots import KINDS, bundled_root, default_registry_paths, no_registry, run_registry_paths

logger = logging.getLogger("evals")

MAX_NEARBY = 50
"How many folders of the working folder are looked at for a registry that nobody has named."


class RegistryFiles:
    """Entries of every kind, by name. A file is read when an entry is asked for, and not before.

    registry_paths: folders with the sub-folders `evals`, `completion_fns` and so on; a later one wins. None: the
    built-in registry and `~/.evals`.
    """

    def __init__(self, registry_paths: Sequence[str | Path] | None = None) -> None:
        self._given_paths = None if registry_paths is None else [Path(path) for path in registry_paths]
        self._indexes: dict[tuple[str, tuple[Path, ...]], Index] = {}
        self.data_paths: list[str] = []
        "Folders with copies of public benchmarks, which are searched before anything is fetched."

    @functools.cached_property
    def _own_paths(self) -> list[Path]:
        return default_registry_paths() if self._given_paths is None else self._given_paths

    @property
    def _registry_paths(self) -> list[Path]:
        """Without given paths, a plug-in's registry reads those of the run too."""
        own = self._own_paths
        more = run_registry_paths() if self._given_paths is None else ()
        return [*own, *(path for path in more if path not in own)] if more else own

    @property
    def registry_paths(self) -> list[Path]:
        """The registries in the order in which they are read."""
        return list(self._registry_paths)

    def add_registry_paths(self, paths: Sequence[str | Path]) -> None:
        """Add paths whose entries win over the present ones. A path that is not a registry is only a warning."""
        for path in map(Path, paths):
            problem = no_registry(path)
            if problem:
                logger.warning("registry %s: %s; nothing is read from it", shown_path(path), problem)
            self._own_paths.append(path)

    def entry(self, kind: str, name: str) -> RawEntry | None:
        """The entry of `kind` with exactly this name, as its file has it; None without one. Aliases are not followed.

        Raises:
            RegistryError: the file that holds the name cannot be read.
        """
        return self._index(kind).get(name)

    @property
    def _evals(self) -> dict[str, Any]:
        return self._table("evals")

    @property
    def _completion_fns(self) -> dict[str, Any]:
        return self._table("completion_fns")

    @property
    def _solvers(self) -> dict[str, Any]:
        return self._table("solvers")

    @property
    def _modelgraded_specs(self) -> dict[str, Any]:
        return self._table("modelgraded")

    @property
    def _eval_sets(self) -> dict[str, Any]:
        return self._table("eval_sets")

    def _table(self, kind: str) -> dict[str, Any]:
        return self._load_registry(self._registry_paths, kind)

    def _load_registry(self, registry_paths: Sequence[Path], resource_type: str) -> dict[str, Any]:
        """name -> body with `key`, `group`, `registry_path` and `cls` added. Unusable entries are left out."""
        table = {}
        for entry in self._index(resource_type, registry_paths).entries():
            try:
                check_entry(entry, resource_type)
            except RegistryError as error:
                logger.warning("left out: %s", error)
                continue
            table[entry.name] = filled_in(entry)
        return table

    def names(self, kind: str) -> list[str]:
        """All names of a kind, in load order. Nothing is parsed for it, so a name may stand for no entry."""
        return self._index(kind).names()

    def entries(self, kind: str) -> list[RawEntry]:
        """All entries of a kind, in load order. Files that cannot be read are skipped with a warning."""
        return list(self._index(kind).entries())

    def broken_files(self, kind: str) -> list[tuple[Path, RegistryError]]:
        """The files of a kind that cannot be read, and the reasons. Call `entries` first, which reads the files."""
        return [(file.path, file.error) for file in self._index(kind).files if file.error is not None]

    def _index(self, kind: str, paths: Sequence[Path] | None = None) -> Index:
        roots = tuple(Path(path) for path in (self._registry_paths if paths is None else paths))
        if (kind, roots) not in self._indexes:
            self._indexes[kind, roots] = Index(roots, kind)
        return self._indexes[kind, roots]

    def _chain(self, kind: str, name: str) -> list[RawEntry]:
        index = self._index(kind)
        entry = index.get(name)
        if entry is None:
            raise self._unknown(kind, name)
        return follow(entry, {kind: index})

    def _known_chain(self, kinds: Sequence[str], name: str) -> list[RawEntry]:
        indexes = {kind: self._index(kind) for kind in kinds}
        entry = first_entry(indexes, name)
        if entry is None:
            known = [known for index in indexes.values() for known in index.names()]
            logger.warning("%s %r not found. Closest matches: %s", THING[kinds[-1]], name, near_misses(name, known))
            return []
        return follow(entry, indexes)

    def _unknown(self, kind: str, name: str) -> RegistryError:
        names = self._index(kind).names()
        longer = [known for known in names if known.startswith(f"{name}.")][:3]
        near = list(dict.fromkeys([*longer, *near_misses(name, names)]))[:5]
        see_all = "evals list" if kind == "evals" else f"evals list --kind {kind}"
        notes = [f"did you mean: {', '.join(near)}" if near else ""]
        notes += [f"see all: {see_all}        add a registry: --registry_path DIR"]
        notes += [
            f"{'this folder' if path == '.' else path} has it: add --registry_path {shlex.quote(path)}"
            for path in self._nearby(kind, name)
        ]
        notes += [f"registry {shown_path(path)}: {no_registry(path)}" for path in self._missing_paths()]
        notes += [f"not read: {str(error).splitlines()[0]}" for error in self._broken(kind)[:2]]
        notes += [f"not read: {shown_path(file)}: {fix}" for file, fix in self._misplaced(kind, name)]
        notes += [f"no entries: {shown_path(file.path)}" for file in self._index(kind).empty_files(name)]
        if kind == "evals" and os.path.isfile(name):  # Path.is_file raises for a name that is too long.
            notes.append(f"that is a file; an eval of its rows: evals new NAME --from {shlex.quote(name)}")
        if "," in name:
            notes.append("a run takes one eval; several make an eval set: oaievalset")
        read = [path for path in self._registry_paths if path != bundled_root() and path.exists()]
        own = [shown_path(path) for path in sorted(read, key=default_registry_paths().__contains__)]
        notes += [f"looked in: {', '.join(own)}, and in the built-in registry" if own else ""]
        if not bundled_root().is_dir():
            notes.append(
                f"the built-in registry is missing ({bundled_root()}): install the wheel, not a zip file of it"
            )
        return RegistryError(f"no {THING[kind]} is called {name!r}", notes=notes)

    def _misplaced(self, kind: str, name: str) -> list[tuple[Path, str]]:
        """Files that may hold `name` and are not read, each with what to do. As in openai/evals, only `*.yaml` is."""
        stem = name.split(".", maxsplit=1)[0]
        found = []
        for path in self._registry_paths:
            if no_registry(path):
                continue  # Said already, with the folder to name.
            own = [file for file in _files_in(path / kind) if file.stem == stem and file.suffix != ".yaml"]
            found += [(file, f"call it {stem}.yaml") for file in own]
            others = [path, *(folder for folder in _folders_in(path) if folder.name not in (*KINDS, "data"))]
            elsewhere = (file for folder in others for file in _files_in(folder) if file.name == f"{stem}.yaml")
            found += [(file, f"move it to {shown_path(path / kind)}") for file in elsewhere]
        return found[:3]

    def _broken(self, kind: str) -> list[RegistryError]:
        """Why files cannot be read; a path that is no registry has its own message."""
        none = tuple(shown_path(path / kind) for path in self._registry_paths if no_registry(path))
        return [error for error in self._index(kind).broken() if not none or not str(error).startswith(none)]

    def _nearby(self, kind: str, name: str) -> list[str]:
        """Registries in the working folder, or the working folder itself, that have `name` and are not read."""
        read = {path.resolve() for path in self._registry_paths}
        here = Path(".")
        near = [here, *_folders_in(here)[:MAX_NEARBY]]
        unread = [folder for folder in near if (folder / kind).is_dir() and folder.resolve() not in read]
        return [shown_path(folder) for folder in unread if _has(folder, kind, name)][:2]

    def _missing_paths(self) -> list[Path]:
        return [path for path in self._registry_paths if path not in default_registry_paths() and not path.exists()]


def _has(folder: Path, kind: str, name: str) -> bool:
    try:
        return Index((folder,), kind).get(name) is not None
    except RegistryError:
        return False


def _files_in(folder: Path) -> list[Path]:
    return [entry for entry in _entries_of(folder) if entry.is_file()]


def _folders_in(folder: Path) -> list[Path]:
    return [entry for entry in _entries_of(folder) if entry.is_dir()]


def _entries_of(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
