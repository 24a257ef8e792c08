"""Writes JSON for records and plug-ins: any value becomes UTF-8 text, and never a bare NaN."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import re
from collections import deque
from collections.abc import Collection, Mapping
from pathlib import PurePath
from typing import IO, Any

from evals.texts.safe_text import STEERING

_MAX_DEPTH = 200
"Deeper values are written as their `repr`: they are circular, or too deep for readers."

_HIDDEN = re.compile(f"[{STEERING}]")

NOTHING: frozenset[str] = frozenset()


def dumps(value: Any) -> str:
    """`value` as one line of JSON. Non-ASCII letters are not escaped; NaN and infinities become null.

    Dataclasses, pydantic models, paths, enums, sets and numpy values become objects, lists, texts and numbers. A value
    without a JSON form becomes its `repr`, so that no event is lost because of it.
    """
    try:
        return _fast(value)
    except (ValueError, TypeError, RecursionError):
        return _fast(plain(value))


def encode(text: str) -> bytes:
    """JSON text as UTF-8. A lone surrogate becomes its JSON escape, so that it can be read back."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def reviewable(value: Any, *, sort_keys: bool = False) -> str:
    """`value` as indented JSON for files that people commit and review: what would hide or reorder text is escaped.

    Raises:
        ValueError: a number is not finite.
    """
    text = json.dumps(value, indent=1, sort_keys=sort_keys, ensure_ascii=False, allow_nan=False)
    return _HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], text) + "\n"


def plain(value: Any, exclude_keys: Collection[str] = NOTHING, *, depth: int = 0) -> Any:
    """`value` as plain dicts, lists, texts, numbers and None, without `exclude_keys` at any depth.

    depth: how deep the value lies, for the limit.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth > _MAX_DEPTH:
        return repr(value)
    deeper = depth + 1
    if isinstance(value, Mapping):
        items = value.items()
        return {_key(k): plain(v, exclude_keys, depth=deeper) for k, v in items if k not in exclude_keys}
    if isinstance(value, list | tuple | set | frozenset | deque):
        return [plain(item, exclude_keys, depth=deeper) for item in value]
    return plain(_convert_or_repr(value), exclude_keys, depth=deeper)


def _key(key: Any) -> str:
    if isinstance(key, bool) or key is None:
        return {True: "true", False: "false", None: "null"}[key]
    return key if isinstance(key, str) else str(key)


def _convert(value: Any) -> Any:
    """One step from a value without a JSON form towards one with it.

    Raises:
        TypeError: there is no such step.
    """
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if callable(getattr(kind, "model_dump", None)):
        return value.model_dump(mode="json")
    if isinstance(value, PurePath):
        return value.as_posix()
    if callable(getattr(kind, "tolist", None)):
        return value.tolist()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | deque):
        return list(value)
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "backslashreplace")
    if callable(getattr(kind, "isoformat", None)):
        return value.isoformat()
    raise TypeError(f"a value of type {kind.__module__}.{kind.__qualname__} has no JSON form")


def _convert_or_repr(value: Any) -> Any:
    try:
        return _convert(value)
    except TypeError:
        return repr(value)


_fast = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, default=_convert_or_repr).encode
"""Circles are not looked for: they end in a RecursionError, and `plain` cuts them. The look takes half the time."""


class EnhancedJSONEncoder(json.JSONEncoder):
    """The encoder of `jsondumps`, which also takes dataclasses, pydantic models, paths, enums and numpy values.

    exclude_keys: left out of values that JSON itself does not know, at any depth.
    """

    def __init__(self, exclude_keys: Collection[str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.exclude_keys = frozenset(exclude_keys or ())

    def default(self, o: Any) -> Any:
        """A value that JSON knows, for one that it does not know.

        Raises:
            TypeError: the value has no JSON form.
        """
        value = _convert(o)
        return plain(value, self.exclude_keys) if self.exclude_keys else value


def jsondumps(o: Any, ensure_ascii: bool = False, **kwargs: Any) -> str:
    """`o` as JSON text, by the rules of openai/evals. `o` is not changed.

    exclude_keys: keys that are left out at any depth. Other keywords are those of `json.dumps`. NaN becomes null
    unless `allow_nan=True` is given.

    Raises:
        TypeError: a value in `o` has no JSON form.
    """
    exclude_keys = frozenset(kwargs.pop("exclude_keys", None) or ())
    if exclude_keys:
        o = plain(o, exclude_keys)
    options = {"cls": EnhancedJSONEncoder, "ensure_ascii": ensure_ascii, **kwargs}
    if "allow_nan" in kwargs:
        return json.dumps(o, **options)
    try:
        return json.dumps(o, allow_nan=False, **options)
    except ValueError:
        return json.dumps(plain(o), allow_nan=False, **options)


def jsondump(o: Any, fp: IO[str], ensure_ascii: bool = False, **kwargs: Any) -> None:
    """Write `jsondumps(o)` to `fp`."""
    fp.write(jsondumps(o, ensure_ascii=ensure_ascii, **kwargs))


def jsonloads(s: str | bytes, **kwargs: Any) -> Any:
    """`json.loads`, under the name that openai/evals gives it."""
    return json.loads(s, **kwargs)


def jsonload(fp: IO[Any], **kwargs: Any) -> Any:
    """`json.load`, under the name that openai/evals gives it."""
    return json.load(fp, **kwargs)
