"""Messages as JSON text, quickly; and what parts of the codec need of one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from evals.sandbox.quick_json import loads as loads
from evals.sandbox.quick_json import writer

# No search for circles: the codec names each object once, so that what it makes has none.
dumps = writer()
"JSON of a value, without spaces."


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
