"""Reads definitions of graders: each kind by its own class, with the place of whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evals.errors import UsageError, did_you_mean
from evals.suite.graders.definitions import Definition
from evals.suite.graders.grade import Grader
from evals.suite.graders.model_graders import LabelModelGrader, ScoreModelGrader
from evals.suite.graders.multi import MultiGrader
from evals.suite.graders.python_grader import PythonGrader
from evals.suite.graders.string_check import StringCheckGrader
from evals.suite.graders.text_similarity import TextSimilarityGrader

_READERS: Mapping[str, Callable[[Definition], Grader]] = {
    "string_check": StringCheckGrader.read,
    "text_similarity": TextSimilarityGrader.read,
    "label_model": LabelModelGrader.read,
    "score_model": ScoreModelGrader.read,
    "python": PythonGrader.read,
}
TYPES = (*_READERS, "multi")


def read_graders(given: Any, where: str = "testing_criteria") -> list[Grader]:
    """The graders of a list of definitions, in order.

    Raises:
        UsageError: there are none, two have the same name, or a definition cannot be used; it says which and why.
    """
    if not isinstance(given, list) or not given:
        raise UsageError("there is no grader", where=where, fix="add a list of graders")
    graders = [read_grader(definition, f"{where}[{number}]") for number, definition in enumerate(given)]
    names = [grader.name for grader in graders]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two graders are called {name!r}", where=where, fix="give each a 'name' of its own")
    return graders


def read_grader(given: Any, where: str, *, nested: bool = False) -> Grader:
    """The grader of one definition. nested: it is inside a `multi` grader, where no other one may be.

    Raises:
        UsageError: it cannot be used.
    """
    definition = Definition(given, where)
    kind = definition.type
    if kind == "multi" and not nested:
        return MultiGrader.read(definition, _members(definition))
    if not isinstance(kind, str) or kind not in _READERS:
        kinds = tuple(_READERS) if nested else TYPES
        raise UsageError(
            "a multi grader cannot be inside another one"
            if kind == "multi"
            else f"there is no grader of type {kind!r}",
            where=definition.where,
            notes=[did_you_mean(str(kind), kinds)],
            fix=f"choose one of {', '.join(kinds)}",
        )
    return _READERS[kind](definition)


def _members(definition: Definition) -> dict[str, Grader]:
    """The graders of a `multi` grader by their keys."""
    given = definition.need("graders")
    if not isinstance(given, Mapping) or not given:
        raise definition.wrong("graders", "an object: a key for each grader")
    return {str(key): read_grader(one, f"{definition.where}.graders.{key}", nested=True) for key, one in given.items()}
