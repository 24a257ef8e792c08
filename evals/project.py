"""The project file: `evals.toml`, or `[tool.oaieval]` in `pyproject.toml`, found upward from the working folder.

Only commands read it, and only while they run; `evals.run` and plug-ins take arguments. The command line wins over the
environment, the environment over the file.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from evals.errors import UsageError, did_you_mean, listed

FILE_NAME = "evals.toml"
SECTION = ("tool", "oaieval")
VARIABLE = "EVALS_PROJECT_FILE"
"Names the file, wherever it lies and whoever owns it; `none` for no file."


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53


class Kind(NamedTuple):
    """What a value of a setting must be, in words and as a test."""

    words: str
    fits: Callable[[Any], bool]


TEXT = Kind("a text", _is_text)
FOLDER = Kind("the path of a folder", _is_text)
FOLDERS = Kind('a list of folders, such as ["registry"]', _is_texts)
SWITCH = Kind("true or false", lambda value: isinstance(value, bool))
WHOLE = Kind("a whole number", _is_whole)
COUNT = Kind("a whole number from 1 up", lambda value: _is_whole(value) and value >= 1)
POSITIVE = Kind("a number above 0", lambda value: _is_number(value) and value > 0)
TOLERANCE = Kind(
    "a count such as 5, or a fraction such as 0.02",
    lambda value: _is_number(value) and value >= 0 and (value <= 1 or value == int(value)),
)


class Setting(NamedTuple):
    """One key of the file: what it holds, what stands above it, and what holds without it."""

    kind: Kind
    about: str
    option: str = ""
    "Of `oaieval`; its name without `--` is the name under which parsed arguments have it."
    variable: str = ""
    default: Any = None


SETTINGS: Mapping[str, Setting] = {
    "model": Setting(TEXT, "the model of `oaieval EVAL`", "MODEL"),
    "registry_paths": Setting(FOLDERS, "further registries; later ones win", "--registry_path", default=[]),
    "data_paths": Setting(FOLDERS, "copies of public benchmarks", "--data_path", default=[]),
    "log_dir": Setting(FOLDER, "where records go", "", "EVALS_LOG_DIR", "evallogs"),
    "threads": Setting(COUNT, "the most calls in flight", "", "EVALS_THREADS"),
    "timeout": Setting(POSITIVE, "seconds that an attempt may take", "--timeout", "EVALS_THREAD_TIMEOUT"),
    "concurrency": Setting(COUNT, "calls in flight", "--concurrency"),
    "requests_per_minute": Setting(POSITIVE, "at most so many calls a minute", "--requests_per_minute"),
    "tokens_per_minute": Setting(POSITIVE, "at most so many tokens a minute", "--tokens_per_minute"),
    "max_cost": Setting(POSITIVE, "dollars at which a run stops", "--max_cost"),
    "max_tokens_total": Setting(COUNT, "tokens at which a run stops", "--max_tokens_total"),
    "max_time": Setting(POSITIVE, "seconds after which a run stops", "--max_time"),
    "max_errors": Setting(TOLERANCE, "failed samples that are tolerated", "--max-errors", default=0),
    "max_samples": Setting(COUNT, "a fixed random subset", "--max_samples"),
    "seed": Setting(WHOLE, "base of each sample's random numbers", "--seed", default=20220722),
    "cache": Setting(SWITCH, "reuse completions of earlier runs", "--cache", default=False),
}
BY_LOOKING_IT_UP = ("model", "registry_paths", "log_dir", "threads", "timeout")
"Settings that are asked for where they are needed; the others become defaults of the options of `oaieval`."


@dataclass(frozen=True)
class Project:
    """The settings of a project file; without a file there are none. Paths are those that the file means."""

    path: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The value of a setting; None where the file does not have it."""
        return self.values.get(name)

    def where(self, name: str) -> str:
        """`evals.toml:3`: the line of a setting."""
        return f"{near(self.path)}:{self.lines[name]}" if self.path is not None else ""

    def option_defaults(self) -> dict[str, Any]:
        """Defaults for the parser of `oaieval`, by the names of parsed arguments."""
        chosen = {name: value for name, value in self.values.items() if name not in BY_LOOKING_IT_UP}
        return {SETTINGS[name].option[2:].replace("-", "_"): value for name, value in chosen.items()}

    def facts(self) -> dict[str, Any]:
        """What a record says about the file."""
        return {} if self.path is None else {"project_file": {"path": str(self.path), "settings": dict(self.values)}}


NO_PROJECT = Project()
_found: list[Project | None] = []
"One entry for each command that runs: its project, None until somebody asks."


@contextlib.contextmanager
def project_of_command() -> Iterator[None]:
    """Let `current_project` look for the file inside this block. It is read when it is first asked for."""
    _found.append(None)
    try:
        yield
    finally:
        _found.pop()


def current_project() -> Project:
    """The project of the command that runs; one without settings where no command runs.

    Raises:
        UsageError: the file cannot be read, or a setting is unknown or of the wrong kind.
    """
    if not _found:
        return NO_PROJECT
    if _found[-1] is None:
        _found[-1] = find_project(Path.cwd())
    return _found[-1] or NO_PROJECT


def find_project(start: Path) -> Project:
    """The project file of `start` or of the nearest folder above it; the search ends at a repository and at home.

    A file of another user is not read: its registries could name code. One line on standard error says so.

    Raises:
        UsageError: as for `read_project`.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        return NO_PROJECT if named.lower() == "none" else read_project(Path(named))
    path = _nearest(start.resolve())
    if path is None:
        return NO_PROJECT
    if not _is_trusted(path):
        print(
            f"warning: {near(path)} belongs to another user, and is not read; to use it: {VARIABLE}={near(path)}",
            file=sys.stderr,
        )
        return NO_PROJECT
    return read_project(path)


def read_project(path: Path) -> Project:
    """The settings of one file.

    Raises:
        UsageError: it cannot be read, is no TOML, or has a setting that is unknown, of the wrong kind, or names a
            registry that is not there. The message has the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise UsageError(
            f"the project file cannot be read: {why}", where=near(path), fix=f"check {VARIABLE}"
        ) from error
    table = _table_of(path, text)
    known: dict[str, int] = {}
    for name, value in table.items():
        known[name] = _line_of(name, text, in_section=path.name != FILE_NAME)
        _check(name, value, f"{near(path)}:{known[name]}")
    folder = path.resolve().parent
    values = {name: _resolved(SETTINGS[name], value, folder) for name, value in table.items()}
    for registry in values.get("registry_paths", ()):
        if not Path(registry).is_dir():
            where = f"{near(path)}:{known['registry_paths']}"
            raise UsageError(f"there is no folder {registry}", where=where, fix="paths begin at the file's own folder")
    return Project(path.resolve(), values, known)


def near(path: Path | None) -> str:
    """The path from the working folder, or the whole path where that is shorter."""
    if path is None:
        return ""
    try:
        return min(os.path.relpath(path.resolve()), str(path), key=len)
    except (ValueError, OSError):
        return str(path)


def _nearest(start: Path) -> Path | None:
    home = Path(os.path.expanduser("~"))
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
        shared = folder / "pyproject.toml"
        if shared.is_file() and _has_section(shared):
            return shared
        if (folder / ".git").exists() or folder == home:
            return None
    return None


def _has_section(path: Path) -> bool:
    try:
        return re.search(rb"^\s*\[\s*tool\s*\.\s*oaieval\s*\]", path.read_bytes(), re.MULTILINE) is not None
    except OSError:
        return False


def _is_trusted(path: Path) -> bool:
    """Whether the file belongs to this user, to root, or to whoever called sudo."""
    if not hasattr(os, "getuid"):
        return True
    return str(path.stat().st_uid) in {str(os.getuid()), "0", os.environ.get("SUDO_UID")}


def _table_of(path: Path, text: str) -> Mapping[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{near(path)}:{line[1]}" if line else near(path)
        what = re.sub(r" \(at .*\)$", "", str(error))
        raise UsageError(f"this is no TOML: {what}", where=where, fix='a line is written as name = "text"') from error
    for name in SECTION if path.name != FILE_NAME else ():
        table = table.get(name, {})
    return table if isinstance(table, dict) else {}


def _check(name: str, value: Any, where: str) -> None:
    setting = SETTINGS.get(name)
    if setting is None:
        all_names = f"there are: {listed(list(SETTINGS), len(SETTINGS))}"
        raise UsageError(
            f"no setting is called {name!r}", where=where, notes=[did_you_mean(name, SETTINGS) or all_names],
            fix="correct the name, or leave it out; docs/settings.md has all",
        )  # fmt: skip
    if not setting.kind.fits(value):
        raise UsageError(f"{name} is {value!r}", where=where, fix=f"write {setting.kind.words}")


def _line_of(name: str, text: str, *, in_section: bool) -> int:
    """The line of a key, from 1; that of the section, or the first, where the key is written in an unusual way."""
    key, began = re.compile(rf"^\s*[\"']?{re.escape(name)}[\"']?\s*[=.]|^\s*\[\s*{re.escape(name)}\b"), not in_section
    first = 1
    for number, line in enumerate(text.splitlines(), 1):
        if in_section and re.match(r"\s*\[\s*tool\s*\.\s*oaieval\s*\]", line):
            began, first = True, number
        elif began and key.match(line):
            return number
    return first


def _resolved(setting: Setting, value: Any, folder: Path) -> Any:
    """Paths from the file's folder; other values as they are."""
    if setting.kind is FOLDERS:
        return [str(folder / Path(one).expanduser()) for one in value]
    return near(folder / Path(value).expanduser()) if setting.kind is FOLDER else value
