"""One grade from those of a panel of models, and the `verdict` of each of them."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from evals.completion_fns.graders import Aggregate
from evals.errors import listed
from evals.suite.graded.grading import INVALID_STR
from evals.suite.graders.grade import Grade, NotGraded, passes


def panel_grade(grades: Mapping[str, Grade], aggregate: Aggregate, threshold: float | None) -> Grade:
    """The grade of a panel. grades: by the names of the graders. threshold: of the criterion, None without one.

    A grade that is no number does not count, except for `unanimous`, which needs all. `majority`: passed if more than
    half pass, with the median of the scores; `mean`: the mean of the scores, which passes from the threshold on (for
    labels: if more than half pass); `unanimous`: passed if all pass, with the lowest score.

    Raises:
        NotGraded: no grade could be read, or for `unanimous` not all.
    """
    read = [grade for grade in grades.values() if not grade.invalid]
    apart = {"graders": {name: {"score": grade.score, "passed": grade.passed} for name, grade in grades.items()}}
    if not read or (aggregate == "unanimous" and len(read) < len(grades)):
        unread = [name for name, grade in grades.items() if grade.invalid]
        raise NotGraded(
            f"no grade was read in the answer of {listed(unread)}",
            fix="look at the answer with evals view, or set retries",
        )
    scores, verdicts = [grade.score for grade in read], [grade.passed for grade in read if grade.passed is not None]
    most_pass = 2 * sum(verdicts) > len(verdicts)
    if aggregate == "unanimous":
        return Grade(min(scores), all(verdicts) if verdicts else None, details=apart)
    if aggregate == "mean":
        score = sum(scores) / len(scores)
        by_threshold = passes(score, threshold)
        return Grade(score, by_threshold if by_threshold is not None or not verdicts else most_pass, details=apart)
    return Grade(median(scores), most_pass if verdicts else None, details=apart)


def verdict_data(grader: str, criterion: str, grade: Grade, n_retries: int = 0) -> dict[str, Any]:
    """The data of the `verdict` event of one grader of the panel."""
    choice = grade.details.get("label")
    if choice is None:
        choice = f"{grade.score:g}" if grade.passed is None else "passed" if grade.passed else "failed"
    choice = INVALID_STR if grade.invalid else choice
    score = None if grade.invalid else grade.score
    return {"grader": grader, "criterion": criterion, "choice": choice, "score": score, "n_retries": n_retries}
