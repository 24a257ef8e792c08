"""The report of pass@k: estimates with their intervals, counts of verdicts, and the counts of each problem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from evals.errors import UsageError
from evals.metrics import Mean, with_keys
from evals.record.recorders import Event
from evals.stats.intervals import mean_of

MAX_PROBLEMS_LISTED = 1000
"The report lists the counts of each problem up to this many problems; `evals view` always shows them."


class PassReport:
    """Means over problems with their intervals, counts of verdicts, and the counts of each problem.

    names: the keys of `metrics` events that are averaged, such as `pass@1`. With repeats the estimates of a problem
    are averaged, since each of them is unbiased.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.means = {name: Mean() for name in names}
        self._row_of: dict[str, int] = {}
        self.counts_of: list[list[int]] = []
        self.statuses: Counter[str] = Counter()
        self.n_completions = 0
        self._unparsed = Mean()
        self._n_drawn_twice = self._n_all_equal = 0
        "Problems with several draws at a temperature above 0, and those of them whose draws are all the same."

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        """Count the `program` events and the `metrics` event of one finished problem."""
        self._add_draws(events)
        parsed = [event.data["parsed"] for event in events if event.type == "program"]
        if parsed:
            self._unparsed.add(sample_id, mean_of([float(not one) for one in parsed]))
        for event in events:
            if event.type == "program":
                self._add_program(event.data)
            elif event.type == "metrics" and "n_completions" in event.data:
                self._add_problem(sample_id, event.data)

    def _add_draws(self, events: Sequence[Event]) -> None:
        drawn: dict[float, list[str]] = {}
        for event in events:
            if event.type == "program" and "temperature" in event.data:
                drawn.setdefault(event.data["temperature"], []).append(event.data["program"])
        several = [programs for temperature, programs in drawn.items() if temperature > 0 and len(programs) > 1]
        self._n_drawn_twice += bool(several)
        # A model may write one program in several words; a server that ignores the temperature repeats the words.
        texts = {text for event in events if event.type == "sampling" for text in _texts(event.data.get("sampled"))}
        are_equal = all(len(set(programs)) == 1 for programs in several) and len(texts) <= len(drawn)
        self._n_all_equal += bool(several) and are_equal

    def _warnings(self) -> list[str]:
        """That the draws of each problem are all the same, so that several tell no more than one."""
        n = self._n_all_equal
        if n == 0 or n < self._n_drawn_twice:
            return []
        problems = "the problem" if n == 1 else f"each of the {n:,} problems"
        return [
            f"all draws of {problems} are equal at a temperature above 0: the server may ignore temperature. pass@k "
            "then says no more than pass@1"
        ]

    def _add_program(self, data: Mapping[str, Any]) -> None:
        self.n_completions += 1
        self.statuses[f"status/{data['status']}"] += 1
        if data.get("kind"):
            self.statuses[f"kind/{data['kind']}"] += 1
        self.statuses[f"assurance/{data['assurance']}"] += 1

    def _add_problem(self, sample_id: str, data: Mapping[str, Any]) -> None:
        row = self._row_of.setdefault(sample_id, len(self._row_of))
        if row == len(self.counts_of):
            self.counts_of.append([0, 0])
        self.counts_of[row][0] += data["n_completions"]
        self.counts_of[row][1] += data["n_passed"]
        for name, mean in self.means.items():
            mean.add(sample_id, data[name])

    def as_dict(self) -> dict[str, Any]:
        """The report so far.

        For each name: the mean, `NAME_stderr`, `NAME_ci95` as [low, high], `NAME_method`; None if one does not exist.
        Then `n` (problems), `n_completions`, `unparsed` (share of completions without a program, the mean over
        problems), `status/...`, `kind/...` and `assurance/...` (numbers of programs), `problems`:
        `{id: {"n": drawn, "c": passed}}`, and `warnings` where there is one.
        """
        report: dict[str, Any] = {}
        for name, mean in self.means.items():
            report = with_keys(report, name, mean)
        report |= {"n": len(self._row_of), "n_completions": self.n_completions}
        if self._unparsed.n:
            report = with_keys(report, "unparsed", self._unparsed)
        report |= dict(sorted(self.statuses.items()))
        if len(self.counts_of) <= MAX_PROBLEMS_LISTED:
            listed = sorted((name, self.counts_of[row]) for name, row in self._row_of.items())
            report["problems"] = {name: {"n": counts[0], "c": counts[1]} for name, counts in listed}
        if warnings := self._warnings():
            report["warnings"] = warnings
        return report


def _texts(sampled: Any) -> list[str]:
    """The completions in a `sampling` event, whichever form a plug-in has given them."""
    return [sampled] if isinstance(sampled, str) else [text for text in sampled or () if isinstance(text, str)]


def counts_of(name: str, values: Sequence[Any]) -> list[int]:
    """The whole numbers of an argument, in ascending order, without repetitions.

    Raises:
        UsageError: a value is not a whole number from 1, or `k` is empty.
    """
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UsageError(f"{name} is {value!r}", fix="give whole numbers from 1")
    if name == "k" and not values:
        raise UsageError("k is an empty list", fix="give at least one number, such as [1]")
    return sorted(set(values))
