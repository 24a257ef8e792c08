"""Finds the completion function for the name of a model, and facts about the model, by patterns in YAML."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evals.errors import NoModelError, RegistryError, did_you_mean
from evals.registry.entries import MODEL_FACTS
from evals.registry.index import RawEntry
from evals.specs import LongPrices, ModelInfo

NEAR_PREFIX = 0.8
"Two prefixes that are as alike as this are one with a slip: `poket` and `pocket` are 0.91."


@dataclass(frozen=True)
class Pattern:
    """One text of a `patterns` list, with the entry that has the list. `*` stands for any text."""

    text: str
    entry: RawEntry

    @property
    def body(self) -> Mapping[str, Any]:
        """The body of that entry."""
        return self.entry.body  # type: ignore[no-any-return]

    @property
    def n_literal(self) -> int:
        """How many of its characters are not `*`. A pattern with more of them is more specific."""
        return len(self.text.replace("*", ""))

    def matches(self, name: str) -> bool:
        """Whether the whole of `name` fits the pattern."""
        return fits_stars(self.text, name)


def fits_stars(pattern: str, name: str) -> bool:
    """Whether the whole of `name` fits: `*` is any text, all other characters are themselves.

    A search text by text: the many patterns of the models take longer to compile than a short run takes to start.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    if not name.startswith(first):
        return False
    at, last = len(first), rest.pop()
    for part in rest:
        at = name.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return len(name) - at >= len(last) and name.endswith(last)


def patterns_of(entries: Iterable[RawEntry]) -> list[Pattern]:
    """All patterns, the most specific first; of equal ones the later entry first, so that a later registry wins.

    Raises:
        RegistryError: `patterns` is neither a text nor a list of texts.
    """
    found = [Pattern(text, entry) for entry in entries for text in _pattern_texts(entry)]
    found.reverse()
    return sorted(found, key=lambda pattern: -pattern.n_literal)


def routed(name: str, patterns: Iterable[Pattern]) -> Pattern | None:
    """The first pattern that fits `name` and whose entry has a class; None without one."""
    return next((p for p in patterns if "class" in p.body and p.matches(name)), None)


CLASS_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+:[A-Z]\w*")
"The path of a class, `my_package.my_module:MyFn`, which is no name of a model."


def refuse_reserved(name: str, patterns: Iterable[Pattern], known: Iterable[str]) -> None:
    """Raise a NoModelError if `name` is the path of a class, or has a reserved prefix, maybe misspelt.

    Call it for names that no entry takes. known: the names of all completion functions, for near misses.
    """
    if CLASS_PATH.fullmatch(name):
        raise NoModelError(
            f"no completion function is called {name!r}; that is the path of a class",
            notes=[f"to send the name to a server as it is: chat/{name}"],
            fix=f'give it a name in completion_fns/*.yaml of a registry: my-fn: {{class: "{name}"}}',
        )
    for pattern in patterns:
        prefix = pattern.text.split("*")[0]
        if pattern.body.get("reserved") and (pattern.matches(name) or _is_near_prefix(name, prefix)):
            near = [other for other in known if other.startswith(prefix)]
            raise NoModelError(
                f"no completion function is called {name!r}, and {pattern.text!r} is reserved",
                notes=[did_you_mean(name, near), str(pattern.body.get("description") or "")],
                fix=f"to send the name to a server as it is: chat/{name}",
            )


def _is_near_prefix(name: str, prefix: str) -> bool:
    """Whether `name` begins with `prefix` but for a slip of the keyboard: `poket/1m` for `pocket/`."""
    head, slash, _ = name.lower().partition("/")
    if not slash or not prefix.endswith("/"):
        return False
    import difflib

    return difflib.SequenceMatcher(None, head, prefix[:-1]).ratio() >= NEAR_PREFIX


def only_informs(body: Any) -> bool:
    """Whether a body has no class, and only states facts: prices, context length, patterns."""
    informs = {*MODEL_FACTS, "patterns"} - {"source", "note"}
    return isinstance(body, dict) and not {"class", "args"} & body.keys() and not informs.isdisjoint(body)


def model_argument(entry: RawEntry) -> str:
    """The argument of the constructor that gets the name of the model: `passes_as`, by default `model`."""
    return str(entry.body.get("passes_as") or "model")


def without_prefix(name: str, entry: RawEntry) -> str:
    """The name of the model for the backend: `name` without the entry's `strip_prefix`.

    Raises:
        RegistryError: nothing is left of the name.
    """
    model = name.removeprefix(str(entry.body.get("strip_prefix") or ""))
    if not model:
        raise RegistryError(f"{name!r} names no model", where=entry.where, fix=f"write one after it: {name}MODEL")
    return model


def model_facts(name: str, exact: Iterable[RawEntry], patterns: Iterable[Pattern]) -> Iterator[Mapping[str, Any]]:
    """The bodies that may state facts about `name`, the most specific first. exact: the entries of that name."""
    for entry in exact:
        if isinstance(entry.body, dict):
            yield entry.body
    for pattern in patterns:
        if pattern.matches(name):
            yield pattern.body


def fact(bodies: Iterable[Mapping[str, Any]], key: str) -> Any:
    """The value of `key` in the first body that has the key; None without one. A null there means: not known."""
    return next((body[key] for body in bodies if key in body), None)


def as_model_info(name: str, bodies: list[Mapping[str, Any]]) -> ModelInfo:
    """What is known of the model `name`. For each key the first body that has it wins.

    Raises:
        RegistryError: a fact has the wrong form, such as a word where a number belongs.
    """
    try:
        return _model_info(name, bodies)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise RegistryError(
            f"the facts about the model {name!r} cannot be read: {type(error).__name__}: {error}",
            fix="compare its entry under completion_fns/ with those of `evals models --json`: numbers for tokens and "
            "prices, lists for efforts and refuses",
        ) from error


def _model_info(name: str, bodies: list[Mapping[str, Any]]) -> ModelInfo:
    prices = fact(bodies, "prices") or {}
    default_effort, reasons = _text(fact(bodies, "default_effort")), fact(bodies, "reasons")
    if reasons is None and default_effort is not None:
        reasons = default_effort != "none"
    return ModelInfo(
        name=name,
        context_length=_count(fact(bodies, "context_length")),
        max_output_tokens=_count(fact(bodies, "max_output")),
        input_usd_per_million=_number(prices.get("input")),
        cached_input_usd_per_million=_number(prices.get("cached_input")),
        cache_write_usd_per_million=_number(prices.get("cache_write")),
        output_usd_per_million=_number(prices.get("output")),
        batch_input_usd_per_million=_number(prices.get("batch_input")),
        batch_output_usd_per_million=_number(prices.get("batch_output")),
        long=_long_prices(prices.get("long")),
        price_as_of=_text(prices.get("as_of")),
        price_source=_text(prices.get("source")),
        endpoints=_texts(fact(bodies, "endpoints")),
        efforts=_texts(fact(bodies, "efforts")),
        effort_budgets=tuple((str(key), int(n)) for key, n in (fact(bodies, "effort_budgets") or {}).items()),
        default_effort=default_effort,
        reasons=reasons,
        refuses=_texts(fact(bodies, "refuses")),
        refuses_while_reasoning=_texts(fact(bodies, "refuses_while_reasoning")),
        responses_only_efforts=_texts(fact(bodies, "responses_only_efforts")),
        chat_tools=_text(fact(bodies, "chat_tools")),
        prefill=fact(bodies, "prefill"),
        max_n=_count(fact(bodies, "max_n")),
        max_top_logprobs=_count(fact(bodies, "max_top_logprobs")),
        headroom_tokens=int(fact(bodies, "headroom") or ModelInfo.headroom_tokens),
        retires=_text(fact(bodies, "retires")),
        successor=_text(fact(bodies, "successor")),
        training_flops=_flops(fact(bodies, "training_flops")),
        parameters=_count(fact(bodies, "parameters")),
        family=_text(fact(bodies, "family")),
    )


def _long_prices(prices: Mapping[str, Any] | None) -> LongPrices | None:
    if not prices:
        return None
    cached = _number(prices.get("cached_input"))
    return LongPrices(int(prices["over"]), float(prices["input"]), cached, float(prices["output"]))


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, [value] if isinstance(value, str) else value or ()))


def _pattern_texts(entry: RawEntry) -> list[str]:
    patterns = entry.body.get("patterns") or []
    if isinstance(patterns, str):
        patterns = [patterns]
    if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
        raise RegistryError(f"{entry.name!r}: 'patterns' is not a list of texts", where=entry.where)
    return patterns


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _flops(value: Any) -> float | None:
    number = _number(value)
    if number is not None and not 0 < number < math.inf:
        raise ValueError(f"training_flops is {value!r}, not a positive number")
    return number


def _count(value: Any) -> int | None:
    return None if value is None else int(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
