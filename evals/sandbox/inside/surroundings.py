"""What tests set for the whole process, and programs go by: read in the tester, set in the program before a call."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

WORDS = {
    "random": frozenset({"seed", "setstate"}),
    "numpy": frozenset({"seed", "set_state"}),
    "decimal": frozenset({"getcontext", "setcontext", "localcontext"}),
    "environ": frozenset({"environ", "environb", "putenv", "setenv", "delenv"}),
    "recursion": frozenset({"setrecursionlimit"}),
    "argv": frozenset({"argv"}),
    "digits": frozenset({"set_int_max_str_digits"}),
}
"By name of a setting: the words with which tests change it."


def read_setting(name: str) -> Any:
    """A setting of this process now, as JSON takes it; None if nothing here uses it."""
    return _READERS[name]()


def write_setting(name: str, value: Any) -> None:
    """Give this process a setting of another one.

    Raises:
        ValueError, TypeError, LookupError: it is not one that `read_setting` gave.
    """
    _WRITERS[name](value)


def _random() -> Any:
    module = sys.modules.get("random")
    if module is None:
        return None
    version, numbers, spare = module.getstate()
    return [version, list(numbers), spare]


def _set_random(value: Any) -> None:
    import random

    random.setstate((value[0], tuple(value[1]), value[2]))


def _numpy() -> Any:
    module = sys.modules.get("numpy.random")
    if module is None:
        return None
    kind, numbers, position, has_spare, spare = module.get_state()
    return [str(kind), [int(number) for number in numbers], int(position), int(has_spare), float(spare)]


def _set_numpy(value: Any) -> None:
    import numpy.random

    numpy.random.set_state(tuple(value))


def _decimal() -> Any:
    module = sys.modules.get("decimal")
    if module is None:
        return None
    context = module.getcontext()
    traps = sorted(signal.__name__ for signal, is_on in context.traps.items() if is_on)
    return [context.prec, context.rounding, context.Emin, context.Emax, context.capitals, context.clamp, traps]


def _set_decimal(value: Any) -> None:
    import decimal

    prec, rounding, low, high, capitals, clamp, traps = value
    signals = [getattr(decimal, name) for name in traps]
    decimal.setcontext(decimal.Context(prec, rounding, low, high, capitals, clamp, [], signals))


_FIRST_ENVIRONMENT = dict(os.environ)
_ENVIRONMENT_SET: set[str] = set()


def _environment() -> Any:
    """Names and values that were set here after the start; None for those that were removed."""
    now = dict(os.environ)
    changed: dict[str, str | None] = {key: text for key, text in now.items() if _FIRST_ENVIRONMENT.get(key) != text}
    return changed | {key: None for key in _FIRST_ENVIRONMENT if key not in now}


def _set_environment(value: Any) -> None:
    for key in _ENVIRONMENT_SET - value.keys():
        os.environ.pop(key, None)
    _ENVIRONMENT_SET.clear()
    for key, text in value.items():
        if text is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = text
            _ENVIRONMENT_SET.add(key)


def _set_digits(value: Any) -> None:
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(value)


_READERS: dict[str, Callable[[], Any]] = {
    "random": _random,
    "numpy": _numpy,
    "decimal": _decimal,
    "environ": _environment,
    "recursion": sys.getrecursionlimit,
    "argv": lambda: list(sys.argv),
    "digits": lambda: sys.get_int_max_str_digits() if hasattr(sys, "get_int_max_str_digits") else None,
}
_WRITERS: dict[str, Callable[[Any], None]] = {
    "random": _set_random,
    "numpy": _set_numpy,
    "decimal": _set_decimal,
    "environ": _set_environment,
    "recursion": sys.setrecursionlimit,
    "argv": lambda value: setattr(sys, "argv", value),
    "digits": _set_digits,
}
