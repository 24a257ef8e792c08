"""Python values as tagged JSON and back, exact in type; nothing in a message can name code to run.

Lists, texts, numbers and None are JSON's own; everything else is an object with one key, its tag. Mutable containers
are numbered in the order in which a message names them: a second mention, or a cycle, is a reference to the first.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from evals.sandbox.inside import codec_more
from evals.sandbox.inside.attributes import restore, state
from evals.sandbox.inside.wire import Malformed

BIG = 1 << 4096
"Whole numbers from here on travel as hexadecimal: Python converts no decimal of more than 4,300 digits, and slowly."

ATOMS = frozenset({int, str, float, bool, type(None)})
"Types that JSON has itself: NaN and infinities too, as `json` writes and reads these."

MAX_DEPTH = 400
"Of nested values: a level takes up to six frames of Python here, and a tester has 3,000."

MAX_SAME_HASH = 1000
"Keys of one container that are not yet looked at for having the same hash."

_HARMLESS = (
    "abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter float format "
    "frozenset hash hex id int isinstance issubclass iter len list map max min next object oct ord "
    "pow print range repr reversed round set slice sorted str sum tuple type zip"
)
NAMED: dict[str, Any] = {name: getattr(builtins, name) for name in _HARMLESS.split()}
NAMED |= {name: value for name, value in vars(builtins).items()
          if isinstance(value, type) and issubclass(value, BaseException)}  # fmt: skip
NAMED |= {f"{module.__name__}.{name}": value for module in (math, operator)
          for name, value in vars(module).items() if callable(value) and not name.startswith("_")
          and not isinstance(value, type)}  # fmt: skip
"Functions and types that are the same thing in every process, by name."
_NAME_OF = {id(value): name for name, value in reversed(NAMED.items())}


class Encoder:
    """Values to what `wire.dumps` takes.

    special: gives the tagged form of a value that this module does not know. objects: mutable objects that the other
    side knows already, by number. flat: containers of atoms go as they are, with no look at each value; if `dumps` then
    raises ValueError, for a number that is too long for it, all is encoded again with `flat=False`.
    """

    def __init__(self, special: Callable[[Any, Encoder], Any], objects: Iterable[Any] = (), flat: bool = True) -> None:
        self.special = special
        self.objects: list[Any] = list(objects)
        self._index = {id(value): number for number, value in enumerate(self.objects)}
        self._flat = flat

    def encode(self, value: Any) -> Any:
        """The tagged form of a value.

        Raises:
            Malformed: the value, or one in it, cannot travel.
        """
        # By exact type: a class of the program that derives from `int` must not pass for one.
        kind = type(value)
        if kind in ATOMS:
            return {"i": hex(value)} if kind is int and not -BIG < value < BIG else value
        if kind is tuple:
            return {"T": self.items(value)}
        seen = self._index.get(id(value))
        if seen is not None:
            return {"R": seen}
        writer = _WRITERS.get(kind)
        return writer(self, value) if writer is not None else self._other(value)

    def items(self, values: Iterable[Any]) -> list[Any]:
        """The tagged forms of several values."""
        values = list(values)
        if self._flat and ATOMS.issuperset(map(type, values)):
            return values
        return [self.encode(value) for value in values]

    def pairs(self, mapping: Mapping[Any, Any]) -> list[list[Any]]:
        """The tagged forms of keys and values, in order."""
        return [[self.encode(key), self.encode(value)] for key, value in mapping.items()]

    def number(self, value: Any) -> None:
        """Give a mutable object the next number; it must be named in the message at this point."""
        self._index[id(value)] = len(self.objects)
        self.objects.append(value)

    def content(self, value: Any) -> Any:
        """What is in a numbered object now, as `refill` takes it."""
        if isinstance(value, dict):
            return self.pairs(value)
        if isinstance(value, bytearray):
            return value.decode("latin1")
        held = codec_more.content(value)
        if held is not None:
            return held
        return (
            self.items(value) if isinstance(value, list | set) or not hasattr(value, "__dict__") else state(self, value)
        )

    def _list(self, value: list[Any]) -> Any:
        self.number(value)
        return self.items(value)

    def _dict(self, value: dict[Any, Any]) -> Any:
        self.number(value)
        if self._flat and ATOMS.issuperset(map(type, value.values())) and {str}.issuperset(map(type, value)):
            return {"M": value}
        return {"D": self.pairs(value)}

    def _set(self, value: set[Any]) -> Any:
        self.number(value)
        return {"S": self.items(value)}

    def _bytearray(self, value: bytearray) -> Any:
        self.number(value)
        return {"B": value.decode("latin1")}

    def _other(self, value: Any) -> Any:
        if id(value) in _NAME_OF and NAMED[_NAME_OF[id(value)]] is value:
            return {"y": _NAME_OF[id(value)]}
        found = codec_more.encode(value, self)
        if found is not None:
            return found
        special = self.special(value, self)
        return special if special is not NotImplemented else self._base(value)

    def _base(self, value: Any) -> Any:
        """A value whose class derives from a builtin, as that builtin."""
        for kind, plain in _PLAIN:
            if isinstance(value, kind):
                return self.encode(plain(value))
        raise Malformed(f"a value of type {type(value).__name__} cannot leave the program")


_WRITERS: dict[type, Callable[[Encoder, Any], Any]] = {
    list: Encoder._list,
    dict: Encoder._dict,
    set: Encoder._set,
    bytearray: Encoder._bytearray,
    frozenset: lambda self, value: {"F": self.items(value)},
    bytes: lambda self, value: {"b": value.decode("latin1")},
    complex: lambda self, value: {"c": [value.real, value.imag]},
    range: lambda self, value: {"r": [self.encode(part) for part in (value.start, value.stop, value.step)]},
    slice: lambda self, value: {"l": [self.encode(part) for part in (value.start, value.stop, value.step)]},
    type(Ellipsis): lambda self, value: {"E": 0},
    type(NotImplemented): lambda self, value: {"N": 0},
}
# By the builtins' own methods: a class may have overridden what `int(value)` or `list(value)` would call.
_PLAIN: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (int, int.__pos__),
    (float, float.__pos__),
    (str, str.__str__),
    (bytes, lambda value: bytes.__getitem__(value, slice(None))),
    (tuple, lambda value: tuple(tuple.__iter__(value))),
    (list, lambda value: list(list.__iter__(value))),
    (dict, lambda value: dict(dict.items(value))),
    (set, lambda value: set(set.__iter__(value))),
    (frozenset, lambda value: frozenset(frozenset.__iter__(value))),
)


class Decoder:
    """What `wire.loads` gave, as values.

    special: by tag, what makes a value that this module does not know. objects: mutable objects by number, as in
    `Encoder`. All methods raise Malformed for what is not well formed.
    """

    def __init__(self, special: Mapping[str, Callable[[Any, Decoder], Any]], objects: Iterable[Any] = ()) -> None:
        self.special = special
        self.objects: list[Any] = list(objects)
        self._depth = 0

    def decode(self, data: Any) -> Any:
        """The value of a tagged form."""
        kind = type(data)
        if kind in ATOMS:
            return data
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Malformed(f"a value is nested more than {MAX_DEPTH} deep")
        try:
            if kind is list:
                return self._filled(data)
            if kind is dict and len(data) == 1:
                tag, body = next(iter(data.items()))
                reader = _READERS.get(tag) or self.special.get(tag)
                if reader is not None:
                    return reader(body, self) if tag in self.special else reader(self, body)
            raise Malformed("a message has an unknown tag")
        # Readers do not check the parts of a message before they use them: whatever that raises is one error.
        except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
            raise error if isinstance(error, Malformed) else Malformed(f"a message is malformed: {error}") from None
        finally:
            self._depth -= 1

    def _filled(self, data: list[Any]) -> list[Any]:
        """The list itself, which `json` made for this message alone, with its items replaced by their values."""
        self.objects.append(data)
        data[:] = self.items(data)
        return data

    def items(self, data: Any) -> list[Any]:
        """The values of a list of tagged forms."""
        if type(data) is not list:
            raise Malformed("a message holds no list where there must be one")
        return data if ATOMS.issuperset(map(type, data)) else [self.decode(part) for part in data]

    def into(self, value: Any, fill: Callable[[Any], object], content: Callable[[], Any]) -> Any:
        """Number an empty container before its content is read, which may refer to it."""
        self.objects.append(value)
        fill(content())
        return value

    def pairs(self, data: Any) -> list[tuple[Any, Any]]:
        """Keys and values of a mapping."""
        found = [(self.decode(key), self.decode(value)) for key, value in data]
        check_hashes([key for key, _ in found])
        return found

    def members(self, data: Any) -> list[Any]:
        """The members of a set."""
        found = self.items(data)
        check_hashes(found)
        return found

    def text(self, data: Any) -> str:
        """The text that this must be."""
        if type(data) is not str:
            raise Malformed("a message holds no text where there must be one")
        return data

    def refill(self, number: int, content: Any) -> None:
        """Put new content into a numbered object, as `Encoder.content` gave it."""
        value = self.objects[number]
        if codec_more.refill(value, content):
            return
        if isinstance(value, dict):
            new = self.pairs(content)
            value.clear()
            value.update(new)
        elif isinstance(value, bytearray):
            value[:] = self.text(content).encode("latin1")
        elif isinstance(value, list):
            value[:] = self.items(content)
        elif isinstance(value, set) or hasattr(value, "extend"):
            items = self.members(content) if isinstance(value, set) else self.items(content)
            value.clear()
            value.update(items) if isinstance(value, set) else value.extend(items)
        else:
            restore(self, value, content)

    def _mapping(self, data: Any) -> Any:
        if type(data) is not dict or not ATOMS.issuperset(map(type, data.values())):
            raise Malformed("a mapping is malformed")
        self.objects.append(data)
        return data

    def _set(self, data: Any) -> Any:
        found: set[Any] = set()
        return self.into(found, found.update, lambda: self.members(data))

    def _dict(self, data: Any) -> Any:
        found: dict[Any, Any] = {}
        return self.into(found, found.update, lambda: self.pairs(data))

    def _bytearray(self, data: Any) -> Any:
        found = bytearray(self.text(data).encode("latin1"))
        self.objects.append(found)
        return found

    def _more(self, data: Any) -> Any:
        return codec_more.decode(data, self)


_READERS: dict[str, Callable[[Any, Any], Any]] = {
    "T": lambda self, data: tuple(self.items(data)),
    "M": Decoder._mapping,
    "D": Decoder._dict,
    "S": Decoder._set,
    "F": lambda self, data: frozenset(self.members(data)),
    "B": Decoder._bytearray,
    "b": lambda self, data: self.text(data).encode("latin1"),
    "i": lambda self, data: int(self.text(data), 16),
    "c": lambda self, data: complex(float(data[0]), float(data[1])),
    "r": lambda self, data: range(*self.items(data)),
    "l": lambda self, data: slice(*self.items(data)),
    "E": lambda self, data: Ellipsis,
    "N": lambda self, data: NotImplemented,
    "R": lambda self, data: self.objects[data],
    "y": lambda self, data: NAMED[data],
    "m": Decoder._more,
}


def check_hashes(keys: list[Any]) -> None:
    """Raise Malformed if most keys share their hash.

    A table of them takes quadratic time in one step of C, which no signal ends, and so no limit of time: say, of whole
    numbers that differ by multiples of 2**61 - 1.
    """
    if len(keys) > MAX_SAME_HASH and len(set(map(hash, keys))) < len(keys) / 10:
        raise Malformed("keys that share their hash")
