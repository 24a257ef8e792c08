"""Whether calls of functions are the expected ones, by the rules of BFCL: pure functions.

The Berkeley Function-Calling Leaderboard (Patil et al. 2025, ICML) compares calls with lists of accepted values for
each argument. The rules are those of its checker for Python functions (package bfcl-eval 2026.3.23), its oddities
included: scores are only comparable if verdicts are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.completion import FunctionCall
from evals.json_text import dumps
from evals.texts.number_text import counted

_NOT_ALLOWED_IN_NAMES = re.compile(r"\.")
_IGNORED_IN_TEXTS = re.compile(r"[ ,./\-_*^]")

TYPES: Mapping[str, type] = {
    "string": str, "integer": int, "float": float, "number": float, "boolean": bool, "bool": bool,
    "array": list, "list": list, "tuple": list, "dict": dict, "object": dict, "any": str,
}  # fmt: skip
"Types of parameters, as BFCL and as JSON schemas name them."

_WITH_ITEMS = ("array", "list", "tuple")


@dataclass(frozen=True)
class Problem:
    """Why calls are wrong. kind: a word or two, for counting. what: the sentence."""

    kind: str
    what: str


def sent_name(name: str) -> str:
    """The name under which a function is sent: providers allow no dots in names."""
    return _NOT_ALLOWED_IN_NAMES.sub("_", name)


def check_calls(
    calls: Sequence[FunctionCall], expected: Sequence[Mapping[str, Any]], tools: Mapping[str, Mapping[str, Any]]
) -> Problem | None:
    """What is wrong with the calls; None if they are right.

    expected: for each call one function with its accepted values, `{name: {parameter: [value, ...]}}`, where an empty
    text means that the parameter may be left out. The order of several calls does not matter: each expected call takes
    the first call that fits and is left. tools: the parameters of each function as a JSON schema, by its name.
    """
    if len(calls) != len(expected):
        return Problem("wrong count", f"{counted(len(calls), 'call')}, and {len(expected)} expected")
    left = list(calls)
    for answer in expected:
        ((name, accepted),) = answer.items()
        problems = [check_call(call, name, accepted, tools[name]) for call in left]
        if None not in problems:
            only = problems[0] if len(problems) == 1 else None
            return only or Problem("no match", f"no call fits {name}: {'; '.join(p.what for p in problems if p)}")
        left.pop(problems.index(None))
    return None


def check_call(
    call: FunctionCall, name: str, accepted: Mapping[str, Sequence[Any]], schema: Mapping[str, Any]
) -> Problem | None:
    """What is wrong with one call of the function `name`; None if it is right."""
    if sent_name(call["name"]) != sent_name(name):
        return Problem("wrong function", f"{call['name']} is called instead of {name}")
    given = call["arguments"]
    if not isinstance(given, Mapping):
        return Problem("unreadable arguments", f"the arguments are no JSON object: {str(given)[:80]}")
    properties = schema.get("properties") or {}
    for parameter in schema.get("required") or ():
        if parameter not in given:
            return Problem("missing parameter", f"{parameter} is required and missing")
    for parameter, value in given.items():
        if parameter not in properties or parameter not in accepted:
            return Problem("unexpected parameter", f"{parameter} is not expected")
        problem = _check_value(parameter, value, accepted[parameter], properties[parameter])
        if problem is not None:
            return problem
    for parameter, values in accepted.items():
        if parameter not in given and "" not in values:
            return Problem("missing parameter", f"{parameter} is missing")
    return None


def _check_value(parameter: str, value: Any, accepted: Sequence[Any], schema: Mapping[str, Any]) -> Problem | None:
    kind = schema.get("type")
    wanted = TYPES.get(kind) if isinstance(kind, str) else None
    if wanted is None:  # a schema with several types, or none: the accepted values say it
        wanted = _type_of(accepted) or str
    inner = _inner_type(schema) if kind in _WITH_ITEMS else None
    if wanted is float and type(value) is int:
        value = float(value)
    fits, is_other_type = _fits(value, accepted, wanted, inner)
    if not fits:
        return Problem("wrong type", f"{parameter} is {dumps(value)}, which is no {kind or wanted.__name__}")
    if _is_accepted(value, accepted, None if is_other_type else wanted, inner):
        return None
    return Problem("wrong value", f"{parameter} is {dumps(value)}, and accepted are {dumps(list(accepted))}"[:300])


def _inner_type(schema: Mapping[str, Any]) -> type | None:
    items = schema.get("items")
    kind = items.get("type") if isinstance(items, Mapping) else None
    return TYPES.get(kind) if isinstance(kind, str) else None


def _type_of(accepted: Sequence[Any]) -> type | None:
    """The type of the first accepted value that is not the mark of an optional parameter."""
    return next((type(value) for value in accepted if value != ""), None)


def _fits(value: Any, accepted: Sequence[Any], wanted: type, inner: type | None) -> tuple[bool, bool]:
    """(whether the type of a value fits, whether it is another type than the described one, so a variable's name).

    Where accepted values have another type than the description says, a value of that type fits too: it names a
    variable, and is then compared letter for letter.
    """
    answer_type = _type_of(accepted)
    is_other_type = answer_type is not None and answer_type is not wanted
    if type(value) is wanted:
        if inner is None:
            return True, is_other_type
        items: Any = value
        return any(_items_fit(items, one, inner) for one in accepted), is_other_type
    return answer_type is not None and type(value) is answer_type, True


def _items_fit(value: Sequence[Any], one: Any, inner: type) -> bool:
    """Whether all items of a list have the inner type, for one accepted list; anything else accepted lets all pass."""
    return type(one) is not list or all(_fits(item, one, inner, None)[0] for item in value)


def _is_accepted(value: Any, accepted: Sequence[Any], kind: type | None, inner: type | None) -> bool:
    """Whether a value is one of the accepted ones. kind: how it is compared; None for a variable's name."""
    if kind is dict:
        return any(_dict_fits(value, one) for one in accepted if one != "")
    if kind is list and inner is dict:
        return any(_dicts_fit(value, one) for one in accepted)
    if kind is str:
        return plain(value) in [plain(one) for one in accepted if isinstance(one, str)]
    if kind is list:
        return [_plain_item(item) for item in value] in [[_plain_item(item) for item in one] for one in accepted]
    return value in accepted


def plain(text: str) -> str:
    """A text as texts are compared: lower case, without spaces and `,./-_*^`, double quotes for single ones."""
    return _IGNORED_IN_TEXTS.sub("", text).lower().replace("'", '"')


def _plain_item(value: Any) -> Any:
    return plain(value) if isinstance(value, str) else value


def _dict_fits(value: Any, one: Any) -> bool:
    """Whether an object has one of the accepted values for each key; keys that accept an empty text may be missing."""
    if not isinstance(value, Mapping) or not isinstance(one, Mapping):
        return False
    if any(
        key not in one or _plain_item(part) not in [_plain_item(a) for a in one[key]] for key, part in value.items()
    ):
        return False
    return all(key in value or "" in values for key, values in one.items())


def _dicts_fit(value: Sequence[Any], one: Any) -> bool:
    """Whether a list of objects fits an accepted list, place by place."""
    return len(value) == len(one) and all(map(_dict_fits, value, one))
