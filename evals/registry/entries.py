"""Turns the body of a YAML entry into a typed spec: an error for a wrong value, a warning for an unknown key."""

from __future__ import annotations

import copy
import logging
from typing import Any

from evals.errors import RegistryError, near_misses
from evals.registry.error_places import line_of_argument
from evals.registry.index import RawEntry
from evals.specs import BaseEvalSpec, CompletionFnSpec, EvalSetSpec, EvalSpec
from evals.texts.unquoted import quotes_fix

logger = logging.getLogger("evals")

RESERVED_KEYS = ("key", "group", "cls")
"Keys that openai/evals fills in itself and refuses in a file."

ABOUT_KEYS = (
    "description",
    "disclaimer",
    "higher_is_better",
    "licence",
    "license",
    "metrics",
    "protocol",
    "reference",
    "source",
    "tags",
)
"Keys that describe an eval, in its alias or its spec; `evals show`, `evals list` and reports read them."

MODEL_FACTS = (
    "chat_tools",
    "context_length",
    "default_effort",
    "effort_budgets",
    "efforts",
    "endpoints",
    "family",
    "headroom",
    "max_input",
    "max_n",
    "max_output",
    "max_top_logprobs",
    "n_ctx",
    "note",
    "parameters",
    "prefill",
    "prices",
    "reasons",
    "refuses",
    "refuses_while_reasoning",
    "released",
    "responses_only_efforts",
    "retires",
    "source",
    "successor",
    "training_flops",
    "unread",
)
"Keys that state facts about a model; `source` and `note` say where they were read, `unread` which were not."

KNOWN_KEYS = {
    "evals": ("args", "class", "id", *ABOUT_KEYS),
    "completion_fns": (
        "args",
        "chat",
        "class",
        "description",
        "id",
        "members",
        "passes_as",
        "patterns",
        "reserved",
        "strip_prefix",
        "tags",
        *MODEL_FACTS,
    ),
    "modelgraded": (
        "append_answer_prompt",
        "choice_scores",
        "choice_strings",
        "description",
        "eval_type",
        "format_type",
        "id",
        "input_outputs",
        "licence",
        "license",
        "output_template",
        "prompt",
        "source",
        "tags",
    ),
    "eval_sets": ("description", "evals", "id", "source", "tags"),
}
KNOWN_KEYS["solvers"] = KNOWN_KEYS["completion_fns"]

THING = {
    "evals": "eval",
    "completion_fns": "completion function",
    "solvers": "solver",
    "modelgraded": "modelgraded spec",
    "eval_sets": "eval set",
}
"The name of one entry of each kind, for messages."

_warned: set[tuple[str, str]] = set()


def alias_of(entry: RawEntry) -> str | None:
    """The name that `entry` points at: its text, or the `id` of its mapping; None for a spec.

    Raises:
        RegistryError: `id` is not a text.
    """
    if isinstance(entry.body, str):
        return entry.body
    target = entry.body.get("id") if isinstance(entry.body, dict) else None
    if target is not None and not isinstance(target, str):
        raise RegistryError(
            f"the 'id' of {entry.name!r} is {target!r}, not a name",
            where=line_of_argument(entry.where, "id"),
            fix=quotes_fix(target) or "write the name of an entry: id: my-eval.dev.v0",
        )
    return target


def check_entry(entry: RawEntry, kind: str) -> None:
    """Raise RegistryError if the body of `entry` cannot be used; warn once about each key that nothing reads.

    Keys that begin with `x-` or `x_` are never warned about.
    """
    thing = f"{THING[kind]} {entry.name!r}"
    if isinstance(entry.body, str):
        return
    if not isinstance(entry.body, dict):
        raise RegistryError(
            f"{thing} is {kind_of(entry.body)}, not a mapping",
            where=entry.where,
            fix="write its keys in the lines below it, indented: class, args",
        )
    for key in RESERVED_KEYS:
        if key in entry.body:
            raise RegistryError(
                f"{thing} uses the reserved key {key!r}",
                where=entry.where,
                fix="write 'class: module:Class'" if key == "cls" else f"remove it: {key} is filled in by the registry",
            )
    if kind == "evals":
        _check_about(entry, thing)
    for key in entry.body:
        if key not in KNOWN_KEYS[kind] and not str(key).startswith(("x-", "x_")):
            _warn_of_key(entry, thing, str(key), kind)


def as_eval_spec(entry: RawEntry) -> EvalSpec:
    """The eval of `entry`. Its `args` are a copy.

    Raises:
        RegistryError: `class` is missing, or `args` is not a mapping.
    """
    extras = {key: value for key, value in entry.body.items() if key not in ("class", "args")}
    return EvalSpec(
        cls=_class_of(entry, "evals"),
        registry_path=entry.registry_path,
        args=_args_of(entry, "evals"),
        key=entry.name,
        group=entry.group,
        where=entry.where,
        extras=extras or None,
    )


def as_base_eval_spec(entry: RawEntry) -> BaseEvalSpec:
    """The alias of `entry`. The entry of a spec gives an alias without `id`."""
    body: dict[str, Any] = {"id": entry.body} if isinstance(entry.body, str) else entry.body
    own = ("id", "metrics", "description", "disclaimer", "higher_is_better")
    extras = {key: value for key, value in body.items() if key not in (*own, "class", "args")}
    return BaseEvalSpec(
        id=body.get("id"),
        metrics=[body["metrics"]] if isinstance(body.get("metrics"), str) else body.get("metrics"),
        description=body.get("description"),
        disclaimer=body.get("disclaimer"),
        higher_is_better=body.get("higher_is_better", True),
        key=entry.name,
        group=entry.group,
        where=entry.where,
        extras=extras or None,
    )


def as_completion_fn_spec(entry: RawEntry, kind: str = "completion_fns") -> CompletionFnSpec:
    """The completion function or solver of `entry`. Its `args` are a copy.

    Raises:
        RegistryError: `class` is missing, or `args` is not a mapping.
    """
    return CompletionFnSpec(
        cls=_class_of(entry, kind),
        args=_args_of(entry, kind),
        key=entry.name,
        group=entry.group,
        registry_path=entry.registry_path,
        where=entry.where,
    )


def members_of(entry: RawEntry) -> list[str]:
    """The names under `members`; an empty list if the entry is not a list of completion functions.

    Raises:
        RegistryError: `members` is not a list of texts, or is empty.
    """
    names = entry.body.get("members") if isinstance(entry.body, dict) else None
    if names is None:
        return []
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise RegistryError(
            f"the 'members' of {entry.name!r} are not a list of names",
            where=line_of_argument(entry.where, "members"),
            fix=_fix_of_names(names, "write members: [first, second]"),
        )
    return list(names)


def _fix_of_names(names: Any, otherwise: str) -> str:
    """What mends a list of names: quotes, where YAML reads one as something else."""
    return (quotes_fix(names) if isinstance(names, list) and names else None) or otherwise


def as_eval_set_spec(entry: RawEntry) -> EvalSetSpec:
    """The eval set of `entry`.

    Raises:
        RegistryError: `evals` is not a list of texts.
    """
    names = entry.body.get("evals")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RegistryError(
            f"the 'evals' of eval set {entry.name!r} is not a list of names",
            where=line_of_argument(entry.where, "evals"),
            fix=_fix_of_names(names, "write evals: [first, second]"),
        )
    return EvalSetSpec(evals=list(names), key=entry.name, group=entry.group, where=entry.where)


def _check_about(entry: RawEntry, thing: str) -> None:
    """Raise RegistryError for keys about an eval that commands read and that have another type than they expect."""
    metrics = entry.body.get("metrics")
    names = [metrics] if isinstance(metrics, str) else metrics
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise RegistryError(
            f"the 'metrics' of {thing} are not a list of names",
            where=line_of_argument(entry.where, "metrics"),
            fix=_fix_of_names(names, "write metrics: [accuracy]"),
        )
    better = entry.body.get("higher_is_better", True)
    if not isinstance(better, bool):
        raise RegistryError(
            f"'higher_is_better' of {thing} is {better!r}, neither true nor false",
            where=line_of_argument(entry.where, "higher_is_better"),
            fix="write higher_is_better: false, or leave it out",
        )


def _class_of(entry: RawEntry, kind: str) -> str:
    name = entry.body.get("class")
    if isinstance(name, str) and name:
        return name
    if name is not None and (fix := quotes_fix(name)):
        where = line_of_argument(entry.where, "class")
        raise RegistryError(
            f"the 'class' of {THING[kind]} {entry.name!r} is {name!r}, not a text", where=where, fix=fix
        )
    found = ", ".join(map(str, entry.body)) or "none"
    raise RegistryError(
        f"{THING[kind]} {entry.name!r} has neither 'class' nor 'id'",
        where=entry.where,
        notes=[f"keys found: {found}"],
        fix="add 'class: module:Class', or 'id: NAME' of another entry",
    )


def _args_of(entry: RawEntry, kind: str) -> dict[str, Any] | None:
    args = entry.body.get("args")
    if args is None:
        return None
    if isinstance(args, dict) and all(isinstance(key, str) for key in args):
        return copy.deepcopy(args)
    what = "have names that are no texts" if isinstance(args, dict) else f"are {kind_of(args)}"
    raise RegistryError(
        f"the 'args' of {THING[kind]} {entry.name!r} {what}, not a mapping of names to values",
        where=line_of_argument(entry.where, "args"),
        fix=(quotes_fix(list(args)) if isinstance(args, dict) else None)
        or "write each in a line of its own, as `name: value`" + (", without a dash" if isinstance(args, list) else ""),
    )


def _warn_of_key(entry: RawEntry, thing: str, key: str, kind: str) -> None:
    if (entry.where, key) in _warned:
        return
    _warned.add((entry.where, key))
    near = near_misses(key, KNOWN_KEYS[kind], n=1)
    hint = f" (did you mean: {near[0]})" if near else ""
    logger.warning("%s: %s has a key that nothing reads: %r%s", entry.where, thing, key, hint)


def kind_of(value: Any) -> str:
    """What a value of YAML is, in words: `a list`."""
    if value is None:
        return "empty"
    kinds = {bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list"}
    return kinds.get(type(value), f"a {type(value).__name__}")
