"""Finds the file that holds a name: scans files for top-level keys, and parses only those that are needed."""

from __future__ import annotations

import errno
import functools
import logging
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.errors import RegistryError
from evals.registry.error_places import shown_path
from evals.registry.yaml_text import BOM, parse_mapping

logger = logging.getLogger("evals")

TOP_LINE = re.compile(rb"^[^\s#].*$", re.MULTILINE)
"A line that begins in column 0 and is neither blank nor a comment."

TOP_KEY = re.compile(
    rb'(?:"([^"\\]+)"|\'([^\']+)\'|([\w./+\x80-\xff][^\s#"\'{}\[\]&*!|>%@`,?]*))[ \t]*:(?=\s|$)', re.ASCII
)
"A plain or quoted key in column 0. A file with any other line in column 0 is parsed instead of scanned."


@dataclass(frozen=True)
class RawEntry:
    """One name of a YAML file, with its body, its line (from 1) and the registry that the file belongs to."""

    name: str
    body: Any
    path: Path
    line: int
    registry_path: Path
    repeated: tuple[str, ...] = ()
    "Keys that stand twice in the entry, and its own name if the file has it twice, in words with both lines."

    @property
    def where(self) -> str:
        """`file:line` of the name, for messages."""
        return f"{shown_path(self.path)}:{self.line}"

    @property
    def group(self) -> str:
        """The name of the file up to its first dot, as in openai/evals."""
        return self.path.name.split(".")[0]


def scan_names(data: bytes) -> list[str] | None:
    """The top-level keys of a YAML file, found by its lines alone; None if only a parser can find them.

    The list may hold a name that is not a key (a quoted text that continues in column 0). No key is missing.
    """
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    names = []
    for line in TOP_LINE.finditer(data.removeprefix(BOM)):
        key = TOP_KEY.match(line.group())
        if key is None or key.lastindex is None:
            return None
        names.append(key[key.lastindex].decode("utf-8", "replace"))
    return names if names or not data.removeprefix(BOM).strip() else None


class YamlFile:
    """One file of a registry. It is scanned for its names, and parsed only if a body is asked for."""

    def __init__(self, path: Path, registry_path: Path) -> None:
        self.path = path
        self.registry_path = registry_path
        self.error: RegistryError | None = None
        self.has_patterns = False
        self._entries: dict[str, RawEntry] | None = None

    def names(self) -> Sequence[str]:
        """The names in the file, without parsing it if possible. May hold a name too many (see `scan_names`)."""
        if self._entries is not None:
            return list(self._entries)
        try:
            data = _read(self.path)
        except OSError as error:
            self.error = RegistryError(f"cannot be read: {error.strerror or error}", where=shown_path(self.path))
            return []
        self.has_patterns = b"patterns" in data
        scanned = scan_names(data)
        if scanned is not None:
            return scanned
        try:
            return list(self.entries())
        except RegistryError:
            return []

    def entries(self) -> Mapping[str, RawEntry]:
        """All entries by name; of duplicates the last.

        Raises:
            RegistryError: the file cannot be read, with file:line:column.
        """
        if self._entries is None:
            if self.error is not None:
                raise self.error
            try:
                parsed = parse_mapping(_read(self.path), self.path)
            except RegistryError as error:
                self.error = error
                raise
            self._entries = {
                found.name: RawEntry(found.name, found.body, self.path, found.line, self.registry_path, found.repeated)
                for found in parsed
            }
        return self._entries


class Index:
    """The names of one kind (`evals`, `solvers`, ...) in all registry paths. A later path wins."""

    def __init__(self, registry_paths: Sequence[Path], kind: str) -> None:
        self.kind = kind
        self.files = [file for root in registry_paths for file in kind_files(root, kind)]
        self._holders: dict[str, list[YamlFile]] = {}
        self._reported: set[str] = set()
        for file in self.files:
            for name in file.names():
                self._holders.setdefault(name, []).append(file)

    def names(self) -> list[str]:
        """All names in load order: by registry path, then by file name, then by line."""
        return list(self._holders)

    def __contains__(self, name: object) -> bool:
        """Whether a file has the name, by a scan of its lines."""
        return name in self._holders

    def get(self, name: str) -> RawEntry | None:
        """The entry of `name` from the last file that holds it; None without one.

        A warning says if an earlier file has another body for the name.

        Raises:
            RegistryError: that file cannot be read.
        """
        files = list(dict.fromkeys(self._holders.get(name, ())))
        while files:
            if (winner := files.pop().entries().get(name)) is not None:
                self._warn_of_losers(winner, files)
                return winner
        self._holders.pop(name, None)
        return None

    def entries(self) -> Iterator[RawEntry]:
        """Every entry in load order. A file that cannot be read is skipped with a warning."""
        broken = []
        for file in self.files:
            try:
                file.entries()
            except RegistryError as error:
                broken.append(file)
                self._warn_once(str(file.path), "skipped: %s", error)
        for name in self.names():
            if any(file in broken for file in self._holders[name]):
                self._holders[name] = [file for file in self._holders[name] if file not in broken]
            if self._holders[name] and (entry := self.get(name)) is not None:
                yield entry

    def broken(self) -> list[RegistryError]:
        """The errors of the files that could not be read so far."""
        return [file.error for file in self.files if file.error is not None]

    def empty_files(self, name: str) -> list[YamlFile]:
        """The files that are called like `name` and hold no entry."""
        stem = name.split(".", maxsplit=1)[0]
        return [file for file in self.files if file.path.stem == stem and file.error is None and not file.names()]

    @functools.cached_property
    def with_patterns(self) -> list[RawEntry]:
        """The entries that have `patterns`. Only files that contain the word are parsed for this."""
        return [
            entry
            for file in self.files
            if file.has_patterns
            for entry in file.entries().values()
            if isinstance(entry.body, dict) and "patterns" in entry.body and self.get(entry.name) is entry
        ]

    def _warn_of_losers(self, winner: RawEntry, files: Sequence[YamlFile]) -> None:
        losers = [entry for file in files if (entry := _entry_or_none(file, winner.name)) is not None]
        other = [entry.where for entry in losers if entry.body != winner.body]
        if other:
            self._warn_once(winner.name, "%s: %r is also in %s; this one is used", winner.where, winner.name, other[-1])

    def _warn_once(self, about: str, message: str, *args: object) -> None:
        if about not in self._reported:
            self._reported.add(about)
            logger.warning(message, *args)


def kind_files(root: Path, kind: str) -> list[YamlFile]:
    """The `*.yaml` files of the folder `root/kind`, sorted by name. `root/kind` may itself be a file."""
    place = root / kind
    try:
        names = sorted(entry.name for entry in os.scandir(place) if entry.name.endswith(".yaml"))
    except NotADirectoryError:
        return [YamlFile(place, root)]
    except OSError:
        return []
    return [YamlFile(place / name, root) for name in names if not name.startswith(".")]


def _entry_or_none(file: YamlFile, name: str) -> RawEntry | None:
    try:
        return file.entries().get(name)
    except RegistryError:
        return None


def _read(path: Path) -> bytes:
    # os.open and os.read take a third of the time of pathlib for the 463 small files of openai/evals' registry.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "this is no file but a pipe or a device")
        chunks = []
        while chunk := os.read(descriptor, 1 << 16):
            chunks.append(chunk)
        return b"".join(chunks)
    finally:
        os.close(descriptor)
