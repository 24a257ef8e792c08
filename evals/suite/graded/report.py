"""The report of grades: counts and rates of the choices, mean scores, agreement with labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from evals.metrics import Mean, with_keys
from evals.record.recorders import Event
from evals.suite.graded.grading import INVALID_STR
from evals.suite.graded.verdicts_report import VerdictsReport

NOTHING_READ = "no verdict could be read, so that nothing is scored: evals view RECORD shows what the grader answered"


class GradedReport:
    """Counts of the choices, mean score, agreement with the labels, and the rate of answers without a choice.

    choices: those of the rubric. rate_of: choices whose share of the samples is reported with its uncertainty. how:
    by which rule verdicts are read, where it is not the usual one, and what became of several. panel: the graders'
    names, where there are several. has_scores: the rubric gives its choices scores.
    """

    def __init__(
        self,
        choices: Sequence[str],
        rate_of: Sequence[str] = (),
        how: Sequence[str] = (),
        panel: Sequence[str] = (),
        *,
        has_scores: bool = False,
    ) -> None:
        self.how = list(how)
        self.has_scores = has_scores
        self.verdicts = VerdictsReport(panel)
        self.n_read_otherwise = 0
        self.counts: Counter[str] = Counter(dict.fromkeys(choices, 0))
        self.means = {name: Mean(name=name) for name in ("score", "score_valid", "metascore", "invalid_rate")}
        self.rates = {choice: Mean() for choice in rate_of}

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        """Count the `metrics` events that have a `choice`, and the `verdict` events of the graders."""
        for event in events:
            if event.type == "metrics" and "choice" in event.data:
                self._add_grade(sample_id, event.data)
        self.verdicts.add(sample_id, [event.data for event in events if event.type == "verdict"])

    def _add_grade(self, sample_id: str, grade: dict[str, Any]) -> None:
        choice, score = grade["choice"], grade.get("score")
        self.counts[choice] += 1
        self.means["invalid_rate"].add(sample_id, float(choice == INVALID_STR))
        if score is not None:
            self.means["score"].add(sample_id, float(score))
        if score is not None and choice != INVALID_STR:
            self.means["score_valid"].add(sample_id, float(score))
        self.n_read_otherwise += "read_otherwise" in grade
        if "metascore" in grade:
            self.means["metascore"].add(sample_id, float(grade["metascore"]))
        for candidate, rate in self.rates.items():
            rate.add(sample_id, float(candidate == choice))

    def as_dict(self) -> dict[str, Any]:
        """The report so far: the keys of openai/evals, and for each mean its standard error and 95 % interval.

        `counts/CHOICE`: samples with that choice. `score`: the mean over verdicts that could be read; by the rules of
        openai/evals an answer without a choice counts there as the lowest score, and `score_valid` leaves it out.
        `metascore`: share of samples on which grader and label agree. `invalid_rate`: share of answers without a
        choice; where none has one, `score` is null and `warnings` says so. `retry_rate`: share of verdicts for which
        the grader was asked again, `n_retries` times in all. `position_inconsistency`: share of verdicts on both
        orders that differ. `rate/CHOICE`: share of samples with that choice. `n`: samples; `score_n` where a mean was
        made from fewer. `n_read_otherwise`: verdicts that openai/evals' rule, which was used, and whole words read
        differently. For a panel: `VerdictsReport.of_panel`.
        """
        report: dict[str, Any] = {f"counts/{choice}": count for choice, count in self.counts.items() if count}
        rates = {f"rate/{choice}": rate for choice, rate in self.rates.items()}
        graded = {"n": self.means["invalid_rate"].n}
        for name, mean in {**self.means, **self.verdicts.rates(), **rates}.items():
            if mean.n:
                graded = with_keys(graded, name, mean)
        n = graded.pop("n")
        if n and not self.means["score"].n and self.counts[INVALID_STR] == sum(self.counts.values()):
            report |= {"warnings": [NOTHING_READ], **({"score": None} if self.has_scores else {})}
        if self.n_read_otherwise:
            graded["n_read_otherwise"] = self.n_read_otherwise
        if self.verdicts.n_retries:
            graded["n_retries"] = self.verdicts.n_retries
        report = {**report, **graded, **self.verdicts.of_panel(), "n": n}
        return {**report, "how": self.how[0] if len(self.how) == 1 else self.how} if self.how else report
