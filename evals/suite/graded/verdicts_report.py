"""The part of a report on the graders: retries, positions, and of a panel what each said and how far they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evals.metrics import Mean, with_keys
from evals.report_keys import metric_keys
from evals.stats.intervals import mean_of
from evals.suite.graded.grading import INVALID_STR
from evals.suite.graded.panel import INCONSISTENT

if TYPE_CHECKING:
    from evals.stats.agreement import Agreement

SEED = 0
"Of the bootstrap: a report is the same at every reading."


class VerdictsReport:
    """Adds up the data of `verdict` events (`Verdict.data`). panel: the graders' names, where there are several."""

    def __init__(self, panel: Sequence[str] = ()) -> None:
        self.panel = list(panel)
        self.retry_rate, self.position_inconsistency = Mean(), Mean()
        self.n_retries = 0
        self._of_graders: dict[str, dict[str, Mean]] = {}
        self._choices: dict[str, dict[str, str]] = {}
        "Of a panel: what each grader chose in the first evaluation of each sample, where it could be read."

    def add(self, sample_id: str, verdicts: Sequence[Mapping[str, Any]]) -> None:
        """Add the verdicts on one sample."""
        if not verdicts:
            return
        self.n_retries += sum(verdict["n_retries"] for verdict in verdicts)
        self.retry_rate.add(sample_id, mean_of([float(verdict["n_retries"] > 0) for verdict in verdicts]))
        orders = [verdict for verdict in verdicts if "orders" in verdict and verdict["choice"] != INVALID_STR]
        if orders:
            differ = [float(verdict["choice"] == INCONSISTENT) for verdict in orders]
            self.position_inconsistency.add(sample_id, mean_of(differ))
        for verdict in verdicts if self.panel else ():
            self._add_grader(sample_id, verdict)

    def _add_grader(self, sample_id: str, verdict: Mapping[str, Any]) -> None:
        means = self._of_graders.setdefault(verdict["grader"], {"score": Mean(name="score"), "invalid_rate": Mean()})
        is_read = verdict["choice"] != INVALID_STR
        means["invalid_rate"].add(sample_id, float(not is_read))
        if verdict["score"] is not None:
            means["score"].add(sample_id, float(verdict["score"]))
        if is_read:
            unit = f"{sample_id} {verdict.get('criterion', '')}"
            self._choices.setdefault(unit, {}).setdefault(verdict["grader"], verdict["choice"])

    def rates(self) -> dict[str, Mean]:
        """The rates that have values."""
        found = {"retry_rate": self.retry_rate, "position_inconsistency": self.position_inconsistency}
        return {name: mean for name, mean in found.items() if mean.n}

    def of_panel(self) -> dict[str, Any]:
        """`grader_alpha`, for two graders `grader_kappa`, and in `graders` each one's score and unreadable verdicts."""
        if not self._of_graders:
            return {}
        apart: dict[str, dict[str, Any]] = {}
        for name in sorted(self._of_graders):
            found: dict[str, Any] = {"n": self._of_graders[name]["invalid_rate"].n}
            for metric, mean in self._of_graders[name].items():
                found = with_keys(found, metric, mean) if mean.n else found
            apart[name] = found
        return {**agreement_keys(self._choices, self.panel), "graders": apart}


def agreement_keys(choices: Mapping[str, Mapping[str, str]], panel: Sequence[str]) -> dict[str, Any]:
    """`grader_alpha`, Krippendorff's alpha of all graders, and of two also `grader_kappa`, Cohen's, with intervals.

    choices: by sample, by grader; a verdict that could not be read is missing. Choices are names without an order.
    """
    import numpy as np

    from evals.stats.agreement import cohens_kappa, krippendorff_alpha

    samples = sorted(choices)
    ratings = [[choices[sample].get(name) for sample in samples] for name in panel]
    alpha = krippendorff_alpha(ratings, rng=np.random.default_rng(SEED))
    found = _keys("grader_alpha", alpha, "bootstrap of samples")
    if len(panel) == 2:
        both = [pair for pair in zip(*ratings, strict=True) if None not in pair]
        kappa = cohens_kappa([one for one, _ in both], [other for _, other in both])
        found |= _keys("grader_kappa", kappa, "large-sample normal")
    return found


def _keys(name: str, found: Agreement, method: str) -> dict[str, Any]:
    ends = (found.interval.low, found.interval.high)
    keys = metric_keys(name, found.value, found.stderr, ends, found.n, method)
    return {**{key: value for key, value in keys.items() if key != "n"}, f"{name}_n": found.n}
