"""The report of a multiple-choice run: micro and macro scores, the method, letter mass, position bias."""

from __future__ import annotations

import collections
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evals.metrics import Mean, report_keys, with_keys
from evals.record.recorders import Event
from evals.record.scores import score_of
from evals.report_keys import interval_keys, metric_keys
from evals.stats.intervals import mean_of, modified_wilson, wilson_name
from evals.stats.moments import mean_of_groups
from evals.stats.spread_of_rates import spread_interval
from evals.suite.choice.questions import LETTERS
from evals.suite.choice.scoring_methods import ScoringMethod
from evals.texts.number_text import counted

if TYPE_CHECKING:
    from evals.stats.estimate import Estimate

LOW_MASS = 0.9
"Below this the letters are not what the model would say, and their order means less."


class ChoiceReport:
    """Adds up `choice` events, and the `match` or `metrics` events beside them, in any order of samples.

    measure: `accuracy` or `mc2`, the name of the score in the report. rotated: each question was asked in several
    orders of its options; its scores are averaged first.
    """

    def __init__(self, measure: str = "accuracy", rotated: bool = False) -> None:
        self.measure, self._rotated = measure, rotated
        self.score = Mean()
        self._groups: dict[str, dict[str, Mean]] = {"subject": {}, "category": {}}
        self._methods: collections.Counter[tuple[str, str, str, int]] = collections.Counter()
        self._n_shots: collections.Counter[int] = collections.Counter()
        self._agreement = Mean()
        self._counts: collections.Counter[str] = collections.Counter()
        self._positions = Positions()
        self._losses = Mean(name="answer_loss")
        self._unparsed, self._mass = Mean(), Mean()

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        asked = [event.data for event in events if event.type == "choice"]
        score = score_of(events)
        if not asked or score is None:
            return
        self.score.add(sample_id, score)
        for key, means in self._groups.items():
            if asked[0].get(key):
                means.setdefault(asked[0][key], Mean()).add(sample_id, score)
        losses = [data["answer_loss"] for data in asked if data.get("answer_loss") is not None]
        if losses:
            self._losses.add(sample_id, math.fsum(losses) / len(losses))
        self._add_facts(sample_id, asked)

    def _add_facts(self, sample_id: str, asked: Sequence[dict[str, Any]]) -> None:
        counts = self._counts
        for data in asked:
            self._methods[data["style"], data["normalisation"], data["way"], data.get("n_alternatives", 0)] += 1
            self._n_shots[data["n_shots"]] += 1
            self._positions.add(data["answer"], data["picked"])
            counts["asked"] += 1
            counts["ties"] += data.get("tie", False)
            if data["mass"] is not None:
                counts["low_mass"] += data["mass"] < LOW_MASS
                counts["letters"] += len(data["floored"])
                counts["floored"] += sum(data["floored"])
        self._unparsed.add(sample_id, mean_of([float(data["picked"] is None) for data in asked]))
        masses = [data["mass"] for data in asked if data["mass"] is not None]
        if masses:
            self._mass.add(sample_id, mean_of(masses))
        if self._rotated:
            chosen = {None if data["picked"] is None else data["order"][data["picked"]] for data in asked}
            self._agreement.add(sample_id, float(len(chosen) == 1 and chosen != {None}))

    def as_dict(self) -> dict[str, Any]:
        report = report_keys(self.measure, self.score)
        subjects = self._groups["subject"]
        if len(subjects) > 1:
            report.update(macro_keys(f"macro_{self.measure}", subjects))
        if self._losses.n:
            report = with_keys(report, "answer_loss", self._losses)
        styles = {style for style, *_ in self._methods}
        if "letter" in styles:
            report = with_keys(report, "unparsed", self._unparsed)
        if self._mass.n:
            report = with_keys(report, "letter_mass", self._mass)
        if self._rotated:
            report = with_keys(report, "same_in_all", self._agreement)
        if self.measure == "accuracy":
            report.update(self._positions.as_dict())
        report["how"] = self._how()
        report["warnings"] = self._warnings()
        groups = {key: self._table(means) for key, means in self._groups.items() if means}
        return {**report, "groups": groups} if groups else report

    def _share(self, name: str, of: str) -> float:
        return self._counts[name] / max(1, self._counts[of])

    def _table(self, means: dict[str, Mean]) -> dict[str, Any]:
        return {name: report_keys(self.measure, means[name]) for name in sorted(means)}

    def _how(self) -> list[str]:
        """A line for each combination of style and method, of which a run has one, and a line about the examples."""
        lines = []
        for style, normalisation, method, n_alternatives in sorted(self._methods):
            by = f", normalised {normalisation}" if normalisation != "none" else ""
            lines.append(f"style {style}{by}; {ScoringMethod(method, n_alternatives).in_words()}")
        most = max(self._n_shots, default=0)
        fewer = sum(n for n_shots, n in self._n_shots.items() if n_shots < most)
        shots = f"{most} examples before each question"
        if fewer:
            shots += f"; fewer before {fewer:,} (at least {min(self._n_shots)}), for lack of room"
        return [*lines, shots] if most else lines

    def _warnings(self) -> list[str]:
        found = []
        if len(self._methods) > 1:
            found.append("choices were found out by several methods: their scores are not comparable")
        if self._mass.n and self._mass.mean < LOW_MASS:
            found.append(
                f"the letters hold {self._mass.mean:.2f} of the next token's probability, below {LOW_MASS} for "
                f"{self._share('low_mass', 'asked'):.0%} of the questions. The model usually answers with something "
                "other than a letter."
            )
        if self._counts["floored"]:
            share = self._share("floored", "letters")
            found.append(f"{share:.1%} of the letters were not among the alternatives and got the floor")
        if self._counts["ties"]:
            ties = counted(self._counts["ties"], "question")
            found.append(f"{ties} had a tie: the first of the options with the highest score was used")
        return found


class Positions:
    """How often each place among the options is right, is picked, and is picked when it is right."""

    def __init__(self) -> None:
        self._right: collections.Counter[int] = collections.Counter()
        self._picked: collections.Counter[int] = collections.Counter()
        self._hits: collections.Counter[int] = collections.Counter()

    def add(self, answer: int, picked: int | None) -> None:
        self._right[answer] += 1
        if picked is not None:
            self._picked[picked] += 1
            self._hits[answer] += picked == answer

    def as_dict(self) -> dict[str, Any]:
        """`positions`, a table by letter; `position_bias`, the spread of the accuracy over the places; and its chance.

        `position_bias` is the standard deviation of the letters' recalls (Zheng et al. 2023, arXiv:2309.03882, section
        2.2), which chance alone raises; its 95 % interval is that of the true one (`spread_interval`). `bias_by_chance`
        is what it would be without any bias, from the overall accuracy and these counts. Empty where the right option
        always stands in one place.
        """
        places = sorted(self._right)
        if len(places) < 2:
            return {}
        n = sum(self._right.values())
        recalls = {place: self._hits[place] / self._right[place] for place in places}
        mean = math.fsum(recalls.values()) / len(places)
        spread = math.sqrt(math.fsum((recall - mean) ** 2 for recall in recalls.values()) / len(places))
        overall = sum(self._hits.values()) / n
        noise = math.fsum(overall * (1 - overall) / self._right[place] for place in places) / len(places)
        table = {LETTERS[place]: self._row(place, n) for place in sorted({*places, *self._picked})}
        by_chance = math.sqrt(noise * (len(places) - 1) / len(places))
        ends = spread_interval([self._hits[place] for place in places], [self._right[place] for place in places])
        keys = interval_keys("position_bias", ends, "noncentral chi-squared")
        report = {"position_bias": spread, **keys, "position_bias_n": n}
        return {**report, "bias_by_chance": by_chance, "positions": table}

    def _row(self, place: int, n: int) -> dict[str, Any]:
        right, hits = self._right[place], self._hits[place]
        keys = interval_keys("accuracy", modified_wilson(hits, right), wilson_name(hits, right))
        row = {"right": right / n, "picked": self._picked[place] / n}
        return {**row, "accuracy": hits / right if right else None, **keys, "n": right}


def macro_keys(name: str, means: Mapping[str, Mean]) -> dict[str, Any]:
    """The unweighted mean of the groups' means under `name`, with its standard error and 95 % interval in [0, 1].

    `name_n` is the number of groups. Groups are strata: `evals.stats.moments.mean_of_groups`, or over clusters
    `evals.stats.means.mean_of_groups`. Error and interval are None where a group has fewer than two samples.
    """
    clustered = _clustered_macro(means)
    if clustered is not None:
        ends = (clustered.interval.low, clustered.interval.high)
        keys = metric_keys(name, clustered.value, clustered.stderr, ends, len(means), clustered.method)
        keys[f"{name}_n_clusters"] = clustered.n_clusters
    else:
        found = mean_of_groups([mean.moments for mean in means.values()])
        keys = metric_keys(name, *found, len(means), "effective wilson")
    keys[f"{name}_n"] = keys.pop("n")
    return keys


def _clustered_macro(means: Mapping[str, Mean]) -> Estimate | None:
    found = [(group, mean.clustered_samples()) for group, mean in means.items()]
    rows = [(value, group, cluster) for group, samples in found for value, cluster in samples]
    if not rows:
        return None
    from evals.stats import means as clustered_means

    scores, groups, clusters = zip(*rows, strict=True)
    return clustered_means.mean_of_groups(scores, groups, clusters)
