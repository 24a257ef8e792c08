"""The answer in a LaTeX box, and what stands there beside it: units, `x =`, the letter of an option."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evals.suite.answers.answer_places import before_run_on, last_boxed, of_solution
from evals.suite.answers.same_answer import bare_latex, same_number_text, undressed


@dataclass(frozen=True)
class BoxedRule:
    """The content of the last complete `\\boxed{...}`.

    Numbers are compared by value, without `x =` before them and units after them (`without_units`). Other answers are
    compared as LaTeX text, so `x+1` and `1+x` differ. Of `(B) 5` the letter and the text count too. An ideal answer may
    be a worked solution with a box.
    """

    decimal_comma: bool = False
    tolerance: float = 0.0

    def extract(self, completion: str) -> str | None:
        """The content of the last complete box; None without a box."""
        return last_boxed(before_run_on(completion))

    def same(self, answer: str, ideal: str) -> bool:
        """Whether both are the same number within the tolerance, or the same text by `bare_latex`."""
        ideal = of_solution(ideal)
        return not units_differ(answer, ideal) and any(self._same(form, ideal) for form in boxed_forms(answer))

    def _same(self, answer: str, ideal: str) -> bool:
        numbers = (without_units(answer), without_units(ideal))
        if same_number_text(*numbers, self.decimal_comma, self.tolerance):
            return True
        left, right = (_LETTER.sub(r"\1", bare_latex(undressed(text))) for text in without_left_side(answer, ideal))
        return left == right

    def usable(self, ideal: str) -> bool:
        """Whether `ideal` holds anything but spaces, dollar signs and commands of layout."""
        return bool(bare_latex(of_solution(ideal)))

    def completion_for(self, ideal: str) -> str | None:
        """`ideal` in a box."""
        return rf"\boxed{{{of_solution(ideal)}}}"


_LETTER = re.compile(r"^\(([A-Z])\)$")

_LATEX_UNITS = re.compile(
    r"(?:\\[,;:! ]|~)*\\(?:text|textbf|mathrm|mbox|rm)\s*\{[^{}]*\}(?:\s*\^\s*\{?-?\d\}?)?|\^\s*\{?\\circ\}?"
)
_TEXT_WITH_NUMBER = re.compile(r"\\(?:text|mathrm|mbox)\{(?=[^{}]*\d)([^{}]*)\}")
_LEFT_SIDE = re.compile(r"^\s*[A-Za-z](?:_\{?\w{1,3}\}?|\([a-z]\))?\s*=\s*")
_SIGN = re.compile(r"^\s*[-\u2212]\s+(?=[\d.$\\])")
_NO_UNIT = (
    r"pi|tau|phi|sqrt|ln|log|exp|sin|cos|tan|mod|or|and|to|by|of|per|over|hundred|thousand|million|billion|trillion|lakh"
    r"|crore|dozen|score|half|halves|thirds?|fourths?|fifths?|quarters?|tenths?|hundredths?|thousandths?|squared|cubed"
    r"|times|plus|minus|factorial|inf|infinity|infty|base|remainder"
)
"Words behind a number that change its value."
_WORD = rf"(?!(?:{_NO_UNIT})\b)[A-Za-z]"
_PLAIN_UNITS = re.compile(
    rf"(?<=[\d}}%])\s*(?:{_WORD}{{2,20}}|(?<=\s)[mgshLNJWVK])(?:[ /]+{_WORD}{{1,20}}){{0,2}}"
    r"(?:\^\{?-?\d\}?|\u00b2|\u00b3)?\.?\s*$"
)
_OPTION = re.compile(
    r"^\s*(?:\\(?:text|textbf|mathrm|mathbf)\{\s*)?\(([A-Z])\)\s*\}?(?:\\[,;:! ]|\\q?quad\b|~|\s)*(?=\S)(.+?)\s*$"
)


def without_units(text: str) -> str:
    """A text without units behind a number and `x =` before it: `x = 5\\text{ cm}^2`, `5 cm` and `5` give `5`.

    Words that change a number stay: `5 million`, `2 pi`.
    """
    text = _TEXT_WITH_NUMBER.sub(r"\1", text)
    text = _LEFT_SIDE.sub("", _LATEX_UNITS.sub(" ", text)).strip().strip("$").strip()
    return _SIGN.sub("-", _PLAIN_UNITS.sub("", text))


def boxed_forms(answer: str) -> tuple[str, ...]:
    """The answer, and where it names an option with its text, `(B) 5`, the letter and the text too."""
    found = _OPTION.match(answer)
    if found is None:
        return (answer,)
    text = found[2]
    return answer, found[1], text.removesuffix("}") if text.count("}") > text.count("{") else text


def without_left_side(answer: str, ideal: str) -> tuple[str, str]:
    """Both texts; the one with a left side (`y = 2x + 1`) loses it if the other has none."""
    left, right = _LEFT_SIDE.sub("", answer), _LEFT_SIDE.sub("", ideal)
    return (answer, ideal) if (left == answer) == (right == ideal) else (left, right)


_KNOWN = {
    "mm cm dm m km in inch inches ft foot feet yd yards mi mile miles": "length",
    "mg g kg lb lbs oz t": "mass",
    "ms s sec seconds min minutes h hr hours days weeks months years": "time",
    "ml l liters litres": "volume",
}
_SAME = {
    "inch": "in",
    "inches": "in",
    "foot": "ft",
    "feet": "ft",
    "yards": "yd",
    "mile": "mi",
    "miles": "mi",
    "lbs": "lb",
    "sec": "s",
    "seconds": "s",
    "minutes": "min",
    "hr": "h",
    "hours": "h",
    "liters": "l",
    "litres": "l",
}
_UNIT_OF = {unit: _SAME.get(unit, unit) for units in _KNOWN for unit in units.split()}
_LAST_WORD = re.compile(
    r"\d\s*(?:\\[,;:! ])*(?:\\(?:text|mathrm|mbox)\{\s*)?([A-Za-z]+)\s*\}?(?:\^\{?\d\}?)?\s*\.?\s*$"
)


def units_differ(answer: str, ideal: str) -> bool:
    """Whether both have a common unit of length, mass, time or volume, and it is not the same: `5 m` for `5 cm`."""
    found = [_LAST_WORD.search(text.replace("$", "")) for text in (answer, ideal)]
    units = [_UNIT_OF.get(match[1].lower()) if match else None for match in found]
    return None not in units and units[0] != units[1]
