"""The report of an exam, built while questions finish: marks in, sections, score, percentiles and passes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.errors import listed
from evals.exams.marking import Mark
from evals.exams.paper import Paper
from evals.metrics import Mean, report_keys
from evals.record.recorders import Event
from evals.report_keys import defined
from evals.suite.exam.agreement import agreement_of
from evals.suite.exam.holdout import HoldoutRuns
from evals.suite.exam.marks import HumanMarks, unused_marks


@dataclass(frozen=True)
class Sitting:
    """How a paper is sat, as far as a report needs it."""

    paper: Paper
    facts: Mapping[str, Any]
    contaminated: Sequence[str] | None
    images: str
    "The condition in which images are seen; empty for a paper without any."
    draws: int
    "Of the bootstrap; 0 for none."
    seed: int
    known: dict[Any, dict[str, Any]] = field(default_factory=dict, compare=False, repr=False)
    "Intervals by the marks that they were drawn from: a run with bundles makes its report twice."


class ExamReport:
    """`score`, the mean share of points over questions; `exam_score` and percentiles; all details under `exam`.

    holdout: the count of holdout runs, asked when the report is made; None for other forms. people: the marks of
    people; `warnings` says which of them belong to no reply of the questions that were asked, and which are too many.
    """

    def __init__(
        self,
        sitting: Sitting,
        holdout: Callable[[], HoldoutRuns | None] = lambda: None,
        people: HumanMarks | None = None,
    ) -> None:
        self._sitting = sitting
        self._holdout = holdout
        self._people = people
        self._score = Mean()
        self._events: dict[tuple[str, int], dict[str, Any]] = {}

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        """Add the `exam` and `metrics` events of one question."""
        for event in events:
            if event.type == "exam":
                self._events[event.data["item"], event.data["run"]] = event.data
        scores = [event.data["score"] for event in events if event.type == "metrics" and "score" in event.data]
        if scores:
            self._score.add(sample_id, sum(scores) / len(scores))

    def as_dict(self) -> dict[str, Any]:
        """The report so far. Questions that were not answered or marked leave the score open: then it is a range."""
        from evals.exams.score import sections_beside

        report = report_keys("score", self._score)
        exam = self._exam()
        final, percentiles = exam["final"], exam["percentiles"]
        if exam["final_range"] is None:
            report |= {"exam_score": final, **_bounds("exam_score", exam["final_ci95"])}
            if percentiles:
                first = percentiles[0]
                report |= {"percentile_low": first["low"], **_bounds("percentile_low", first["low_ci95"])}
                report |= {"percentile_high": first["high"], **_bounds("percentile_high", first["high_ci95"])}
        else:
            report |= {"exam_score_least": exam["final_range"][0], "exam_score_most": exam["final_range"][1]}
        counts = {f"n_{name}": count for name, count in exam["counts"].items() if count}
        without = [] if self._people is None else self._people.without_reply(self._events)
        warnings = [f"marks of no reply, not used: {listed(without, 5)}"] if without else []
        if unused := unused_marks(self._events.values()):
            warnings.append(f"marks of more people than the paper asks for, not used: {listed(unused, 5)}")
        if beside := sections_beside(self._sitting.paper):
            warnings.extend(f"section {name} does not count in the final score" for name in beside)
        return {**report, **counts, **({"warnings": warnings} if warnings else {}), "exam": exam}

    def _marks(self) -> dict[str, list[Mark | None]]:
        marks: dict[str, list[Mark | None]] = {}
        for (item, _), data in sorted(self._events.items(), key=lambda pair: pair[0]):
            known = data["status"] != "pending"
            marks.setdefault(item, []).append(
                Mark(data["status"], data["share"], data.get("answer")) if known else None
            )
        return marks

    def _exam(self) -> dict[str, Any]:
        from evals.exams.score import score_paper

        sitting, marks = self._sitting, self._marks()
        paper = sitting.paper
        found = score_paper(paper, marks, sitting.contaminated)
        way = "clean" if found.reports_clean else "full"
        ends = self._intervals(marks, clean=found.reports_clean)
        return {
            "paper": {"id": paper.id, "title": paper.title, "version": paper.version, "form": paper.form.name},
            **sitting.facts,
            "images": sitting.images or None,
            "final": found.reported.final,
            "final_ci95": ends.get("final"),
            "final_range": None if found.best is None else [found.full.final, found.best.final],
            "reported": way,
            "percentiles": [
                {**vars(one), "low_ci95": low, "high_ci95": high}
                for one, low, high in zip(
                    _widened(found), ends.get("low", _none()), ends.get("high", _none()), strict=False
                )
            ],
            "passes": [_pass(*pair) for pair in _passes(found)],
            "values": dict(found.reported.values),
            "full": _outcome(found.full),
            "clean": None if found.clean is None else _outcome(found.clean),
            "clean_missing": list(found.clean_missing) if sitting.contaminated is not None else [],
            "n_contaminated": None if sitting.contaminated is None else len(sitting.contaminated),
            "status": found.status,
            "sections": [_section(one) for one in found.sections],
            "counts": self._counts(found.pending),
            "critical_wrong": self._critical(marks),
            "graders": agreement_of(self._events.values()),
            "missing": self._missing(),
            "holdout": None if (runs := self._holdout()) is None else vars(runs),
        }

    def _intervals(self, marks: Mapping[str, Sequence[Mark | None]], *, clean: bool) -> dict[str, Any]:
        """The bootstrap's 95 % intervals: `final`, and `low` and `high` of each percentile; empty without draws."""
        if self._sitting.draws < 2:
            return {}
        key = (clean, tuple((item, tuple(given)) for item, given in sorted(marks.items())))
        if key not in self._sitting.known:
            self._sitting.known.clear()
            self._sitting.known[key] = self._drawn_intervals(marks, clean=clean)
        return self._sitting.known[key]

    def _drawn_intervals(self, marks: Mapping[str, Sequence[Mark | None]], *, clean: bool) -> dict[str, Any]:
        import numpy as np

        from evals.exams.intervals import score_intervals

        sitting = self._sitting
        found = score_intervals(
            sitting.paper,
            marks,
            rng=np.random.default_rng(sitting.seed),
            contaminated=sitting.contaminated if clean else None,
            n_draws=sitting.draws,
        )
        return {
            "final": _ends(found.final),
            "low": [_ends(one) for one in found.percentiles],
            "high": [_ends(one) for one in found.highs],
        }

    def _counts(self, pending: Sequence[str]) -> dict[str, int]:
        """Replies that were blank, unreadable or cut off; questions without a whole mark, and those not answered."""
        data = [one for one in self._events.values() if not one.get("dropped")]
        answered = {item for item, _ in self._events}
        return {
            "blank": sum(one["status"] == "blank" for one in data),
            "invalid": sum(one["status"] == "invalid" for one in data),
            "cut_off": sum(bool(one.get("cut_off")) for one in data),
            "says_no_image": sum(bool(one.get("says_no_image")) for one in data),
            "pending": sum(name in answered for name in pending),
            "not_answered": sum(name not in answered for name in pending),
        }

    def _critical(self, marks: Mapping[str, Sequence[Mark | None]]) -> list[str]:
        """The critical questions that were not answered rightly."""
        items = [item for item in self._sitting.paper.items if item.critical and not item.dropped]
        return [item.id for item in items if any(one and one.status != "right" for one in marks.get(item.id, ()))]

    def _missing(self) -> list[dict[str, Any]]:
        """The replies that wait for a mark, and whose."""
        return [
            {"item": item, "run": run, "missing": data.get("missing", [])}
            for (item, run), data in sorted(self._events.items(), key=lambda pair: pair[0])
            if data["status"] == "pending"
        ]


def _none() -> Any:
    while True:
        yield None


def _widened(found: Any) -> list[Any]:
    """The percentiles of the reported score; where marks are missing, up to those of full marks."""
    from dataclasses import replace

    if found.best is None:
        return list(found.reported.percentiles)
    pairs = zip(found.reported.percentiles, found.best.percentiles, strict=True)
    return [replace(one, high=max(one.high, best.high)) for one, best in pairs]


def _ends(interval: Any) -> list[float] | None:
    return [interval.low, interval.high] if interval.defined else None


def _outcome(outcome: Any) -> dict[str, Any]:
    percentiles = [{"low": one.low, "high": one.high, "population": one.population} for one in outcome.percentiles]
    return {
        "final": outcome.final,
        "percentiles": percentiles,
        "values": {name: defined(value) for name, value in outcome.values.items()},
        "passed": [rule.passed for rule in outcome.passes],
    }


def _passes(found: Any) -> list[tuple[Any, bool | None]]:
    """Each rule with whether it is passed; None where missing marks decide."""
    rules = found.reported.passes
    if found.best is None:
        return [(rule, rule.passed) for rule in rules]
    pairs = zip(rules, found.best.passes, strict=True)
    return [(rule, rule.passed if rule.passed == best.passed else None) for rule, best in pairs]


def _pass(rule: Any, passed: bool | None) -> dict[str, Any]:
    conditions = [
        {
            "name": one.condition.name,
            "value": one.value,
            "at_least": one.condition.at_least,
            "at_most": one.condition.at_most,
            "holds": one.holds,
        }
        for one in rule.conditions
    ]
    return {"name": rule.name, "passed": passed, "conditions": conditions}


def _section(one: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "n_items": one.n_items,
        "points": one.points,
        "max_points": one.max_points,
        **one.statuses,
        "pending": one.n_pending,
        "n_clean": one.n_clean,
    }


def _bounds(name: str, ends: Any) -> dict[str, Any]:
    """`name_ci95`, and how it was made; both None without an interval."""
    return {f"{name}_ci95": ends, f"{name}_method": None if ends is None else "percentile bootstrap"}
