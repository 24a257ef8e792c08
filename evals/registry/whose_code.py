"""Whose code failed, ours or a plug-in's, and the line of the plug-in that a user can open."""

from __future__ import annotations

import contextlib
import functools
import inspect
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.errors import UsageError
from evals.secrets import redact

logger = logging.getLogger("evals")

PACKAGE = Path(__file__).resolve().parents[1]
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def is_ours(thing: Any) -> bool:
    """Whether the code of a class, function or method lies in the folder of this package.

    Decides whose fault a surprise is: of code elsewhere it becomes a message that names the plug-in, of our own code it
    is our bug and keeps its traceback.
    """
    if isinstance(thing, functools.partial):
        bound: functools.partial[Any] = thing
        return is_ours(bound.func)
    try:
        return _in_package(inspect.getfile(thing))
    except (TypeError, OSError):
        return False


def foreign_line(error: BaseException) -> str | None:
    """`file:line` of the innermost frame of a plug-in; None if no frame lies outside this package.

    A plug-in's own line says more than the line of a library that it called: frames of the standard library and of
    installed packages are named where there is no other.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _in_package(frame.filename)]
    own = [frame for frame in frames if _is_users(frame.filename)]
    own = own or [frame for frame in frames if not _is_standard(frame.filename)]
    chosen = (own or frames)[-1:]
    return f"{chosen[0].filename}:{chosen[0].lineno}" if chosen else None


def class_line(thing: type | Any) -> str | None:
    """`file:line` where a plug-in's class, or that of an object, begins; None for our own code and for no file."""
    cls = thing if isinstance(thing, type) else type(thing)
    if is_ours(cls):
        return None
    try:
        return f"{inspect.getfile(cls)}:{inspect.getsourcelines(cls)[1]}"
    except (TypeError, OSError):
        return None


def init_without_super(cls: type) -> str | None:
    """`file:line` of the first constructor of a plug-in's class that does not call its parent's; None without one."""
    makers = [owner for owner in cls.__mro__ if "__init__" in vars(owner) and owner is not object]
    for owner in makers[:-1]:
        init = vars(owner)["__init__"]
        code = getattr(inspect.unwrap(init), "__code__", None)
        if code is None or is_ours(owner):
            return None
        if not {"super", "__init__"} & set(code.co_names):
            written = Path(code.co_filename).is_absolute()
            return f"{code.co_filename}:{code.co_firstlineno}" if written else class_line(owner)
    return None


def blamed_line(error: BaseException, owner: Any = None) -> str | None:
    """`file:line` of a plug-in that `error` comes from: its line, or its constructor that left an attribute out.

    owner: the eval or completion function at work; where it is an installed package, its files count as a plug-in's.
    """
    theirs = _plugin_line(error, type(owner).__mro__)
    if theirs is None and isinstance(error, AttributeError) and error.obj is not None:
        return init_without_super(type(error.obj))
    return theirs


@contextlib.contextmanager
def plugins_answer_for(thing: Any, *, named_by: str, where: str | None = None) -> Iterator[None]:
    """Turn what the code of a plug-in raises inside the block into an error that names its line.

    thing: the object that is used there, an eval for example. named_by, where: what a user calls it, and its entry.
    Where neither `thing` nor any frame belongs to a plug-in, the exception is our bug and is raised unchanged.

    Raises:
        UsageError: a plug-in failed, or what it gave cannot be used.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        failure = plugin_failure(error, thing, named_by=named_by, where=where)
        if failure is None:
            raise
        raise failure from error


def plugin_failure(
    error: BaseException, thing: Any, *, named_by: str, where: str | None = None, what: str = "cannot be run"
) -> UsageError | None:
    """The error for people about an exception in which a plug-in has a part; None where it has none."""
    from evals.errors import EvalsError

    cls = thing if isinstance(thing, type) else type(thing)
    theirs = not is_ours(thing if isinstance(thing, type) or inspect.isfunction(thing) else cls)
    line = _plugin_line(error, cls.__mro__)
    if isinstance(error, EvalsError) or (line is None and not theirs):
        return None
    logger.debug("%s failed", named_by, exc_info=error)
    unset = init_without_super(cls) if isinstance(error, AttributeError) else None
    notes = [f"raised at {line or foreign_line(error) or _last_line(error)}; --debug shows the traceback"]
    if line is None and (begins := class_line(cls)):
        notes.append(f"the plug-in: class {cls.__name__} at {begins}")
    if unset is not None:
        notes.append(f"the constructor at {unset} does not call super().__init__")
    return UsageError(
        f"{named_by} {what}: {type(error).__name__}: {redact(str(error))}",
        where=where,
        notes=notes,
        fix=None if unset is None else "call super().__init__(...) in it, with the arguments that it was given",
    )


def _plugin_line(error: BaseException, classes: tuple[type, ...]) -> str | None:
    """`file:line` of the innermost frame that a user wrote, or that lies beside one of `classes` where installed."""
    files = {path for path in map(_file_of, classes) if path is not None and PACKAGE not in path.resolve().parents}
    # A module that is installed alone lies beside everybody's packages: only its own file is its.
    places = {path if path.parent.name in _INSTALLED else path.parent for path in files}
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        beside = any(place in (Path(frame.filename), *Path(frame.filename).parents) for place in places)
        if not _in_package(frame.filename) and (_is_users(frame.filename) or beside):
            return f"{frame.filename}:{frame.lineno}"
    return None


def _last_line(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown line"


def _file_of(cls: type) -> Path | None:
    try:
        path = Path(inspect.getfile(cls))
    except (TypeError, OSError):
        return None
    return None if _is_standard(str(path)) else path


@functools.lru_cache(maxsize=1024)
def _in_package(filename: str) -> bool:
    path = Path(filename)
    return path.is_absolute() and PACKAGE in path.resolve().parents


def _is_users(filename: str) -> bool:
    """Whether a file is neither installed nor of the standard library."""
    path = Path(filename)
    return path.is_absolute() and not _INSTALLED & set(path.parts) and not _is_standard(filename)


def _is_standard(filename: str) -> bool:
    path = Path(filename)
    if not path.is_absolute():
        return True
    return not _INSTALLED & set(path.parts) and any(root in path.resolve().parents for root in _standard_library())


@functools.cache
def _standard_library() -> frozenset[Path]:
    import sysconfig

    return frozenset(Path(sysconfig.get_paths()[key]).resolve() for key in ("stdlib", "platstdlib"))
