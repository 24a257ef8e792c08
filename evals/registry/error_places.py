"""Finds the line of a YAML file that an error is about: that of an argument by its name or its value."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evals.errors import DataError, EvalsError, MissingExtra


@contextmanager
def placed_in(where: str | None, args: Mapping[str, Any] | None, *, given: Collection[str] = ()) -> Iterator[None]:
    """Give an EvalsError of the block that names no place the line of the argument that it is about, or of the entry.

    where: `file:line` of the entry. args: what the entry and the command line say. given: the names of the latter; an
    error about one of these keeps no place, for the user has the command in sight. A place within an argument
    (`testing_criteria[0]`) stays, behind the file. A place in another file, such as a rubric that does not fit, gives
    way to the argument whose value the message quotes, or else gets a note of the entry.
    """
    try:
        yield
    except MissingExtra:  # what is not installed is no matter of the file
        raise
    except EvalsError as error:
        if error.where is None or _IN_ARGUMENT.match(error.where) or error.where in _texts(args):
            error.where = _line_of_error(error, where, args or {}, given)
        elif not isinstance(error, DataError) and where is not None:
            quoted = _quoted(error.what, args or {})
            if quoted is not None and quoted not in given:
                error.where = line_of_argument(where, quoted)
            elif where not in error.where:
                error.notes.append(f"named at {where}")
        raise


_IN_ARGUMENT = re.compile(r"(\w+)(?:\[\d+\]|\.\w+)*$")


def _texts(args: Mapping[str, Any] | None) -> list[str]:
    return [value for value in (args or {}).values() if isinstance(value, str)]


def _line_of_error(error: EvalsError, where: str | None, args: Mapping[str, Any], given: Collection[str]) -> str | None:
    """The line of the argument that the place within an argument, or the message, names; the entry's without one."""
    first = _IN_ARGUMENT.match(error.where or "")
    by_place = [name for name in args if (first and first[1] == name) or (error.where and args[name] == error.where)]
    name = argument_of(error.what, args) or next(iter(by_place), None)
    if name in given:
        return error.where
    line = where if name is None else line_of_argument(where, name)
    return line if error.where is None or line is None else f"{line}: {error.where}"


def argument_of(message: str, args: Mapping[str, Any]) -> str | None:
    """The argument that a message is about: it begins with the name, quotes the value, or has the name in it."""
    first = re.match(r"[\"'`]?(\w+)", message)
    if first is not None and first[1] in args:
        return first[1]
    named = (name for name in args if "_" in name and re.search(rf"\b{re.escape(name)}\b", message))
    return _quoted(message, args) or next(named, None)


def _quoted(message: str, args: Mapping[str, Any]) -> str | None:
    """The argument whose value, a text, the message quotes."""
    return next(
        (name for name, value in args.items() if isinstance(value, str) and value and repr(value) in message), None
    )


def line_of_argument(where: str | None, name: str) -> str | None:
    """`file:line` of the argument `name` in the entry at `where`; `where` itself if its line is not found."""
    path, _, line = (where or "").rpartition(":")
    if not line.isdigit() or not name:
        return where
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return where
    key = re.compile(rf"(?<![\w.-])[\"']?{re.escape(name)}[\"']?\s*:")
    for number, text in enumerate(lines[int(line) - 1 :], int(line)):
        if number > int(line) and text[:1].strip() and not text.startswith("#"):
            return where
        if key.search(text):
            return f"{path}:{number}"
    return where


def shown_path(path: Path) -> str:
    """`path` for messages: relative to the working folder if it lies in it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
