"""The report of preferences: win rates, position bias, lengths, and the rate at equal length and style."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from evals.engine.context import current_plan
from evals.metrics import Mean, with_keys
from evals.record.recorders import Event
from evals.report_keys import TRUNCATED, metric_keys
from evals.suite.graded.verdicts_report import VerdictsReport

STYLE_COUNTS = ("lists", "headings", "bold")


class PreferenceReport:
    """Win rates with ties as half wins and without ties, and what might explain them besides quality.

    panel: the graders' names, where there are several. how: what became of their verdicts.
    """

    def __init__(self, panel: Sequence[str] = (), how: str | None = None) -> None:
        self.how, self.verdicts = how, VerdictsReport(panel)
        names = ("score", "decided", "first_preferred", "length_difference")
        self.means = {name: Mean() for name in names}
        self.counts: Counter[str] = Counter()
        self._rows: list[tuple[str, float, tuple[float, ...], tuple[float, ...]]] = []
        "(sample id, outcome, style, other style): about 200 bytes a sample."

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        """Count the `battle` events, and the `metrics` beside them."""
        for event in events:
            if event.type == "metrics" and "length_difference" in event.data:
                self._add_metrics(sample_id, event.data)
            elif event.type == "battle":
                self._add_battle(sample_id, event.data)
        self.verdicts.add(sample_id, [event.data for event in events if event.type == "verdict"])

    def _add_metrics(self, sample_id: str, metrics: dict[str, Any]) -> None:
        for name, mean in self.means.items():
            if metrics.get(name) is not None:
                mean.add(sample_id, float(metrics[name]))

    def _add_battle(self, sample_id: str, battle: dict[str, Any]) -> None:
        winner, outcome = battle["winner"], float(battle["outcome"])
        self.counts[{"model_a": "wins", "model_b": "losses"}.get(winner, "ties")] += 1
        if winner != "tie":
            self.means["decided"].add(sample_id, float(outcome > 0.5))
        self.counts["identical"] += not battle["verdicts"]
        self.counts["truncated"] += bool(battle["truncated_a"])
        self.counts["baseline_truncated"] += bool(battle["truncated_b"])
        self._rows.append((sample_id, outcome, _style(battle["style_a"]), _style(battle["style_b"])))

    def as_dict(self) -> dict[str, Any]:
        """The report so far; each rate has its standard error, its 95 % interval and its n.

        `win_rate`: (wins + ties / 2) / n. `win_rate_decided`: wins / (wins + losses). `at_equal_length`,
        `at_equal_style`: see `evals.stats.win_rates`. `first_preferred`: share of verdicts for the answer that was
        shown first, ties half; 0.5 without position bias. `position_inconsistency`: share of pairs on which the two
        orders disagree. `retry_rate`, `n_retries`: of verdicts that were asked for again. `length_difference`:
        characters of the answer less those of the baseline. `n_wins`, `n_losses`, `n_ties`; `n_identical` (equal
        answers, ties without a call), `truncated`, `n_baseline_truncated` where there are any. For a panel:
        `VerdictsReport.of_panel`.
        """
        report = with_keys({}, "win_rate", self.means["score"]) if self.means["score"].n else {"n": 0}
        n = report.pop("n")
        report["n"] = n
        rates = {"win_rate_decided": self.means["decided"], "first_preferred": self.means["first_preferred"]}
        for name, mean in {**rates, **self.verdicts.rates()}.items():
            if mean.n:
                report = with_keys(report, name, mean)
        if n and self.means["length_difference"].variance > 0:
            report = with_keys(report, "length_difference", self.means["length_difference"])
        report.update(self._adjusted(n))
        report.update({f"n_{name}": self.counts[name] for name in ("wins", "losses", "ties")})
        report.update(self.verdicts.of_panel())
        report |= {"n_retries": self.verdicts.n_retries} if self.verdicts.n_retries else {}
        report |= {"how": self.how} if self.how else {}
        rare = ("identical", "baseline_truncated")
        report.update({f"n_{name}": self.counts[name] for name in rare if self.counts[name]})
        if self.counts["truncated"] or self.counts["baseline_truncated"]:
            report[TRUNCATED] = self.counts["truncated"]
        return report

    def _adjusted(self, n: int) -> dict[str, Any]:
        """The rates at equal length and at equal style, where they are defined."""
        from evals.stats.win_rates import MIN_FOR_LENGTH, win_rate  # numpy: only the end of a run needs it

        if n < MIN_FOR_LENGTH:
            return {}
        rows, plan = sorted(self._rows), current_plan()
        clusters = plan.cluster_of if plan is not None and plan.cluster_of is not None else {}
        prompts = [clusters.get(name, name) for name, _, _, _ in rows]
        styles = [(one[1:], other[1:]) for _, _, one, other in rows]
        found = win_rate(
            [outcome for _, outcome, _, _ in rows],
            prompts=prompts if len(set(prompts)) < len(rows) else None,
            lengths=[(one[0], other[0]) for _, _, one, other in rows],
            styles=styles,
        )
        report: dict[str, Any] = {}
        for key, one in (("at_equal_length", found.at_equal_length), ("at_equal_style", found.at_equal_style)):
            if one.interval.defined:
                ends = (one.interval.low, one.interval.high)
                keys = metric_keys(key, one.value, one.stderr, ends, one.n, one.method)
                keys.pop("n", None)
                report.update(keys)
        return report


def _style(given: Any) -> tuple[float, ...]:
    """Characters, then STYLE_COUNTS; of a dataclass, or of the object that a record has."""
    counts: dict[str, Any] = given if isinstance(given, dict) else asdict(given)
    return tuple(float(counts[name]) for name in ("characters", *STYLE_COUNTS))
