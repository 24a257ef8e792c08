"""The words and widths that all reports share: numbers and p-values as text, safe characters, lines of 80 columns."""

from __future__ import annotations

import math
import textwrap
import unicodedata

from evals.number_text import UNDEFINED as UNDEFINED
from evals.number_text import counted as counted
from evals.number_text import interval_text as interval_text
from evals.number_text import level_text as level_text
from evals.number_text import money as money
from evals.number_text import number as number
from evals.number_text import percent as percent
from evals.number_text import points as points
from evals.number_text import seconds as seconds
from evals.number_text import signed as signed
from evals.number_text import signed_interval_text as signed_interval_text
from evals.stats.estimate import Interval

WIDTH = 80
"Columns of a report in the terminal."

NOT_DEFINED = "not defined"
"In place of an interval without ends."

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def interval(bounds: Interval, missing: str = NOT_DEFINED) -> str:
    """`0.301 to 0.954`. missing: the text where the ends are not defined."""
    return interval_text(bounds.low, bounds.high) if bounds.defined else missing


def signed_interval(bounds: Interval, missing: str = NOT_DEFINED) -> str:
    """`-0.261 to -0.150`. missing: the text where the ends are not defined."""
    return signed_interval_text(bounds.low, bounds.high) if bounds.defined else missing


def p_value(p: float) -> str:
    """A p-value: `0.0123`, three decimals from 0.001 up, `< 0.0001` below that, a dash where it is not defined."""
    if math.isnan(p):
        return UNDEFINED
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.001 else f"{p:.3f}" if p < 0.9995 else "1"


def p_text(p: float) -> str:
    """`p = 0.012`, `p < 0.0001`."""
    text = p_value(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def printable(text: str) -> str:
    """`text` with everything escaped that could steer a terminal: control characters, text direction, half pairs.

    Line ends stay, tabs become spaces.
    """
    text = text.replace("\r\n", "\n").expandtabs(4)
    if text.isprintable():
        return text
    return "".join(char if char == "\n" or not _steers(char) else _escaped(char) for char in text)


def one_line(text: str) -> str:
    """`printable` on one line: names and labels from a record."""
    return printable(text).replace("\n", " ")


def _steers(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in _BIDI


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def wrapped(text: str, first: str = "", rest: str | None = None, width: int = WIDTH) -> list[str]:
    """`text`, made printable, in lines of at most `width` columns.

    first, rest: what stands before the first line and before all others; `rest` is `first` and two spaces unless given.
    """
    following = f"{first}  " if rest is None else rest
    return textwrap.wrap(printable(text), width, initial_indent=first, subsequent_indent=following)


def indented(text: str) -> list[str]:
    """`wrapped` two columns in, and four from the second line on."""
    return wrapped(text, first="  ")
