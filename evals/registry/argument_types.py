"""Checks arguments against the signatures of our classes, and reads texts of a command line as the types there."""

from __future__ import annotations

import collections.abc
import datetime
import inspect
import math
import re
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeGuard

from evals.key_values import typed
from evals.texts.unquoted import is_bare

PLAIN = (str, int, float, bool, type(None), list, dict)
"What YAML gives. Values of other types come from Python, and are left alone."

WORDS: Mapping[Any, str] = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false", type(None): "null",
    list: "a list", tuple: "a list", collections.abc.Sequence: "a list", collections.abc.Iterable: "a list",
    dict: "a mapping", collections.abc.Mapping: "a mapping",
}  # fmt: skip

LEAST: Mapping[str, float] = {
    "batch_size": 1, "context_length": 1, "draws": 0, "max_concurrency": 1, "max_tokens": 1, "n_completions": 1,
    "n_ctx": 1, "n_per_request": 1, "n_samples": 1, "num_few_shot": 0, "repeats": 1, "temperature": 0,
    "timeout_s": 0, "tolerance": 0, "top_p": 0, "workers": 1,
}  # fmt: skip
"The least value of numbers under names that mean the same in every class."


OPTIONS: Mapping[str, Any] = {
    "max_tokens": int | None, "n": int | None, "seed": int | None, "temperature": float | None, "top_p": float | None,
}  # fmt: skip
"Options of a request, which stand inside arguments such as `sample_kwargs`."

EXAMPLES: Mapping[str, str] = {
    "a text": '"..."', "a whole number": "1", "a number": "0.5", "true or false": "true", "a list": "[...]",
    "a mapping": "{key: value}",
}  # fmt: skip

NEVER_EMPTY = re.compile(
    r"\w+_(?:jsonl|key|model|marks)|adjudicator|answer_mode|baseline|contaminated|dataset|eval_type|exam|form|graders?"
    r"|match_fn|mode|model|modelgraded_spec|pattern|prompt_set|scorer|source|subset"
)
"Arguments that name something: an empty text is no name."

NO_EMPTY_PARTS = ("answer_phrases", "graders", "labels", "passing_labels", "stop")
"Lists of texts in which an empty one says nothing."

MOST = 2**63
"Numbers from here on are no amount of anything."

HOLD_OPTIONS = ("eval_kwargs", "extra_options", "sample_kwargs")


def parameters_of(factory: Callable[..., Any], is_ours: Callable[[Any], bool]) -> dict[str, Any]:
    """The annotation of each keyword argument that our constructors of a class declare; `Any` where it has none.

    A class that is not ours may redefine a name, and then decides about its values: that name gets `Any`.
    """
    found: dict[str, Any] = {}
    for function in _constructors(factory):
        for name, annotation in _annotations(function):
            found.setdefault(name, annotation if is_ours(function) else Any)
    return found


def _constructors(factory: Callable[..., Any]) -> list[Any]:
    if not inspect.isclass(factory):
        return [factory]
    own = (vars(cls).get("__init__") for cls in inspect.getmro(factory))
    return [function for function in own if inspect.isfunction(function)]


def _annotations(function: Any) -> Iterator[tuple[str, Any]]:
    names = vars(sys.modules.get(function.__module__, types.ModuleType("none")))
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            continue
        annotation = parameter.annotation
        if isinstance(annotation, str):
            try:
                annotation = eval(annotation, dict(names))
            except (NameError, TypeError, AttributeError):  # a name that only type checkers import
                annotation = Any
        yield parameter.name, Any if annotation is parameter.empty else annotation


def read_text(value: Any, annotation: Any) -> Any:
    """A value from a command line, as the parameter's type asks for it; unchanged where that is not possible.

    There are no quotes on a command line: a parameter for texts gets `2024` as a text, one for truth values gets
    `true` as True, and one for lists gets `["a"]` as a list.
    """
    if _is_number(value) and not fits(value, annotation) and fits(str(value), annotation):
        return str(value)
    if value in (0, 1) and not fits(value, annotation) and fits(True, annotation):
        return bool(value)
    if isinstance(value, str) and not fits(value, annotation):
        meant = typed(value.lower() if value.lower() in ("true", "false") else value)
        return meant if fits(meant, annotation) else value
    return value


def problem_of(name: str, value: Any, annotation: Any) -> str | None:
    """What is wrong with an argument's value, as `num_few_shot is 'three', not a whole number`; None if nothing is."""
    if not isinstance(value, PLAIN) and not is_bare(value):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return f"{name} is {value}, not a finite number"
    if not fits(value, annotation):
        return f"{name} is {_shown(value)}, not {words_for(annotation)}"
    if name in HOLD_OPTIONS and isinstance(value, dict):
        inner = (problem_of(key, value[key], OPTIONS[key]) for key in OPTIONS if key in value)
        return next((f"in {name}, {problem}" for problem in inner if problem is not None), None)
    if isinstance(value, str) and not value.strip() and NEVER_EMPTY.fullmatch(name):
        return f"{name} is an empty text"
    if isinstance(value, list) and name in NO_EMPTY_PARTS and "" in value:
        return f"{name} holds an empty text"
    return _out_of_range(name, value) if _is_number(value) else None


def _out_of_range(name: str, value: int | float) -> str | None:
    if abs(value) >= MOST:
        return f"{name} is {_shown(value)}, which is too large"
    least = LEAST.get(name)
    return f"{name} is {value}, and must be {least} or more" if least is not None and value < least else None


def example_of(name: str, annotation: Any) -> str:
    """A value that the annotation takes, as YAML: `1`, `"..."`, `[...]`."""
    if fits(1, annotation) and name in LEAST and not fits(0.5, annotation):
        return str(max(1, LEAST[name]))
    inner = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return str(inner[0])
    parts = inner if typing.get_origin(annotation) in (typing.Union, types.UnionType) else (annotation,)
    words = [WORDS.get(typing.get_origin(part) or part, "") for part in parts if part is not type(None)]
    return next((EXAMPLES[word] for word in words if word in EXAMPLES), "...")


def fits(value: Any, annotation: Any) -> bool:
    """Whether a plain value may be given for an annotation. What cannot be decided fits."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, part) for part in inner)
    if origin is typing.Literal:
        return value in inner
    if annotation is Any or annotation is object:
        return True
    if annotation is None or annotation is type(None):
        return value is None
    if annotation is bool:
        return isinstance(value, bool)
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if annotation is float:
        return _is_number(value)
    if annotation is str:
        return isinstance(value, str)
    return _fits_container(value, origin or annotation, inner)


def _fits_container(value: Any, kind: Any, inner: tuple[Any, ...]) -> bool:
    if kind in (list, tuple, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection):
        part = inner[0] if inner else Any
        return isinstance(value, list | tuple) and all(fits(item, part) for item in value)
    if kind in (dict, collections.abc.Mapping):
        key, part = inner or (Any, Any)
        return isinstance(value, Mapping) and all(fits(k, key) and fits(v, part) for k, v in value.items())
    if kind is collections.abc.Callable:
        return callable(value)
    if inspect.isclass(kind):
        return not isinstance(value, PLAIN)
    return True


def words_for(annotation: Any) -> str:
    """An annotation in words: `a whole number or a list of whole numbers`."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        parts = [words_for(part) for part in inner if part is not type(None)]
        return " or ".join(dict.fromkeys(part for part in parts if part)) or "null"
    if origin is typing.Literal:
        return f"one of {', '.join(map(str, inner))}"
    word = WORDS.get(origin or annotation, "")
    of = words_for(inner[-1]).replace("a ", "", 1) if inner and word in ("a list", "a mapping") else ""
    return f"{word} of {of}s" if of and " or " not in of and not of.endswith("s") else word


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    dated = [str(one) if isinstance(one, datetime.date) else one for one in value] if isinstance(value, list) else value
    text = str(dated) if isinstance(dated, datetime.date) else repr(dated)
    return text if len(text) <= 40 else f"{text[:37]}..."
