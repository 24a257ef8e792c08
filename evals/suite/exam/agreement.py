"""How far the graders of an exam agree: weighted kappa, mean gap, adjudications, quotations that are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evals.report_keys import defined
from evals.suite.exam.marks import HUMAN

MODEL_GRADED = "model-graded"
"The label of marks that no person has checked."


def agreement_of(events: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What the `exam` events say of the graders; None where nothing was graded.

    `kappa`: Cohen's, with quadratic weights, between the first two marks of each reply in shares of the question's
    points. `mean_gap`: of the same marks, in points. `n_not_quoted`: verdicts whose words do not stand in the reply.
    """
    graded = [data for data in events if data.get("marks")]
    if not graded:
        return None
    pairs = [
        (one[0]["points"], one[1]["points"], data["max_points"]) for data in graded if len(one := data["marks"]) > 1
    ]
    lines = [line for data in graded for mark in data["marks"] for line in mark["lines"]]
    people = {mark["grader"] for data in graded for mark in data["marks"] if _is_person(data, mark["grader"])}
    return {
        "n_replies": len(graded),
        "n_double": len(pairs),
        "kappa": _kappa(pairs),
        "mean_gap": sum(abs(a - b) for a, b, _ in pairs) / len(pairs) if pairs else None,
        "n_adjudicated": sum("adjudicated_by" in data for data in graded),
        "n_not_quoted": sum(line.get("is_quoted") is False for line in lines),
        "graders": sorted({mark["grader"] for data in graded for mark in data["marks"]}),
        "label": "" if people else MODEL_GRADED,
    }


def _is_person(data: Mapping[str, Any], grader: str) -> bool:
    return grader in data.get("people", ()) or grader == HUMAN


def _kappa(pairs: list[tuple[float, float, float]]) -> float | None:
    if len(pairs) < 2:
        return None
    from evals.stats.agreement import cohens_kappa

    first, second = ([round(pair[place] / pair[2], 6) for pair in pairs] for place in (0, 1))
    return defined(cohens_kappa(first, second, weights="quadratic").value)
