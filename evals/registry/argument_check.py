"""Checks the arguments of a class before it is made; an error names the argument's line in the YAML file."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

from evals.completion import CompletionFn
from evals.errors import RegistryError, did_you_mean
from evals.registry.argument_types import HOLD_OPTIONS, OPTIONS, example_of, fits, parameters_of, problem_of, read_text
from evals.registry.error_places import line_of_argument
from evals.registry.whose_code import class_line
from evals.secrets import redact
from evals.texts.unquoted import as_texts, quotes_fix


def checked_arguments(
    factory: Callable[..., Any],
    args: Mapping[str, Any],
    *,
    is_ours: Callable[[Any], bool],
    named_by: str,
    where: str | None,
    given: Collection[str] = (),
) -> dict[str, Any]:
    """The arguments with texts of the command line read as their types. given: the names that came from there.

    A null means "not given": it is left out unless the parameter takes it.

    Raises:
        RegistryError: a value has another type than a constructor of ours says, or is out of its range.
    """
    known = parameters_of(factory, is_ours)
    checked = dict(args)
    for name, value in args.items():
        if name not in known:
            continue
        if name in given:
            checked[name] = read_text(value, known[name])
        if value is None and not fits(None, known[name]):
            del checked[name]
            continue
        problem = problem_of(name, checked[name], known[name])
        if problem is not None:
            place = where if name in given else line_of_argument(where, name)
            fix = _fix_for(name, value, known[name], "=" if name in given else ": ")
            raise RegistryError(f"{named_by}: {redact(problem)}", where=place, fix=redact(fix))
    return checked


def _fix_for(name: str, value: Any, annotation: Any, equals: str) -> str:
    """What to write instead. equals: what stands between name and value, `: ` in YAML and `=` in a command."""
    if equals == "=" and fits("", annotation) and isinstance(value, bool | int | float):
        return f'put it in quotes: "{value}"'
    if not fits(value, annotation) and fits(quoted := as_texts(value), annotation) and quoted != value:
        return quotes_fix(_misfits(value, annotation)) or ""
    if isinstance(value, str) and fits([value], annotation) and not fits(value, annotation):
        return f"write a list: [{value!r}]"
    if isinstance(value, str) and read_text(value, annotation) != value:
        return f"write it without quotes: {value}"
    if name in HOLD_OPTIONS and isinstance(value, dict):
        wrong = (key for key in OPTIONS if key in value and problem_of(key, value[key], OPTIONS[key]) is not None)
        inner = next(wrong, "max_tokens")
        return f"write {name}{equals}{{{inner}: {example_of(inner, OPTIONS[inner])}}}"
    return f"write {name}{equals}{example_of(name, annotation)}, or leave it out"


def _misfits(value: Any, annotation: Any) -> Any:
    """The parts of a list or the keys of a mapping that do not fit alone; else the value."""
    if isinstance(value, list):
        return [one for one in value if not fits([one], annotation)] or value
    if isinstance(value, dict):
        return [key for key in value if not isinstance(key, str)] or value
    return value


EVAL_METHODS = ("eval_sample", "run")


def refuse_other_than_an_eval(made: Any, path: str, *, named_by: str, where: str | None) -> None:
    """Raise RegistryError unless what a class or function has made has the methods of an eval."""
    if all(callable(getattr(made, name, None)) for name in EVAL_METHODS):
        return
    raise RegistryError(
        f"{named_by} names class {path!r}, which makes a {type(made).__name__} and no eval",
        where=line_of_argument(where, "class"),
        fix="name a class that is derived from evals.Eval",
    )


def refuse_other_than_a_completion_fn(made: Any, *, named_by: str, where: str | None) -> None:
    """Raise RegistryError unless what a class or function has made can be asked for completions.

    A class that derives from the protocol CompletionFn and forgets `__call__` inherits one that returns nothing.
    """
    inherits_nothing = inspect.getattr_static(type(made), "__call__", None) is CompletionFn.__call__
    if callable(getattr(made, "complete", None)) or (callable(made) and not inherits_nothing):
        return
    begins = class_line(made)
    raise RegistryError(
        f"{named_by}: a {type(made).__name__} is not a completion function",
        where=where,
        notes=[f"class {type(made).__name__} at {begins} has no __call__" if begins else ""],
        fix="give its class '__call__(prompt, **kwargs)', or 'async complete(prompt, **kwargs)'",
    )


def refuse_other_than_a_class(
    found: Any, path: str, *, named_by: str, where: str | None, needs: Collection[str] = ()
) -> None:
    """Raise RegistryError unless `found` can be called, and is complete and has the methods in `needs` if a class."""
    hint = ""
    if inspect.ismodule(found):
        what = "a module"
        hint = did_you_mean(path.rpartition(".")[2].replace("_", ""), _classes_in(found))
    elif not callable(found):
        what = f"no class but {found!r:.40}"
    elif inspect.isclass(found) and inspect.isabstract(found):
        what = "an abstract class"
    elif inspect.isclass(found) and not all(hasattr(found, name) for name in needs):
        what = f"a class without {' and '.join(needs)}"
    else:
        return
    raise RegistryError(
        f"{named_by} names class {path!r}, which is {what}",
        where=line_of_argument(where, "class"),
        notes=[hint],
        fix="name a class: class: module:Class",
    )


def _classes_in(module: Any) -> list[str]:
    return [name for name, value in vars(module).items() if inspect.isclass(value) and not name.startswith("_")]
