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


def _text_io(value: Any, encoder: Encodes) -> list[Any]:
    return ["StringIO", value.getvalue(), value.tell()]


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
    ("_io", "StringIO"): _text_io,
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


def _read_text_io(decoder: Decodes, text: Any, position: Any) -> Any:
    import io

    found = io.StringIO(text)
    found.seek(position)
    return found


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
    "StringIO": _read_text_io,
}
