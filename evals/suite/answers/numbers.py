"""Finds numbers in running text and gives their exact values, in the digits of any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

MAX_DIGITS = 100
"Longer runs of digits and larger exponents are not read: their values would be too large to compute with."
MAX_CHARS = 100_000
"How many characters at the end of a text are searched for its last number."


@dataclass(frozen=True)
class Number:
    """One number of a text: its exact value, its text, and where that begins and ends (in `plain(text)`)."""

    value: Fraction
    text: str
    start: int
    end: int


def numbers_in(text: str, decimal_comma: bool = False) -> Iterator[Number]:
    """The numbers of a text, in order. Positions count in `plain(text)`.

    Read as one number: `1,234.50`, `1,00,000`, `1'234` and `1_234` (groups of digits), `3/4`, `2 3/4`, `-7`, `-$5`,
    `1e3`, `3 x 10^5`, `2^10`. Groups may also be separated by a narrow or non-breaking space, or by a plain space if
    a later group begins with 0: `118 000`. Signs of currency and percent are ignored: `10%` is 10.

    Not read: words with digits (`CO2`, `GPT-4`), exponents of units (`cm^2`), indices (`a_1`), clock times and ratios
    (`12:30`), dates (`2024-05-01`, `1/2/2024`), version numbers (`1.2.3`), and number words (`three`, `million`). A
    minus is a sign only if it touches the number and nothing before it: `5-3` is 5 and 3. After `=` or an opening
    bracket there may be a space behind it: `x = - 5`.

    decimal_comma: `2,5` is two and a half, `1.234` is 1234, and a plain space may separate groups, as in German,
    French, Spanish or Russian. If a number has both marks, the last one is the decimal mark, with either setting.
    """
    flat = plain(text)
    groups = _PLAIN_SPACE_GROUPS if decimal_comma else _PLAIN_SPACE_GROUPS_OF_ZEROS
    flat = groups.sub(lambda match: match[0].replace(" ", _GROUP_SPACE), flat)
    if "_" in flat:
        flat = _UNDERSCORE_GROUPS.sub(lambda match: match[0].replace("_", _GROUP_SPACE), flat)
    end = 0
    for match in _CHUNK.finditer(flat):
        if match.start() >= end and match["digits"]:
            for number in _read(flat, match, decimal_comma):
                yield number
                end = number.end


def last_number(text: str, decimal_comma: bool = False) -> Number | None:
    """The last number in the last MAX_CHARS characters of a text; None without one.

    Its positions count from where reading began, not from the start of the text: use its value and text alone.
    """
    n_chars = 400
    while True:
        surely_whole = MAX_DIGITS if n_chars < len(text) else 0
        found = None
        for number in numbers_in(text[-n_chars:], decimal_comma):
            if number.start >= surely_whole:
                found = number
        if found is not None or n_chars >= min(len(text), MAX_CHARS):
            return found
        n_chars *= 16


def to_number(text: str, decimal_comma: bool = False) -> Fraction | None:
    """The value of a text that is one number, maybe with signs of currency, percent or degree; else None.

    >>> to_number("$1,234.50")
    Fraction(2469, 2)
    """
    flat = plain(text).strip().removesuffix(".")
    found = list(numbers_in(flat, decimal_comma))
    if len(found) != 1:
        return None
    around = (flat[: found[0].start] + flat[found[0].end :]).strip()
    return found[0].value if all(c in "%°+()" or unicodedata.category(c) == "Sc" for c in around) else None


def other_reading(text: str) -> Fraction | None:
    """The value of a text such as `57,500`, of a language with a decimal comma, if its comma parts thousands.

    Models write both forms in one language: `57,500 $` is most often not 57.5. None for a text whose comma has no
    group of three digits behind it, or that has another mark too.
    """
    found = list(numbers_in(plain(text), decimal_comma=True))
    if len(found) != 1 or not _ONE_GROUP.fullmatch(found[0].text.strip("-+$ ")):
        return None
    return to_number(text)


def plain(text: str) -> str:
    """The text with the digits and number marks of all scripts as ASCII, and `½` or LaTeX fractions as `1/2`.

    >>> plain("−২½")
    '-2 1/2'
    """
    if not text.isascii():
        text = _WIDE_COMMA.sub(",", text)
        text = _FOREIGN.sub(lambda match: _ascii_of(match[0]), text)
        text = _FRACTION_CHARACTER.sub(r"\1\2", text).replace(_FRACTION_MARK, "")
    if "\\" in text or "{," in text:
        text = _LATEX_COMMA.sub(",", text)
        text = _LATEX_SPACE.sub(_GROUP_SPACE, text)
        text = _LATEX_SIGN.sub(r"\1", _LATEX_MINUS.sub("-", text))
        text = _LATEX_FRACTION.sub(r"\1\2/\3\4", _LATEX_MIXED.sub(r"\1 ", text))
    return _PARTED_MINUS.sub(r"\1-", text) if "- " in text else text


_ONE_GROUP = re.compile(r"\D{0,6}[1-9]\d{0,2},\d{3}")
_GROUP_SPACE = "\N{NO-BREAK SPACE}"
_FRACTION_MARK = "\x00"
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_WIDE_COMMA = re.compile("(?<=[０-９])，(?=[０-９]{3}(?![０-９]))")
_FRACTION_CHARACTER = re.compile(f"([0-9]){_FRACTION_MARK}( )|{_FRACTION_MARK} ")
_LATEX_COMMA = re.compile(r"\{,\}|,\\!\s*")
_LATEX_SPACE = re.compile(r"(?<=\d)\\[,;](?=\d{3}(?!\d))")
_LATEX_SIGN = re.compile(r"\\([$%])")
_LATEX_MINUS = re.compile(r"\\(?:text|mathrm)\{\s*-\s*\}\s*")
_PARTED_MINUS = re.compile(r"([=({\[\u2248]\s?)-[ \t]{1,3}(?=[\d.$])")
"A minus and a space where no list begins, and nothing is taken away: `x = - 5`."
_LATEX_MIXED = re.compile(r"(\d)\s*(?=\\[dt]?frac)")
_LATEX_NUMBER = r"\s*(?:\{\s*(\d[\d.,]{0,40})\s*\}|(\d))"
_LATEX_FRACTION = re.compile(rf"\\[dt]?frac{_LATEX_NUMBER}{_LATEX_NUMBER}")

_ASCII_OF = {
    **dict.fromkeys("\N{MINUS SIGN}\N{EN DASH}\N{FIGURE DASH}\N{SMALL HYPHEN-MINUS}\N{FULLWIDTH HYPHEN-MINUS}", "-"),
    **dict.fromkeys("\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}", _GROUP_SPACE),
    **dict.fromkeys("\N{RIGHT SINGLE QUOTATION MARK}\N{ARABIC THOUSANDS SEPARATOR}", "'"),
    **dict.fromkeys("\N{DIVISION SLASH}\N{FRACTION SLASH}\N{FULLWIDTH SOLIDUS}", "/"),
    **dict.fromkeys("\N{FULLWIDTH PERCENT SIGN}\N{ARABIC PERCENT SIGN}", "%"),
    "\N{ARABIC DECIMAL SEPARATOR}": ".",
    "\N{FULLWIDTH FULL STOP}": ".",
    "\N{FULLWIDTH COLON}": ":",
    "\N{FULLWIDTH EQUALS SIGN}": "=",
}


@lru_cache(maxsize=4096)
def _ascii_of(char: str) -> str:
    if char in _ASCII_OF:
        return _ASCII_OF[char]
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    simple = unicodedata.normalize("NFKC", char)
    if simple.isdigit() and simple.isascii() and "SUPERSCRIPT" in unicodedata.name(char):
        return f"^{simple}"
    if "\N{FRACTION SLASH}" in simple:
        return f"{_FRACTION_MARK} " + simple.replace("\N{FRACTION SLASH}", "/")
    return char


# Letters of these scripts make a word of a number that they touch ("x2", "CO2"). Scripts without spaces between
# words are not among them: "答案是18" holds the number 18.
_WORD = "A-Za-zÀ-ÖØ-öø-ɏͰ-ϿЀ-ӿ"
_WORD_END = re.compile(rf"[{_WORD}]-?\Z")
_EXPONENT_END = re.compile(r"(?:\^|[^\W_]_)[ \t]?\{?[ \t]?-?\Z")
_MINUS = rf"(?<![{_WORD}\d)\]}}%])-"
_CURRENCY = (
    rf"(?:(?<![{_WORD}])(?:Rs|USD|EUR|GBP|INR|BDT|Tk|JPY|CNY|RMB|THB|RUB|CHF|CAD|AUD|KES|TZS|KSh|Ksh|TSh|Tsh|RM)\.?"
    r"|[$€£¥₹৳฿₽₩₺₴₫₪￥])[^\S\n]?"
)
_LEFT_OF_NUMBER = re.compile(rf"(?:(?:{_MINUS})?{_CURRENCY}-?|{_MINUS})\Z")
_CHUNK = re.compile(
    rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}(?![\d-])"
    rf"|(?P<digits>\d+(?:[.,:/'{_GROUP_SPACE}]\d+)*|(?<![{_WORD}\d.)\]])\.\d+)",
    re.ASCII,
)
_UNDERSCORE_GROUPS = re.compile(r"(?<![\w.,'])\d{1,3}(?:_\d{3})+(?![\d/'_])")
_PLAIN_SPACE_GROUPS = re.compile(r"(?<![\d.,'])\d{1,3}(?: \d{3})+(?![\d/'])")
_PLAIN_SPACE_GROUPS_OF_ZEROS = re.compile(r"(?<![\d.,'])\d{1,3}(?: \d{3})*(?: 0\d{2})(?: \d{3})*(?![\d/'])")
_MIXED_REST = re.compile(rf"[ \t]+(?P<over>\d{{1,9}})/(?P<under>\d{{1,9}})(?![\d/:{_WORD}])")
_E_NOTATION = re.compile(rf"[eE](?P<power>[-+]?\d{{1,9}})(?![{_WORD}\d])")
_TIMES_TEN = re.compile(
    r"\s?(?:×|\*|x|·|\\times|\\cdot)\s?10\s?(?:\*\*|\^)\s?\{?\s?(?P<power>[-+]?\d{1,9})(?!\d)\s?\}?"
)
_POWER = re.compile(r"\s?\^\s?\{?\s?(?P<power>[-+]?\d{1,9})(?!\d)\s?\}?")


def _read(text: str, match: re.Match[str], decimal_comma: bool) -> Iterator[Number]:
    """The number in a chunk of digits and marks, or the numbers of a list (`1,2,3`), or nothing."""
    start, sign = _start_and_sign(text, match.start())
    if sign == 0:
        return
    parts = [(match.start(), match["digits"])]
    if _value(match["digits"], decimal_comma) is None and "/" not in match["digits"]:
        parts = _listed(match)
    for at, digits in parts:
        value = _value(digits, decimal_comma)
        if value is None:
            continue
        value, end = _with_rest(text, digits, value, at + len(digits))
        if value is not None:
            first = at == match.start()
            begin = start if first else at
            yield Number(-value if first and sign < 0 else value, text[begin:end], begin, end)


_MARK = re.compile(rf"[.,:/'{_GROUP_SPACE}]")


def _listed(match: re.Match[str]) -> list[tuple[int, str]]:
    """The start and the digits of each number in a list such as `1,2,3`."""
    digits = match["digits"]
    return [(match.start() + part.start(), part[0]) for part in re.finditer("[^,]+", digits)]


def _start_and_sign(text: str, at: int) -> tuple[int, int]:
    """Where a number begins, sign and currency included, and 1 or -1; 0 if the digits are in a word or exponent."""
    before = text[max(0, at - 12) : at]
    if _EXPONENT_END.search(before):
        return at, 0
    left = _LEFT_OF_NUMBER.search(before)
    if left:
        return at - len(left[0]), -1 if "-" in left[0] else 1
    return at, 0 if _WORD_END.search(before) else 1


def _with_rest(text: str, digits: str, value: Fraction, end: int) -> tuple[Fraction | None, int]:
    """The value with the exponent or the fraction (`2 3/4`) that follows it, and where that ends."""
    mixed = _MIXED_REST.match(text, end)
    if mixed and digits.isdecimal() and 0 < int(mixed["over"]) < int(mixed["under"]):
        return value + Fraction(int(mixed["over"]), int(mixed["under"])), mixed.end()
    for pattern, base in ((_E_NOTATION, 10), (_TIMES_TEN, 10), (_POWER, None)):
        rest = pattern.match(text, end)
        if rest:
            power = int(rest["power"])
            if abs(power) * (len(digits) if base is None else 1) > MAX_DIGITS or (base is None and value == 0):
                return None, rest.end()
            return (value**power if base is None else value * Fraction(base) ** power), rest.end()
    return value, end


def _value(digits: str, decimal_comma: bool) -> Fraction | None:
    """The value of digits with marks between them; None if they are not a number."""
    if len(digits) > MAX_DIGITS or ":" in digits:
        return None
    if digits.isdecimal():
        return Fraction(int(digits))
    if "/" in digits:
        sides = [_value(side, decimal_comma) for side in digits.split("/")]
        if len(sides) != 2 or sides[0] is None or not sides[1]:
            return None
        return sides[0] / sides[1]
    whole, decimals = _split_decimals(digits, decimal_comma)
    groups = _MARK.split(whole)
    if len(groups) > 1 and not (len(set(_MARK.findall(whole))) == 1 and _well_grouped(groups)):
        return None
    if _MARK.search(decimals):
        return None
    return Fraction(int("".join(groups) + decimals), 10 ** len(decimals))


def _split_decimals(digits: str, decimal_comma: bool) -> tuple[str, str]:
    """The digits before and after the decimal mark."""
    marks = [mark for mark in digits if mark in ".,"]
    if not marks:
        return digits, ""
    own, other = (",", ".") if decimal_comma else (".", ",")
    last = marks[-1]
    single = marks.count(last) == 1
    other_is_decimal = single and (own in marks or (decimal_comma and not _well_grouped(_MARK.split(digits))))
    if (last == own and single) or (last == other and other_is_decimal):
        whole, _, decimals = digits.rpartition(last)
        return whole, decimals
    return digits, ""


def _well_grouped(groups: Sequence[str]) -> bool:
    """Whether digits are grouped by thousands (1,000,000) or as in India (10,00,000)."""
    first, *middle, last = groups
    if first.startswith("0") or len(last) != 3:
        return False
    thousands = 1 <= len(first) <= 3 and all(len(group) == 3 for group in middle)
    return thousands or (1 <= len(first) <= 2 and all(len(group) == 2 for group in middle))
