"""JSON to and from text, by what `json` builds for each call anew, built once: programs wait meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def writer(default: Callable[[Any], Any] | None = None) -> Callable[[Any], str]:
    """What makes ASCII text of a value, without spaces. default: see `json.JSONEncoder`.

    It does not look for circles: no message has any.
    """
    encoder = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=default)
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return encoder.encode
    text = json.encoder.encode_basestring_ascii
    write: Callable[[Any, int], Iterable[str]] = make(None, encoder.default, text, None, ":", ",", False, False, True)
    return lambda value: "".join(write(value, 0))


def loads(text: str) -> Any:
    """The value of a text that is JSON and nothing else.

    Raises:
        ValueError: it is not JSON, or more than that.
    """
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        raise ValueError("no JSON") from None
    if end != len(text):
        raise ValueError("more than JSON")
    return value
