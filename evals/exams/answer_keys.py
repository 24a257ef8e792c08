"""Reads the answer of a question, by its kind: letters, numbers, texts, places, rubrics, levels and programs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from typing import Any

from evals.errors import did_you_mean
from evals.exams.fields import Fields
from evals.exams.items import PLACE_RULES, SELECT_RULES, Graders, Item, Numeric, RubricLine, Short, Tolerance

Found = dict[str, Any]
"Fields of an Item."

CLOSE = 1e-9


def read_answer(row: Fields, item: Item) -> Found:
    """The fields of an item that hold its answer and its points.

    Raises:
        DataError: the answer does not fit the kind or the options, or the points do not add up; with file:line.
    """
    found = _READERS[item.kind](row, item)
    return {"points": row.number("points", 1.0), **found}


def _letters(row: Fields, item: Item) -> tuple[str, ...]:
    """The letters of `answer`, each of them an option, none twice."""
    row.needed("answer")
    letters = row.texts("answer")
    if len(letters) == 1 and len(letters[0]) > 1 and item.kind != "mcq":
        letters = tuple(letter for letter in letters[0] if letter not in " ,;")
    for letter in letters:
        if letter not in item.options:
            near = did_you_mean(letter, item.options)
            what = f"the answer {letter!r} is not among the options {', '.join(item.options)}"
            raise row.error(what, "answer", note=near, fix="name the option by its letter")
    if not letters:
        raise row.error("'answer' is empty", "answer", fix="name the right option by its letter")
    if len(set(letters)) < len(letters):
        raise row.error(f"the answer {', '.join(letters)} names an option twice", "answer", fix="name each once")
    return letters


def _mcq(row: Fields, item: Item) -> Found:
    letters = _letters(row, item)
    if len(letters) > 1:
        fix = "write `kind: mselect` if all of them are right together"
        raise row.error(f"an mcq has one answer, got {', '.join(letters)}", "answer", fix=fix)
    return {"key": letters}


def _mselect(row: Fields, item: Item) -> Found:
    return {"key": _letters(row, item), "rule": row.one_of("rule", SELECT_RULES, "all_or_nothing")}


def _order(row: Fields, item: Item) -> Found:
    letters = _letters(row, item)
    if len(letters) < 2:
        raise row.error("an order needs at least two letters", "answer")
    return {"key": letters, "rule": row.one_of("rule", PLACE_RULES, "exact")}


def _match(row: Fields, item: Item) -> Found:
    left, answer = row.mapping("left"), row.mapping("answer")
    if left is None or answer is None:
        fix = 'add "left": {"1": ..., "2": ...} and "answer": {"1": "B", "2": "A"}'
        raise row.error("a match needs 'left' and 'answer', both mappings", fix=fix)
    names = {name: left.text(name) for name in left.values}
    pairs = {name: answer.text(name) for name in answer.values}
    if set(pairs) != set(names) or not names:
        raise row.error(f"the answer pairs {', '.join(pairs)}; left has {', '.join(names)}", "answer")
    wrong = [letter for letter in pairs.values() if letter not in item.options]
    if wrong:
        raise row.error(f"the answer {wrong[0]!r} is not among the options {', '.join(item.options)}", "answer")
    return {"left": names, "pairs": pairs, "rule": row.one_of("rule", PLACE_RULES, "exact")}


def _numeric(row: Fields, item: Item) -> Found:
    row.needed("answer")
    accepted = row.texts("answer")
    for text in accepted or ("",):
        if exact_number(text) is None:
            raise row.error(f"the answer {text!r} is no number", "answer", fix="write 2.5, 5/2 or a list of such")
    if isinstance(row.values.get("tolerance"), int | float):
        fix = f'write "tolerance": {{"abs": {row.values["tolerance"]}}}, or "rel" for a share of the answer'
        raise row.error("'tolerance' is a number, and does not say of what", "tolerance", fix=fix)
    tolerance = row.mapping("tolerance")
    allowed = Tolerance()
    if tolerance is not None:
        allowed = Tolerance(tolerance.number("abs", 0.0), tolerance.number("rel", 0.0))
        tolerance.close()
    if min(allowed.abs, allowed.rel) < 0 or allowed.rel >= 1:
        raise row.error("a tolerance is at least 0, and `rel` below 1", "tolerance")
    return {
        "numeric": Numeric(
            accepted,
            allowed,
            row.flag("accept_fraction", True),
            row.text("unit", "") or None,
            row.count("max_chars", 0) or None,
        )
    }


def exact_number(text: str) -> Fraction | None:
    """The number that a paper writes: `2.5`, `1e3`, `2/3`; None for other texts."""
    bare = text.strip().replace(" ", "")
    if not _NUMBER.fullmatch(bare):
        return None
    try:
        return Fraction(bare)
    except (ValueError, ZeroDivisionError):
        return None


_DECIMAL = r"(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][-+]?\d{1,3})?"
_NUMBER = re.compile(rf"[-+]?(?:\d{{1,40}}/\d{{1,40}}|{_DECIMAL})", re.ASCII)


def _short(row: Fields, item: Item) -> Found:
    accepted, pattern = row.texts("answer"), row.text("pattern", "") or None
    if not pattern and not any(text.strip() for text in accepted):
        raise row.error("a short answer needs 'answer' or 'pattern'", fix='add "answer": ["Paris"]')
    if any(not text.strip() for text in accepted):
        raise row.error("an accepted answer is empty", "answer")
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as error:
            raise row.error(f"the pattern is no regular expression: {error}", "pattern") from None
    case, accents = (row.one_of(key, ("ignore", "match"), default) for key, default in _LETTER_RULES)
    return {"short": Short(accepted, pattern, case == "match", accents == "match")}


_LETTER_RULES = (("case", "ignore"), ("accents", "match"))


def _free(row: Fields, item: Item) -> Found:
    rubric = tuple(_rubric_lines(row))
    if not rubric:
        fix = 'add "rubric": [{"id": "r1", "points": 1, "say": "..."}]'
        raise row.error("a free answer needs a rubric", "rubric", fix=fix)
    _check_rubric(row, rubric)
    total = sum(line.points for line in rubric)
    points = row.number("points", total)
    if abs(points - total) > CLOSE:
        raise row.error(f"points is {points:g}, but the rubric adds up to {total:g}", "points")
    return {"rubric": rubric, "points": points, **_graded(row)}


def _rubric_lines(row: Fields) -> Iterator[RubricLine]:
    for line in row.mappings("rubric", f"{row.what}, rubric line"):
        found = RubricLine(line.text("id"), line.number("points", 1.0), line.text("say"), line.texts("needs"))
        line.close()
        if not found.points > 0:
            raise line.error(f"points is {found.points:g}; a line earns more than 0", "points")
        yield found


def _check_rubric(row: Fields, rubric: Sequence[RubricLine]) -> None:
    names = [line.id for line in rubric]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise row.error(f"two rubric lines are called {twice!r}", "rubric")
    for line in rubric:
        for need in line.needs:
            if need not in names:
                near = did_you_mean(need, names)
                raise row.error(f"rubric line {line.id!r} needs {need!r}, which is no line", "rubric", note=near)
    try:
        TopologicalSorter({line.id: line.needs for line in rubric}).prepare()
    except CycleError as error:
        raise row.error(f"rubric lines need each other: {' -> '.join(error.args[1])}", "rubric") from None


def _essay(row: Fields, item: Item) -> Found:
    levels = row.mapping("levels")
    step = row.number("step", 1.0)
    if not step > 0:
        raise row.error("'step' must be above 0", "step")
    meanings: dict[float, str] = {}
    if levels is not None:
        for name in levels.values:
            level = exact_number(name)
            if level is None:
                raise levels.error(f"the level {name!r} is no number", name)
            meanings[float(level)] = levels.text(name)
    points = row.number("points", max(meanings) if meanings else None)
    if meanings and abs(points - max(meanings)) > CLOSE:
        raise row.error(f"points is {points:g}, but the highest level is {max(meanings):g}", "points")
    if abs(points / step - round(points / step)) > CLOSE:
        raise row.error(f"points is {points:g}, which is no multiple of the step {step:g}", "points")
    return {"levels": dict(sorted(meanings.items())), "step": step, "points": points, **_graded(row)}


def _graded(row: Fields) -> Found:
    return {"graders": _graders(row), "model_answer": row.text("model_answer", "")}


def _graders(row: Fields) -> Graders:
    fields = row.mapping("graders")
    if fields is None:
        return Graders()
    by = fields.texts("by")
    n = fields.count("n", max(1, len(by)), least=1)
    combine: Any = fields.one_of("combine", ("mean", "median", "min", "max"), "mean")
    graders = Graders(n, by, combine, fields.number_or_none("adjudicate_if_gap"), fields.flag("blind", True))
    fields.close()
    for name in by:
        if name != "human" and not name.removeprefix("model:") != name:
            raise fields.error(f"the grader {name!r} is unknown", "by", fix="write `human` or `model:NAME`")
    if by and len(by) != n:
        raise fields.error(f"n is {n}, but 'by' names {len(by)} graders", "by")
    if graders.adjudicate_if_gap is not None and not graders.adjudicate_if_gap > 0:
        raise fields.error("'adjudicate_if_gap' must be above 0", "adjudicate_if_gap")
    return graders


def _code(row: Fields, item: Item) -> Found:
    problem = row.needed("problem")
    if not isinstance(problem, dict):
        raise row.wrong("problem", "a mapping: a row of a code benchmark")
    return {"problem": {"id": item.id, **problem}}


_READERS: dict[str, Callable[[Fields, Item], Found]] = {
    "mcq": _mcq,
    "mselect": _mselect,
    "numeric": _numeric,
    "short": _short,
    "order": _order,
    "match": _match,
    "free": _free,
    "essay": _essay,
    "code": _code,
}
