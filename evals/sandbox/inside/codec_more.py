"""The rest of the codec: values of the standard library's and numpy's types, and exceptions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from evals.sandbox.inside.wire import Decodes, Encodes, Malformed

MAX_DTYPE = 16
"Characters of the name of a type of numpy."

_NUMPY_KINDS = "biufcSUmM"
"Kinds of numpy's types whose memory is their value; arrays of objects are left out, as theirs is addresses."


def encode(value: Any, encoder: Encodes) -> Any:
    """The tagged form of a value of a type of this module, or None."""
    kind = type(value)
    # Types are looked up by name, so that nothing is imported for them. A program may give a class of its own such a
    # name: then the module has another one under it.
    writer = _WRITERS.get((kind.__module__, kind.__name__))
    if writer is not None and getattr(sys.modules.get(kind.__module__), kind.__name__, None) is kind:
        return {"m": writer(value, encoder)}
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        return {"m": _array(value, numpy)}
    if isinstance(value, tuple) and isinstance(getattr(kind, "_fields", None), tuple):
        return {"m": ["namedtuple", kind.__name__, list(kind._fields), encoder.items(tuple.__iter__(value))]}
    return None


def _array(value: Any, numpy: Any) -> list[Any]:
    # `ascontiguousarray` makes one dimension of none.
    array = numpy.ascontiguousarray(value) if getattr(value, "ndim", 0) else numpy.asarray(value)
    if array.dtype.kind not in _NUMPY_KINDS:
        raise Malformed(f"an array of {array.dtype} cannot travel")
    kind = "array" if isinstance(value, numpy.ndarray) else "scalar"
    return [kind, array.dtype.str, list(array.shape), array.tobytes().decode("latin1")]


def _counted(name: str) -> Callable[[Any, Encodes], list[Any]]:
    def write(value: Any, encoder: Encodes) -> list[Any]:
        encoder.number(value)
        return [name, encoder.pairs(value)]

    return write


def _defaultdict(value: Any, encoder: Encodes) -> list[Any]:
    encoder.number(value)
    # Other factories are the program's own functions: here the mapping has none, which no comparison sees.
    factory = value.default_factory
    return ["defaultdict", encoder.encode(factory) if factory in (None, int, list, set, dict, str, float) else None,
            encoder.pairs(value)]  # fmt: skip


def _deque(value: Any, encoder: Encodes) -> list[Any]:
    encoder.number(value)
    return ["deque", value.maxlen, encoder.items(value)]


def _moment(value: Any, encoder: Encodes) -> list[Any]:
    offset = value.utcoffset()
    return ["datetime", value.replace(tzinfo=None).isoformat(), value.fold,
            None if offset is None else offset.total_seconds()]  # fmt: skip


def _time(value: Any, encoder: Encodes) -> list[Any]:
    if value.tzinfo is not None:
        raise Malformed("a time with a time zone cannot travel")
    return ["time", value.isoformat()]


def _buffer(value: Any, encoder: Encodes) -> list[Any]:
    encoder.number(value)
    return [type(value).__name__, *content(value)]


def _typed_array(value: Any, encoder: Encodes) -> list[Any]:
    encoder.number(value)
    return ["typed array", value.typecode, *content(value)]


def content(value: Any) -> Any:
    """What is in a buffer or an array of `array` now, as `refill` takes it; None of other values."""
    kind = type(value)
    if (kind.__module__, kind.__name__) not in _REFILLED:
        return None
    if kind.__name__ == "array":
        return [value.tobytes().decode("latin1")]
    held = value.getvalue()
    return [held if type(held) is str else held.decode("latin1"), value.tell()]


def refill(value: Any, held: Any) -> bool:
    """Put what `content` gave into a buffer or an array; False if the value is of another type."""
    kind = type(value)
    if (kind.__module__, kind.__name__) not in _REFILLED:
        return False
    if kind.__name__ == "array":
        del value[:]
        value.frombytes(held[0].encode("latin1"))
        return True
    value.seek(0)
    value.truncate()
    value.write(held[0] if kind.__name__ == "StringIO" else held[0].encode("latin1"))
    value.seek(held[1])
    return True


_REFILLED = frozenset({("array", "array"), ("_io", "StringIO"), ("_io", "BytesIO")})


def _random(value: Any, encoder: Encodes) -> list[Any]:
    version, numbers, spare = value.getstate()
    return ["Random", version, list(numbers), spare]


def _path(value: Any, encoder: Encodes) -> list[Any]:
    return ["path", type(value).__name__, str(value)]


_PATHS = ("PosixPath", "PurePosixPath", "PureWindowsPath")

_WRITERS: dict[tuple[str, str], Callable[[Any, Encodes], list[Any]]] = {
    ("collections", "Counter"): _counted("Counter"),
    ("collections", "OrderedDict"): _counted("OrderedDict"),
    ("collections", "defaultdict"): _defaultdict,
    ("collections", "deque"): _deque,
    ("decimal", "Decimal"): lambda value, _: ["Decimal", str(value)],
    ("fractions", "Fraction"): lambda value, _: ["Fraction", hex(value.numerator), hex(value.denominator)],
    ("datetime", "datetime"): _moment,
    ("datetime", "date"): lambda value, _: ["date", value.isoformat()],
    ("datetime", "time"): _time,
    ("datetime", "timedelta"): lambda value, _: ["timedelta", value.days, value.seconds, value.microseconds],
    ("uuid", "UUID"): lambda value, _: ["UUID", str(value)],
    ("_io", "StringIO"): _buffer,
    ("_io", "BytesIO"): _buffer,
    ("array", "array"): _typed_array,
    ("random", "Random"): _random,
    ("re", "Pattern"): lambda value, _: ["Pattern", value.pattern, value.flags],
    **{("pathlib", name): _path for name in _PATHS},
}


def decode(data: Any, decoder: Decodes) -> Any:
    """The value of a tagged form. What it raises for a malformed one, `codec.Decoder.decode` makes a Malformed of."""
    name, *parts = data
    return _READERS[name](decoder, *parts)


def _namedtuple(decoder: Decodes, name: Any, fields: Any, items: Any) -> Any:
    from collections import namedtuple

    if not all(type(field) is str and field.isidentifier() for field in [name, *fields]) or len(fields) > 100:
        raise Malformed("a named tuple is malformed")
    # A new class each time: named tuples compare as tuples do, so that the class does not matter.
    return namedtuple(name, fields, rename=True)(*decoder.items(items))


def _numpy(decoder: Decodes, dtype: Any, shape: Any, content: Any) -> Any:
    import numpy

    if type(dtype) is not str or len(dtype) > MAX_DTYPE or dtype[1:2] not in _NUMPY_KINDS:
        raise Malformed("an array is malformed")
    # A copy, since an array over bytes cannot be written to.
    return numpy.frombuffer(decoder.text(content).encode("latin1"), numpy.dtype(dtype)).reshape(shape).copy()


def _collection(name: str) -> Callable[..., Any]:
    def read(decoder: Decodes, pairs: Any) -> Any:
        import collections

        found = getattr(collections, name)()
        return decoder.into(found, found.update, lambda: dict(decoder.pairs(pairs)))

    return read


def _read_defaultdict(decoder: Decodes, factory: Any, pairs: Any) -> Any:
    import collections

    made: Any = collections.defaultdict(None if factory is None else decoder.decode(factory))
    return decoder.into(made, made.update, lambda: decoder.pairs(pairs))


def _read_deque(decoder: Decodes, maxlen: Any, items: Any) -> Any:
    import collections

    found: collections.deque[Any] = collections.deque(maxlen=maxlen)
    return decoder.into(found, found.extend, lambda: decoder.items(items))


def _read_moment(decoder: Decodes, text: Any, fold: Any, offset_s: Any) -> Any:
    import datetime

    zone = None if offset_s is None else datetime.timezone(datetime.timedelta(seconds=offset_s))
    return datetime.datetime.fromisoformat(text).replace(fold=fold, tzinfo=zone)


def _from_module(module: str, name: str, method: str | None = None) -> Callable[..., Any]:
    def read(decoder: Decodes, *parts: Any) -> Any:
        made = getattr(__import__(module), name)
        return (made if method is None else getattr(made, method))(*parts)

    return read


def _read_fraction(decoder: Decodes, numerator: Any, denominator: Any) -> Any:
    from fractions import Fraction

    return Fraction(int(numerator, 16), int(denominator, 16))


def _read_buffer(name: str) -> Callable[..., Any]:
    def read(decoder: Decodes, text: Any, position: Any) -> Any:
        import io

        return _filled(decoder, getattr(io, name)(), [decoder.text(text), position])

    return read


def _filled(decoder: Decodes, value: Any, held: list[Any]) -> Any:
    refill(value, held)
    return decoder.into(value, lambda nothing: None, lambda: None)


def _read_typed_array(decoder: Decodes, code: Any, held: Any) -> Any:
    from array import array

    return _filled(decoder, array(decoder.text(code)), [decoder.text(held)])


def _read_path(decoder: Decodes, name: Any, text: Any) -> Any:
    import pathlib

    if name not in _PATHS:
        raise Malformed("a path is malformed")
    return getattr(pathlib, name)(decoder.text(text))


def _read_random(decoder: Decodes, version: Any, numbers: Any, spare: Any) -> Any:
    import random

    made = random.Random()
    made.setstate((version, tuple(decoder.items(numbers)), spare))
    return made


def _read_pattern(decoder: Decodes, pattern: Any, flags: Any) -> Any:
    import re

    return re.compile(decoder.text(pattern), flags)


_READERS: dict[str, Callable[..., Any]] = {
    "namedtuple": _namedtuple,
    "array": _numpy,
    "scalar": lambda decoder, *parts: _numpy(decoder, *parts)[()],
    "Counter": _collection("Counter"),
    "OrderedDict": _collection("OrderedDict"),
    "defaultdict": _read_defaultdict,
    "deque": _read_deque,
    "Decimal": lambda decoder, text: _from_module("decimal", "Decimal")(decoder, decoder.text(text)),
    "Fraction": _read_fraction,
    "datetime": _read_moment,
    "date": _from_module("datetime", "date", "fromisoformat"),
    "time": _from_module("datetime", "time", "fromisoformat"),
    "timedelta": _from_module("datetime", "timedelta"),
    "UUID": lambda decoder, text: _from_module("uuid", "UUID")(decoder, decoder.text(text)),
    "StringIO": _read_buffer("StringIO"),
    "BytesIO": _read_buffer("BytesIO"),
    "typed array": _read_typed_array,
    "path": _read_path,
    "Random": _read_random,
    "Pattern": _read_pattern,
}
