"""Messages as JSON text, quickly; and what parts of the codec need of one another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

# No search for circles: the codec names each object once, so that what it makes has none.
_encoder = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def _writer() -> Callable[[Any, int], Iterable[str]]:
    """The function that `JSONEncoder.iterencode` builds for each value anew, built once."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return lambda value, level: _encoder.iterencode(value)
    text = json.encoder.encode_basestring_ascii
    return make(None, _encoder.default, text, None, ":", ",", False, False, True)  # type: ignore[no-any-return]


_write = _writer()


def dumps(value: Any) -> str:
    """JSON of a value, without spaces."""
    return "".join(_write(value, 0))


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


class Malformed(ValueError):
    """A message that no honest partner would send, or a value that cannot travel."""


class Encodes(Protocol):
    """What writers of single types use of `codec.Encoder`."""

    def encode(self, value: Any) -> Any: ...
    def items(self, values: Iterable[Any]) -> list[Any]: ...
    def pairs(self, mapping: Mapping[Any, Any]) -> list[list[Any]]: ...
    def number(self, value: Any) -> None: ...


class Decodes(Protocol):
    """What readers of single types use of `codec.Decoder`."""

    def decode(self, data: Any) -> Any: ...
    def items(self, data: Any) -> list[Any]: ...
    def pairs(self, data: Any) -> list[tuple[Any, Any]]: ...
    def text(self, data: Any) -> str: ...
    def into(self, value: Any, fill: Callable[[Any], object], content: Callable[[], Any]) -> Any: ...
