"""The report of factuality: verdicts as rates, pooled and macro score, correct given attempted, F-score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.metrics import Mean, with_keys
from evals.record.recorders import Event
from evals.stats.intervals import mean_of
from evals.suite.choice.report import macro_keys
from evals.suite.graded.report import GradedReport
from evals.suite.graded.unit_ratio import unit_ratio_keys
from evals.suite.text.text_loss import Ratio

VERDICTS = ("agrees", "partly", "contradicts", "not_attempted")


class FactualityReport:
    """What GradedReport says, and the numbers of factuality: see `as_dict`.

    graded: an empty report of the rubric's choices. verdicts: the verdict that each choice stands for. Several verdicts
    of one evaluation are averaged first.
    """

    def __init__(self, graded: GradedReport, verdicts: Mapping[str, str]) -> None:
        self._graded, self._verdicts = graded, verdicts
        self._rates = {verdict: Mean() for verdict in VERDICTS}
        self._attempted, self._given_attempted, self._f = Mean(), Mean(), Ratio()
        self._categories: dict[str, Mean] = {}

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        self._graded.add(sample_id, events)
        grades = [event.data for event in events if event.type == "metrics" and "choice" in event.data]
        scores = [float(grade["score"]) for grade in grades if grade.get("score") is not None]
        category = next((event.data.get("category") for event in events if event.type == "named_verdict"), None)
        if category and scores:
            self._categories.setdefault(category, Mean()).add(sample_id, mean_of(scores))
        verdicts = [self._verdicts[grade["choice"]] for grade in grades if grade["choice"] in self._verdicts]
        if verdicts:
            self._add(sample_id, verdicts)

    def _add(self, sample_id: str, verdicts: Sequence[str]) -> None:
        shares = {name: verdicts.count(name) / len(verdicts) for name in VERDICTS}
        for name, rate in self._rates.items():
            rate.add(sample_id, shares[name])
        attempted = 1 - shares["not_attempted"]
        self._attempted.add(sample_id, attempted)
        self._f.add(sample_id, 2 * shares["agrees"], 1 + attempted)
        if attempted:
            self._given_attempted.add(sample_id, shares["agrees"] / attempted)

    def as_dict(self) -> dict[str, Any]:
        """The report so far: the keys of GradedReport, and these, each with standard error and 95 % interval.

        `macro_score`: the unweighted mean of the categories' scores. `rate/VERDICT`: share of the readable verdicts.
        `attempted`: share of answers that were no `not_attempted`. `correct_given_attempted`: of these, the share that
        agrees. `f_score`: the harmonic mean of `rate/agrees` and `correct_given_attempted`, which is twice the answers
        that agree over all answers and attempted ones (Wei et al. 2024, arXiv:2411.04368, section 2.1).
        """
        report = self._graded.as_dict()
        how = report.pop("how", None)
        if len(self._categories) > 1:
            report.update(macro_keys("macro_score", self._categories))
        for verdict, rate in self._rates.items():
            if rate.n:
                report = with_keys(report, f"rate/{verdict}", rate)
        if self._attempted.n:
            report = with_keys(report, "attempted", self._attempted)
            report = with_keys(report, "correct_given_attempted", self._given_attempted)
            report.update(unit_ratio_keys("f_score", self._f, report["n"]))
        return report if how is None else {**report, "how": how}
