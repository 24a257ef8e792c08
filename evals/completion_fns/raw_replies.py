"""Takes replies apart without trust in their form: dicts where there are dicts, nothing where there are none."""

from __future__ import annotations

from typing import Any


def as_dict(raw: Any) -> dict[str, Any]:
    """A reply as a dict, from a dict or an object of an SDK; empty for anything else."""
    if isinstance(raw, dict):
        return raw
    dump = getattr(raw, "model_dump", None)
    dumped = dump() if callable(dump) else None
    return dumped if isinstance(dumped, dict) else {}


def dicts(value: Any) -> list[dict[str, Any]]:
    """The dicts in a list; none where `value` is no list."""
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
