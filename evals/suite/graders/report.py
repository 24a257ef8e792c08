"""The report of graded answers: how many pass, and each grader's mean score and share of passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.metrics import Mean, with_keys
from evals.record.recorders import Event
from evals.suite.graded.verdicts_report import VerdictsReport
from evals.suite.graders.grade import Grade

CLIPPED = (
    "results outside of a grader's range, each counted as the end of the range: {}; does its prompt ask for this range?"
)


def metrics_of(grades: Mapping[str, Grade]) -> dict[str, float]:
    """The numbers of one answer: `score` for a single grader, else `score/NAME`, and `passed/NAME` of each verdict."""
    invalid = {"invalid": float(any(grade.invalid for grade in grades.values()))}
    if len(grades) == 1:
        return {"score": next(iter(grades.values())).score, **invalid}
    scores = {f"score/{name}": grade.score for name, grade in grades.items()}
    passed = {f"passed/{name}": float(grade.passed) for name, grade in grades.items() if grade.passed is not None}
    return {**scores, **passed, **invalid}


class GradesReport:
    """`accuracy`, the share of answers that all graders pass; means of scores; `invalid_rate`.

    `accuracy` is there if a grader gives verdicts. `invalid_rate`: share of answers with a grade that was no number and
    counts as 0. `n_clipped`: grades whose number was outside of the range; where there are any, a warning too.
    repeats: of each sample; the run's plan says it unless it is given. panel: the names of several graders that all
    give each grade, of which `aggregate` makes one.
    """

    def __init__(self, repeats: int | None = None, panel: Sequence[str] = (), aggregate: str = "") -> None:
        self._repeats = repeats
        self._aggregate = aggregate
        self._verdicts = VerdictsReport(panel)
        self._retry_rate, self._n_retries = Mean(repeats), 0
        self._accuracy = Mean(repeats)
        self._means: dict[str, Mean] = {}
        self._invalid = Mean(repeats)
        self._n_clipped = 0

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        """Add the `match` and `metrics` events of one answer."""
        self._verdicts.add(sample_id, [event.data for event in events if event.type == "verdict"])
        again = [event.data.get("n_retries", 0) for event in events if event.type in ("grade", "verdict")]
        self._n_retries += sum(again)
        if again:
            self._retry_rate.add(sample_id, float(any(again)))
        self._n_clipped += sum(event.type == "grade" and bool(event.data.get("clipped")) for event in events)
        for event in events:
            if event.type == "match":
                self._accuracy.add(sample_id, float(event.data["correct"]))
            elif event.type == "metrics" and "invalid" in event.data:
                for name, value in event.data.items():
                    mean = (
                        self._invalid
                        if name == "invalid"
                        else self._means.setdefault(name, Mean(self._repeats, name=name))
                    )
                    mean.add(sample_id, float(value))

    def as_dict(self) -> dict[str, Any]:
        """The report so far."""
        report: dict[str, Any] = {}
        if self._accuracy.n or not self._means:
            report = with_keys(report, "accuracy", self._accuracy)
        for name in sorted(self._means):
            report = with_keys(report, name, self._means[name])
        if self._invalid.n:
            report = with_keys(report, "invalid_rate", self._invalid)
        if self._n_retries:
            report = {**with_keys(report, "retry_rate", self._retry_rate), "n_retries": self._n_retries}
        if self._verdicts.panel:
            names = ", ".join(self._verdicts.panel)
            how = f"{self._aggregate} of a panel of {len(self._verdicts.panel)} graders: {names}"
            report = {**report, **self._verdicts.of_panel(), "how": how}
        if self._n_clipped:
            report |= {"n_clipped": self._n_clipped, "warnings": [CLIPPED.format(self._n_clipped)]}
        return report
