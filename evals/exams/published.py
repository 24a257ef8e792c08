"""The scores that the GPT-4 Technical Report states, put through the catalogue's own percentile tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from evals.exams.catalogue import ANCHORS, CatalogueExam, PublishedScore
from evals.exams.files import PaperFolder
from evals.exams.paper import Percentile
from evals.registry.roots import bundled_data_root

AP_TOLERANCE, TOLERANCE = 2.0, 1.0
"Percentile points. The AP table is a preliminary one, which lies up to 2.0 from the one that the report used."


@dataclass(frozen=True)
class Checked:
    """A published score, and the range that a table gives for it."""

    score: PublishedScore
    population: Percentile
    low: float
    high: float

    @property
    def difference(self) -> float:
        """The largest difference of an end from the stated one; of the low end alone where one figure is stated."""
        assert self.score.low is not None
        assert self.score.high is not None
        below = abs(self.low - self.score.low)
        return max(below, abs(self.high - self.score.high)) if self.score.kind == "range" else below


def checked(exam: CatalogueExam) -> Iterator[Checked]:
    """Every published percentile of all questions, by every table that is not made of the report itself."""
    for score in exam.published:
        if score.questions != "all" or score.kind not in ("range", "point_approx"):
            continue
        for percentile, found in exam.ranges_of(score.score):
            if not percentile.tables[0].name.endswith(ANCHORS):
                yield Checked(score, percentile, float(found.low[0]), float(found.high[0]))


def confirmed(exam: CatalogueExam) -> tuple[Checked, ...]:
    """The published scores by the first population that gives all of them within the tolerance; () if none does."""
    tolerance = AP_TOLERANCE if exam.group == "AP" else TOLERANCE
    by_population: dict[str, list[Checked]] = {}
    for one in checked(exam):
        by_population.setdefault(one.population.population, []).append(one)
    for found in by_population.values():
        if max(one.difference for one in found) <= tolerance:
            return tuple(found)
    return ()


@lru_cache(maxsize=1)
def reasons() -> dict[str, str]:
    """Why the stated percentile of an exam is not confirmed, by the exam's id."""
    folder = PaperFolder(bundled_data_root() / "exam-catalogue")
    table = folder.table("misses.csv", "misses.csv")
    return dict(zip(table.columns["exam_id"], table.columns["reason"], strict=True))
