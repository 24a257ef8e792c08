"""The cap on the tokens of a completion: which argument sets it, and a larger one after an answer was cut off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.engine.cut_off import TOTAL_CAPS, VISIBLE_CAP

_CAPS = (*TOTAL_CAPS, VISIBLE_CAP)


@dataclass(frozen=True)
class Cap:
    """The argument that limits the tokens of a completion, and its value."""

    name: str
    n_tokens: int


def cap_of(options: Mapping[str, Any], default: int | None = None) -> Cap | None:
    """The cap among the options of a call; None without one. default: the cap of calls that name none."""
    for name in _CAPS:
        value = options.get(name)
        if value is not None and isinstance(value, int | float) and not isinstance(value, bool):
            return Cap(name, int(value))
    return None if default is None else Cap(VISIBLE_CAP, default)


def one_cap(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options without `max_tokens` where one of the provider's own words stands beside it: servers refuse both."""
    has_total = any(name in options for name in TOTAL_CAPS)
    return {name: value for name, value in options.items() if not (has_total and name == VISIBLE_CAP)}


def with_headroom(cap: Cap, headroom: int, most: int | None) -> Cap:
    """The cap for a model that reasons: a cap on the visible answer gets `headroom` on top, others stay as they are.

    most: tokens that the model writes at most; None: not known.
    """
    if cap.name != VISIBLE_CAP:
        return cap
    n_tokens = cap.n_tokens + headroom
    return Cap(cap.name, n_tokens if most is None else max(cap.n_tokens, min(n_tokens, most)))


def larger_cap(cap: Cap, headroom: int, most: int | None) -> Cap | None:
    """The cap for the second try of an answer that was cut off; None where the model writes no more than this one.

    headroom: tokens that the model may need for reasoning. most: tokens that it writes at most; None: not known.
    """
    n_tokens = max(4 * cap.n_tokens, cap.n_tokens + headroom)
    if most is not None:
        n_tokens = min(n_tokens, most)
    return Cap(cap.name, n_tokens) if n_tokens > cap.n_tokens else None
