"""Imports and calls what `module:Class` in a YAML file names; errors name the line, the near misses and the reason."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import logging
import pkgutil
import re
import sys
import traceback
from collections.abc import Callable, Collection, Mapping
from typing import Any, NoReturn

from evals.errors import EvalsError, RegistryError, UsageError, did_you_mean, listed, near_misses
from evals.registry.argument_check import checked_arguments
from evals.registry.error_places import argument_of, line_of_argument, placed_in
from evals.registry.roots import seen_by_plugins
from evals.registry.whose_code import foreign_line, is_ours, plugin_failure

logger = logging.getLogger("evals")

UNEXPECTED = re.compile(r"(\S+)\(\) got an unexpected keyword argument '([^']*)'")
MISSING = re.compile(r"(\S+)\(\) missing \d+ required (?:positional|keyword-only) arguments?: (.+)")

GIVEN_BY_US = ("completion_fns", "eval_registry_path", "name", "registry", "seed")
"Arguments of evals that the registry gives, and no YAML file."


OUR_PATH = re.compile(r"(evals\.(?:suite|solvers|completion_fns))\.[\w.]+:(\w+)\Z")


def public_path(path: str) -> str:
    """The public path of one of our classes: `evals.suite:Match` for `evals.suite.match.match:Match`.

    The public path stays the same when a file moves. Other paths are returned unchanged, also those of openai/evals
    (`evals.elsuite...`): they select its rules.
    """
    return OUR_PATH.sub(r"\1:\2", path)


def load_object(path: str, *, named_by: str = "the registry", where: str | None = None) -> Any:
    """The object that `module:Class`, `module:Outer.Inner` or `module` names.

    named_by, where: who names it, for messages.

    Raises:
        RegistryError: the module or the class does not exist, or cannot be imported.
    """
    module_name, _, attributes = path.partition(":")
    found = _import(module_name, path, named_by, where)
    for attribute in attributes.split(".") if attributes else []:
        if not hasattr(found, attribute):
            raise _no_such_class(path, found, attribute, named_by, where)
        found = getattr(found, attribute)
    return found


def make_object(object_ref: str, *args: Any, **kwargs: Any) -> functools.partial[Any]:
    """The object that `module:Class` names, with arguments bound.

    Raises:
        RegistryError: as for `load_object`.
    """
    return functools.partial(load_object(object_ref), *args, **kwargs)


def build(
    factory: Callable[..., Any],
    args: Mapping[str, Any],
    *,
    named_by: str,
    where: str | None = None,
    given: Collection[str] = (),
) -> Any:
    """The value of `factory(**args)`, for a class or function that a YAML file names.

    named_by, where: who names it, for messages. given: the arguments that come from the command line, whose texts are
    read as the types of a constructor of ours. Other exceptions of our own code are raised unchanged: they are bugs.

    Raises:
        RegistryError: an argument is unknown or missing, or has another type than a constructor of ours says.
        UsageError: the factory refuses the arguments, or the code of a plug-in failed.
    """
    if isinstance(factory, functools.partial):
        bound: functools.partial[Any] = factory
        factory, args = bound.func, {**bound.keywords, **args}
    args = checked_arguments(factory, args, is_ours=is_ours, named_by=named_by, where=where, given=given)
    try:
        own = {key: value for key, value in args.items() if key not in GIVEN_BY_US}
        with placed_in(where, own, given=given), seen_by_plugins(args.get("registry")):
            return factory(**args)
    except EvalsError:
        raise
    except TypeError as error:
        explain_arguments(error, factory, args, named_by=named_by, where=where, given=given)
        _blame_plugin(error, factory, named_by, where)
        raise
    except (AssertionError, ValueError) as error:
        what = f"{named_by} cannot be made with these arguments: {error or type(error).__name__}"
        line = None if is_ours(factory) else foreign_line(error)
        name = argument_of(str(error), args)
        where = where if name is None or name in given else line_of_argument(where, name)
        raise UsageError(what, where=where, notes=[f"raised at {line}" if line else ""]) from error
    except (Exception, SystemExit) as error:
        _blame_plugin(error, factory, named_by, where)
        raise


def _blame_plugin(error: BaseException, factory: Any, named_by: str, where: str | None) -> None:
    """Raise a UsageError that names the line that failed, unless `factory` is ours."""
    if is_ours(factory):
        return
    failure = plugin_failure(error, factory, named_by=named_by, where=where, what="cannot be made")
    if failure is not None:
        raise failure from error


def explain_arguments(
    error: TypeError,
    factory: Callable[..., Any],
    args: Mapping[str, Any],
    *,
    named_by: str,
    where: str | None,
    given: Collection[str] = (),
) -> None:
    """Raise a RegistryError if `error` says that `factory` was called with wrong arguments; else return."""
    if isinstance(factory, functools.partial):
        bound: functools.partial[Any] = factory
        factory, args = bound.func, {**bound.keywords, **args}
    names = {getattr(factory, "__name__", ""), "__init__", "__new__"}
    own = [name for name in args if name not in GIVEN_BY_US]
    unexpected, missing = UNEXPECTED.search(str(error)), MISSING.search(str(error))
    if unexpected and unexpected[1].split(".")[-1] in names and unexpected[2] in args:
        takes = [name for name in parameter_names(factory) if name not in GIVEN_BY_US]
        raise RegistryError(
            f"{named_by}: {_class_name(factory)} takes no argument {unexpected[2]!r}",
            where=where if unexpected[2] in given else line_of_argument(where, unexpected[2]),
            notes=[did_you_mean(unexpected[2], takes), f"it takes: {listed(takes, 8)}"],
            fix="correct the name, or leave the argument out",
        ) from error
    if missing and missing[1].split(".")[-1] in names:
        raise RegistryError(
            f"{named_by}: {_class_name(factory)} needs {missing[2]}",
            where=where,
            notes=[f"given: {listed(own, 12)}" if own else "given: nothing"],
            fix="add it under 'args' in the YAML file, or on the command line",
        ) from error


def accepts(factory: Callable[..., Any], name: str, *, by_name: bool = False) -> bool:
    """Whether `factory` takes the keyword argument `name`. by_name: do not count `**kwargs`."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return False
    if any(p.name == name and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) for p in parameters):
        return True
    return not by_name and any(p.kind is p.VAR_KEYWORD for p in parameters)


def parameter_names(factory: Callable[..., Any]) -> list[str]:
    """The keyword arguments of a constructor and of its parents' constructors, its own first."""
    callables = (
        [vars(cls).get("__init__") for cls in inspect.getmro(factory)] if inspect.isclass(factory) else [factory]
    )
    names: dict[str, None] = {}
    for function in callables:
        if function is None or function is object.__init__:
            continue
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):
            continue
        names.update({p.name: None for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)})
    names.pop("self", None)
    return list(names)


def _import(module_name: str, path: str, named_by: str, where: str | None) -> Any:
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise RegistryError(
            f"{named_by} names class {path!r}, and {module_name!r} is no name of a module",
            where=line_of_argument(where, "class"),
            fix="write module:Class, the module with dots: my_package.my_module:MyEval",
        )
    try:
        return importlib.import_module(module_name)
    except EvalsError:
        raise
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise _no_such_module(path, module_name, named_by, where) from error
        _cannot_import(error, path, named_by, where)
    except (Exception, SystemExit) as error:
        _cannot_import(error, path, named_by, where)


def _no_such_module(path: str, module_name: str, named_by: str, where: str | None) -> RegistryError:
    fix = _public_name(path) or "install the package that holds it, or put its folder on PYTHONPATH"
    holder, _, last = path.rpartition(".")
    if ":" not in path and _is_module(holder):
        return RegistryError(
            f"{named_by} names class {path!r}, which has no colon",
            where=line_of_argument(where, "class"),
            fix=f"write {holder}:{last}",
        )
    if module_name.split(".", maxsplit=1)[0] == "evals" and not _public_name(path):
        fix = "it is not part of this package: name another class, or put the folder that holds `evals/` on PYTHONPATH"
    return RegistryError(
        f"{named_by} names class {path!r}, and there is no module {module_name!r}",
        where=line_of_argument(where, "class"),
        notes=[_near_modules(module_name)],
        fix=fix,
    )


def _is_module(name: str) -> bool:
    try:
        return bool(name) and importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _near_modules(module_name: str) -> str:
    """A note with near misses of the first part of a dotted name that cannot be imported; "" without any."""
    parent, _, last = module_name.rpartition(".")
    try:
        path = importlib.import_module(parent).__path__ if parent else None
    except Exception:
        return _near_modules(parent)
    names = {module.name for module in pkgutil.iter_modules(path)}
    note = did_you_mean(last, sorted(names if parent else names - sys.stdlib_module_names))
    return note.replace(": ", f": {parent}.").replace(", ", f", {parent}.") if parent else note


def _no_such_class(path: str, holder: Any, attribute: str, named_by: str, where: str | None) -> RegistryError:
    prefix = path[: path.rindex(attribute)]
    near = [name for name in dir(holder) if not name.startswith("_") and callable(getattr(holder, name, None))]
    hits = ", ".join(prefix + name for name in near_misses(attribute, near, n=2))
    note = f"did you mean: {hits}" if hits else ""
    return RegistryError(
        f"{named_by} names class {path!r}, which has no such class",
        where=line_of_argument(where, "class"),
        notes=[note],
        fix=_public_name(path) or "correct the name behind the colon: class: module:Class",
    )


def _public_name(path: str) -> str | None:
    """The fix for one of our classes that is named by its file's path; None for any other path."""
    public = public_path(path)
    package, _, name = public.partition(":")
    if public == path or name not in importlib.import_module(package).__all__:
        return None
    return f"write {public}"


def _cannot_import(error: Exception | SystemExit, path: str, named_by: str, where: str | None) -> NoReturn:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    raise RegistryError(
        f"{named_by} names class {path!r}, which cannot be imported",
        where=line_of_argument(where, "class"),
        notes=[f"{_raised_at(error)}{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"],
        fix=f"install the package that holds {missing!r}" if missing else "correct it there",
    ) from error


def _raised_at(error: Exception | SystemExit) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: "
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    frames = [frame for frame in frames if frame.filename != __file__ and not frame.filename.startswith("<")]
    return f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""


def _class_name(factory: Any) -> str:
    return getattr(factory, "__name__", None) or type(factory).__name__
