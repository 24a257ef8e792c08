"""Asks graders that need no model again about stored answers, and counts where the stored score was another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.engine.loop import run_sync
from evals.errors import EvalsError
from evals.interchange.hosted_items import StoredItem
from evals.interchange.hosted_specs import ImportedRun, ImportedSpec
from evals.suite.graders.grade import Grader
from evals.suite.graders.helpers import every
from evals.suite.graders.read import read_graders
from evals.suite.graders.similarity import COSINE
from evals.suite.graders.string_check import StringCheckGrader
from evals.suite.graders.templates import Absent
from evals.suite.graders.text_similarity import TextSimilarityGrader

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Difference:
    """A grade that is another one today."""

    where: str
    grader: str
    stored: float
    now: float


@dataclass
class Regraded:
    """n: grades that were compared; differences: those that are not equal."""

    n: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: Regraded) -> None:
        """Add the grades of another run."""
        self.n += other.n
        self.differences += other.differences


def regrade(spec: ImportedSpec, run: ImportedRun, where: str) -> Regraded:
    """The stored grades of a run beside those that the same graders give today.

    Only `string_check` and `text_similarity` without embeddings are asked. A grader that cannot be computed here (a
    package is missing) is left out.
    """
    given = spec.args.get("testing_criteria")
    if not given:
        return Regraded()
    regraded = Regraded()
    graders = {grader.name: grader for grader in read_graders(given) if _needs_nothing(grader)}
    for index, item in run.answers:
        for name, stored, now in _grades(graders, spec.rows[index]["item"], item):
            regraded.n += 1
            if abs(stored - now) > TOLERANCE:
                regraded.differences.append(Difference(f"{where} ({item.id})", name, stored, now))
    return regraded


def _needs_nothing(grader: Grader) -> bool:
    """Whether a grader and those inside it need neither a model nor the sandbox."""
    parts: Sequence[Grader] = [one for one in every([grader]) if one.type != "multi"]
    return all(
        isinstance(one, StringCheckGrader) or (isinstance(one, TextSimilarityGrader) and one.metric != COSINE)
        for one in parts
    )


def _grades(graders: dict[str, Grader], row: Any, item: StoredItem) -> Iterator[tuple[str, float, float]]:
    """(grader, stored score, score of today) of one item."""
    if item.error is not None:
        return
    values = {"item": row, "sample": item.sample}
    helpers: Any = None
    for stored in item.grades:
        grader = graders.get(stored.name)
        if grader is None or stored.score is None:
            continue
        try:
            now = run_sync(grader.grade(values, helpers)).score
        except Absent:
            now = 0.0
        except EvalsError:
            continue
        yield stored.name, stored.score, now
