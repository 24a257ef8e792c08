"""Reads the files of a paper into plain values, each with its line: YAML, JSON lines and CSV tables."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evals.datasets.json_rows import decode_row_and_doubt, refuse_wrong_kind
from evals.errors import DataError, did_you_mean
from evals.exams.fields import Fields, Lines
from evals.exams.fields import Path as KeyPath
from evals.registry.error_places import shown_path


@dataclass
class PaperFolder:
    """The folder of one paper: reads files in it, and remembers what it read, so that the paper has one hash."""

    root: Path
    _hashes: dict[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 over the names and bytes of all files that were read, in order of names."""
        parts = "".join(f"{name}\0{self._hashes[name]}\n" for name in sorted(self._hashes))
        return hashlib.sha256(parts.encode()).hexdigest()

    def shown(self, name: str) -> str:
        """A file's name for messages."""
        return shown_path(self.root / name)

    def path_of(self, name: str, where: str) -> Path:
        """The place of a file that a paper names. where: who names it.

        Raises:
            DataError: the file is absent, or outside the folder.
        """
        path = self.root / name
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise DataError(f"{name!r} lies outside the paper's folder", where=where, fix="copy it into the folder")
        if not path.is_file():
            beside = [str(one.relative_to(self.root)) for one in path.parent.glob("*")] if path.parent.is_dir() else []
            raise DataError(f"there is no file {name!r}", where=where, notes=[did_you_mean(name, beside)])
        return path

    def read(self, name: str, where: str) -> bytes:
        """The bytes of a file. Raises DataError if it is absent, outside the folder or cannot be read."""
        path = self.path_of(name, where)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise DataError(f"cannot read {name!r}: {error.strerror}", where=where) from None
        self._hashes[name] = hashlib.sha256(data).hexdigest()
        return data

    def text(self, name: str, where: str) -> str:
        """The text of a file, without a byte order mark. Raises DataError if it is not UTF-8."""
        data = self.read(name, where)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise DataError("not UTF-8", where=f"{self.shown(name)}:{line}", fix="save the file as UTF-8") from None

    def yaml(self, name: str) -> Fields:
        """The mapping in a YAML file. Raises DataError if it is no YAML, no mapping, or has a key twice."""
        return yaml_fields(self.text(name, self.shown(name)), self.shown(name))

    def rows(self, name: str, where: str) -> Iterator[Fields]:
        """The objects in a file of JSON lines. Raises DataError for a line that is none, or has a key twice."""
        data, shown = self.read(name, where), self.shown(name)
        refuse_wrong_kind(data[:64], shown)
        for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
            if not raw.strip():
                continue
            value, doubt = decode_row_and_doubt(raw, shown, number)
            if doubt is not None:
                raise DataError(doubt[0], where=f"{shown}:{number}", fix=doubt[1])
            if not isinstance(value, dict):
                raise DataError("a row must be a JSON object", where=f"{shown}:{number}", fix='write {"id": ...}')
            yield Fields(value, Lines(shown, number), (), f"question {value.get('id', f'in line {number}')!s}")

    def table(self, name: str, where: str) -> RawTable:
        """The columns of a CSV file as texts. Raises DataError if a row has other columns than the first line."""
        return raw_table(self.text(name, where), self.shown(name))


@dataclass(frozen=True)
class RawTable:
    """A CSV file: `# key: value` lines first, then a line of column names, then rows."""

    shown: str
    notes: dict[str, str]
    "The `# key: value` lines, keys in small letters."
    columns: dict[str, list[str]]
    "Texts of each column, one a row."
    lines: list[int]
    "The line of each row."

    def at(self, row: int) -> str:
        return f"{self.shown}:{self.lines[row]}"

    def where(self, wanted: Mapping[str, str]) -> RawTable:
        """The rows with the wanted texts, by column. Raises DataError for an unknown column, or if no row is left."""
        for name in wanted:
            if name not in self.columns:
                near = did_you_mean(name, self.columns)
                raise DataError(f"the table has no column {name!r}", where=f"{self.shown}:1", notes=[near])
        n_rows = range(len(self.lines))
        kept = [row for row in n_rows if all(self.columns[name][row] == text for name, text in wanted.items())]
        if not kept:
            asked = ", ".join(f"{name} {text}" for name, text in wanted.items())
            raise DataError(f"no row of the table has {asked}", where=f"{self.shown}:1")
        return self._rows(kept)

    def filled(self, names: Sequence[str]) -> RawTable:
        """The rows in which none of some columns is empty: columns of one table may end at different scores.

        Raises:
            DataError: a cell between filled ones is empty, or all are.
        """
        columns = [self.columns[name] for name in names if name in self.columns]
        full = [row for row in range(len(self.lines)) if all(column[row] for column in columns)]
        if not full:
            raise DataError(f"no row has all of {', '.join(names)}", where=f"{self.shown}:1", fix="fill in the cells")
        for row in range(full[0], full[-1]):
            if empty := [name for name in names if name in self.columns and not self.columns[name][row]]:
                raise DataError(f"{empty[0]!r} is empty", where=self.at(row), fix="fill in the cell, or remove the row")
        return self._rows(full)

    def _rows(self, kept: Sequence[int]) -> RawTable:
        columns = {name: [cells[row] for row in kept] for name, cells in self.columns.items()}
        return replace(self, columns=columns, lines=[self.lines[row] for row in kept])


def raw_table(text: str, shown: str) -> RawTable:
    """The columns of a CSV text. shown: its name in messages. Raises DataError: see `PaperFolder.table`."""
    notes: dict[str, str] = {}
    found = text.splitlines(keepends=True)
    start = 0
    while start < len(found) and (found[start].startswith("#") or not found[start].strip()):
        key, colon, value = found[start].lstrip("# ").partition(":")
        if colon:
            notes[key.strip().lower()] = value.strip()
        start += 1
    names = found[start] if start < len(found) else ""
    separator = max(",;\t", key=names.count)
    reader = csv.reader(io.StringIO("".join(found[start:])), delimiter=separator, strict=True)
    try:
        rows = [(reader.line_num + start, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise DataError(f"not CSV: {error}", where=f"{shown}:{reader.line_num + start}") from None
    if len(rows) < 2:
        raise DataError("the table has no rows", where=f"{shown}:{start + 1}", fix="name the columns, then add rows")
    header = [cell.strip() for cell in rows[0][1]]
    _check_header(header, f"{shown}:{rows[0][0]}")
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            what = f"{len(cells)} cells, but the table has {len(header)} columns: {', '.join(header)}"
            raise DataError(what, where=f"{shown}:{line}")
    columns = {name: [cells[at].strip() for _, cells in rows[1:]] for at, name in enumerate(header)}
    return RawTable(shown, notes, columns, [line for line, _ in rows[1:]])


def _check_header(header: list[str], where: str) -> None:
    if "" in header or len(set(header)) < len(header):
        raise DataError("every column needs a name of its own", where=where, notes=[f"found: {', '.join(header)}"])


def yaml_fields(text: str, shown: str) -> Fields:
    """The mapping in a YAML text, with its lines. shown: the file's name in messages.

    A key is its text: `on`, `yes` and `40` are names. Raises DataError: see `PaperFolder.yaml`.
    """
    import yaml

    from evals.registry.yaml_nodes import check_size, repeated_keys

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            raise DataError("the file is no mapping of keys", where=f"{shown}:1", fix="begin with `id: NAME`")
        check_size(root)
        if twice := repeated_keys(root):
            raise DataError(twice[0], where=f"{shown}:{root.start_mark.line + 1}", fix="remove one")
        lines: dict[KeyPath, int] = {}
        values = _plain(root, (), lines, loader)
        return Fields(values, Lines(shown, 1, lines))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else getattr(error, "line", 1)
        what = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise DataError(f"not YAML: {what}", where=f"{shown}:{line}") from None
    finally:
        loader.dispose()


def _plain(node: Any, path: KeyPath, lines: dict[KeyPath, int], loader: Any) -> Any:
    """The value of a node; its line, and those of all in it, go into `lines`."""
    lines[path] = node.start_mark.line + 1
    if node.id == "mapping":
        loader.flatten_mapping(node)
        found = {}
        for key, value in node.value:
            child = (*path, str(key.value))
            found[str(key.value)] = _plain(value, child, lines, loader)
            lines[child] = key.start_mark.line + 1
        return found
    if node.id == "sequence":
        return [_plain(child, (*path, number), lines, loader) for number, child in enumerate(node.value)]
    return loader.construct_object(node)
