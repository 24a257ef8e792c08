"""What programs print and say: compared with what is expected, and made safe to show."""

from __future__ import annotations

import re
from typing import Literal

MAX_DETAIL = 4096
"Characters of a text that a verdict keeps."

NumberRule = Literal["decimals", "values", "close"]
"""When two words are equal as numbers. decimals: by value if one has a point or an exponent (`8` and `8.00`); digits
alone are texts (`010` is not `10`). values: by value always, as LiveCodeBench's grader does. close: within 1e-8 plus
1e-5 of the expected one, as APPS' grader does (numpy.allclose)."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\Z")


def same_output(printed: str, expected: str, numbers: NumberRule = "decimals") -> bool:
    """Whether two outputs have the same words in the same lines; blank ends do not matter.

    numbers: which words are equal as numbers too, see `NumberRule`.
    """
    left, right = ([line.split() for line in text.strip().split("\n")] for text in (printed, expected))
    if left == right:
        return True
    if len(left) != len(right) or any(len(a) != len(b) for a, b in zip(left, right, strict=True)):
        return False
    pairs = (pair for a, b in zip(left, right, strict=True) for pair in zip(a, b, strict=True))
    return all(a == b or _same_number(a, b, numbers) for a, b in pairs)


def _same_number(printed: str, expected: str, rule: NumberRule) -> bool:
    """Whether two words that differ are the same number."""
    if not (_NUMBER.match(printed) and _NUMBER.match(expected)):
        return False
    if rule == "close":
        found, wanted = float(printed), float(expected)
        return abs(found - wanted) <= 1e-8 + 1e-5 * abs(wanted)
    if rule == "decimals" and printed.lstrip("+-").isdigit() and expected.lstrip("+-").isdigit():
        return False
    from decimal import Decimal

    return Decimal(printed) == Decimal(expected)


def escaped(text: str) -> str:
    """At most `MAX_DETAIL` characters of the text, with everything escaped that could steer a terminal."""
    text = text[:MAX_DETAIL]
    if text.isprintable():
        return text
    shown = "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
    return shown[:MAX_DETAIL]
