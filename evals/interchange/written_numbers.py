"""Keys of numbers as people write them: with a unit, a percent sign, a decimal comma or groups of digits."""

from __future__ import annotations

import re
from typing import Any

from evals.errors import DataError
from evals.exams.answer_keys import exact_number

_WRITTEN = re.compile(
    r"(?P<number>-?\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?|-?\d+(?:[.,]\d+)?)"
    r"(?:\s*(?P<sign>[%\u00b0]\S?)|\s+(?P<unit>\S+))?"
)
_BY_QUANTITY = (
    "m km cm dm mm nm \u00b5m ft in mi ha",
    "g kg mg \u00b5g t lb oz mol",
    "s ms min h d Hz kHz MHz GHz rad",
    "A mA V kV mV W kW MW \u03a9 k\u03a9 C T dB",
    "J kJ MJ eV cal kcal Wh kWh",
    "N kN Pa kPa hPa bar K mph kn knots",
    "l L dl cl ml mL",
)
_UNITS = frozenset(" ".join(_BY_QUANTITY).split())


def number_row(stem: str, key: str, where: str) -> dict[str, Any] | None:
    """The row of a number as people write it: `60 km/h`, `50 %`, `2,5`, `1,234,567`; None for a plain one, or a text.

    Raises:
        DataError: `1,500` may be 1500 or one and a half.
    """
    match = _WRITTEN.fullmatch(key.strip())
    if match is None:
        return None
    number, unit = match["number"], match["sign"] or match["unit"] or ""
    if match["unit"] and not _is_unit(unit):
        return None
    if re.fullmatch(r"-?[1-9]\d{0,2},\d{3}", number):
        fix = f"write {number.replace(',', '')}, or {number.replace(',', '.')}"
        raise DataError(f"the key {key!r} may be read in two ways", where=where, fix=fix)
    number = number.replace(",", "" if number.count(",") > 1 else ".")
    if exact_number(number) is None or (number == key.strip() and not unit):
        return None
    # A percent sign is never asked for: `50`, `50%` and `50 percent` are the same.
    return {"kind": "numeric", "stem": stem, "answer": number, **({"unit": unit} if unit not in ("", "%") else {})}


def _is_unit(text: str) -> bool:
    """Whether a word is a unit, or made of units: `km/h`, `m/s^2`, `kg\u00b7m\u00b2`."""
    return all(re.sub(r"(?:\^?-?\d|[\u00b2\u00b3])$", "", part) in _UNITS for part in re.split("[/\u00b7*]", text))
