"""A check beside math-verify: whether two expressions that it takes for the same differ as numbers."""

from __future__ import annotations

import re
from typing import Any

DIGITS = 50
"Digits to which values are computed: math-verify compares 15, and decimals to 6 places."
RELATIVE = 1e-12
"Share of the larger value by which two numbers may differ."

_BASED = re.compile(r"[\s$]*(?P<digits>[0-9A-Za-z]{1,200})\s*_\s*\{?\s*(?P<base>\d{1,2})\s*\}?[\s$]*")
_DECIMAL = re.compile(r"[\s$]*[-+]?\s*\d[\d,]*\.(?P<decimals>\d+)[\s$]*")


def same_in_base(text: str, ideal: str) -> bool | None:
    """Whether two numbers with their base (`2516_8`) are the same; None unless both have one.

    math-verify reads them without the base.
    """
    left, right = _BASED.fullmatch(text), _BASED.fullmatch(ideal)
    if left is None or right is None:
        return None
    if left["base"] != right["base"]:
        return False
    try:
        return int(left["digits"], int(left["base"])) == int(right["digits"], int(right["base"]))
    except ValueError:
        return left["digits"] == right["digits"]


def differ_as_numbers(answer: Any, ideal: Any, text: str, ideal_text: str) -> bool:
    """Whether two expressions of sympy have values, and the values differ.

    They may differ by RELATIVE, and by half a unit in the last place of an ideal that is a decimal number. With a
    percent sign on one side, 5 and 0.05 are both right. False for expressions without values, such as letters.
    """
    try:
        left, right = _values(answer), _values(ideal)
        if left is None or right is None or len(left) != len(right):
            return False
        if _is_set(answer) or _is_set(ideal):
            left, right = _in_order(left), _in_order(right)
        margin = _half_unit(ideal_text)
        if margin and len(right) > 1:
            return False
        factors = (1, 100, 0.01) if "%" in text or "%" in ideal_text else (1,)
        return not any(
            all(_close(one * factor, other, margin) for one, other in zip(left, right, strict=True))
            for factor in factors
        )
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        return False


def _values(expression: Any) -> list[Any] | None:
    """The values of a number, of the members of a set or tuple, of the ends of an interval; else None."""
    import sympy  # type: ignore[import-untyped,unused-ignore]

    if isinstance(expression, sympy.Eq):
        expression = expression.rhs if isinstance(expression.lhs, sympy.Symbol) else expression
    if isinstance(expression, sympy.FiniteSet | sympy.Tuple | tuple):
        members = [_value(member) for member in expression]
        if any(member is None for member in members):
            return None
        return members
    if isinstance(expression, sympy.Interval):  # its ends; an infinite one is the same or math-verify has seen it
        ends = [_value(end) for end in (expression.start, expression.end)]
        return [end for end in ends if end is not None] or None
    value = _value(expression)
    return None if value is None else [value]


def _is_set(expression: Any) -> bool:
    import sympy  # type: ignore[import-untyped,unused-ignore]

    return isinstance(expression, sympy.FiniteSet)


def _in_order(values: list[Any]) -> list[Any]:
    import sympy  # type: ignore[import-untyped,unused-ignore]

    return sorted(values, key=lambda value: (sympy.re(value), sympy.im(value)))


def _value(expression: Any) -> Any:
    import sympy  # type: ignore[import-untyped,unused-ignore]

    if not isinstance(expression, sympy.Expr) or expression.free_symbols:
        return None
    value = sympy.N(expression, DIGITS)
    return value if value.is_number and value.is_finite else None


def _close(value: Any, other: Any, margin: float) -> bool:
    import sympy  # type: ignore[import-untyped,unused-ignore]

    allowed = max(abs(value), abs(other)) * RELATIVE
    return bool(sympy.N(abs(value - other), DIGITS) <= max(allowed, margin * (1 + 1e-9)))


def _half_unit(text: str) -> float:
    """Half a unit in the last place of a text that is a decimal number; 0 for any other."""
    found = _DECIMAL.fullmatch(text)
    return 0.0 if found is None else 0.5 * 10.0 ** -len(found["decimals"])
