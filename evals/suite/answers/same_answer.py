"""Whether two answers are the same: as numbers, as LaTeX, or as words."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from evals.suite.answers.numbers import other_reading, to_number


def bare_latex(text: str) -> str:
    """LaTeX without the parts that do not change its meaning.

    Removed: spaces but those between digits, dollar signs, degree signs, sizes of brackets and fractions,
    `\\text{...}` around words, and a final full stop. `\\frac12` and `\\sqrt2` get their braces.
    """
    text = re.sub(r"(?<=\d)\s+(?=\d)", "~", text)  # `3 1/2` is not `31/2`
    text = re.sub(r"(?<!\\)\\(?:left|right|displaystyle|[,;:!> ])|\$|\s|\^\{?\\circ\}?", "", text)
    text = re.sub(r"\\(?:text|mathrm|textbf|mathbf|mbox)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\[dt]frac", r"\\frac", text).removesuffix(".")
    text = re.sub(r"\\sqrt(\w)", r"\\sqrt{\1}", text)
    return re.sub(r"\\frac(?:\{(\w)\}|(\w))(?:\{(\w)\}|(\w))", r"\\frac{\1\2}{\3\4}", text)


def straight_quotes(text: str) -> str:
    """The text with the quotation marks and apostrophes of all scripts as `"` and `'`."""
    return text if text.isascii() else text.translate(_STRAIGHT)


_STRAIGHT = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f\u2033\uff02", '"'),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2039\u203a\u2032\u02bc\u00b4\uff07", "'"),
    }
)


def same_number(answer: Fraction | None, ideal: Fraction | None, tolerance: float = 0.0) -> bool:
    """Whether both are numbers and differ by at most `tolerance` times the absolute value of the ideal."""
    if answer is None or ideal is None:
        return False
    return abs(answer - ideal) <= Fraction(tolerance) * abs(ideal)


def same_number_text(answer: str, ideal: str, decimal_comma: bool = False, tolerance: float = 0.0) -> bool:
    """Whether two texts are the same number, as `same_number` compares them.

    decimal_comma: see `evals.suite.answers.numbers`. An answer such as `57,500` counts as 57.5 and as 57500 then.
    """
    value = to_number(ideal, decimal_comma)
    if same_number(to_number(answer, decimal_comma), value, tolerance):
        return True
    return decimal_comma and same_number(other_reading(answer), value, tolerance)


def same_text(answer: str, ideal: str, decimal_comma: bool = False, tolerance: float = 0.0) -> bool:
    """Whether two texts are the same number, or the same words.

    Numbers are compared as `same_number` does. Words are compared after Unicode NFKC normalisation and case folding,
    with single spaces, and without what `undressed` removes. Brackets around one of both do not count.
    """
    answer, ideal = undressed(answer), undressed(ideal)
    if to_number(answer, decimal_comma) is not None and to_number(ideal, decimal_comma) is not None:
        return same_number_text(answer, ideal, decimal_comma, tolerance)
    first, second = _folded(answer), _folded(ideal)
    if first == second:
        return True
    return (_without_brackets(first) == second) != (_without_brackets(second) == first)


def undressed(text: str) -> str:
    """The text without emphasis, quotes, LaTeX boxes and `\\text{...}` around all of it, and a final `.` or `!`.

    Quotation marks within it become plain ones. A text that is nothing else stays as it is.
    """
    bare = straight_quotes(text).strip()
    while True:
        inner = _undressed_once(bare)
        if inner == bare or not inner:
            return bare
        bare = inner


_AROUND = re.compile(r"\\(?:boxed|fbox|text|textbf|textit|mathbf|mathrm|emph)\s*\{(.*)\}", re.DOTALL)


def _undressed_once(text: str) -> str:
    boxed = _AROUND.fullmatch(text)
    if boxed is not None and _is_balanced(boxed[1]):
        return boxed[1].strip()
    for mark in ("**", "__", "*", "_", "`", '"', "'", "$"):
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            inner = text[len(mark) : -len(mark)]
            if mark not in inner:
                return inner.strip()
    return text[:-1].rstrip() if text.endswith((".", "!", "\u3002")) and not text.endswith("..") else text


def _is_balanced(text: str) -> bool:
    """Whether every brace that is closed in a text was opened in it."""
    depth = 0
    for char in text:
        depth += (char == "{") - (char == "}")
        if depth < 0:
            return False
    return depth == 0


def _without_brackets(text: str) -> str:
    """The text without the one pair of brackets around all of it."""
    inner = text[1:-1]
    pairs = {"()", "[]", "{}"}
    is_around = len(text) > 2 and text[0] + text[-1] in pairs and not set(inner) & set("()[]{}")
    return inner.strip() if is_around else text


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
