"""What labels say of a grader as plain values, for `--json`; None stands for what is not defined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.labelling.bias import Length, Position, SelfPreference
from evals.labelling.graded_record import GradedRecord
from evals.labelling.grader_check import Agreeing, GraderCheck, Scores
from evals.report_keys import defined
from evals.stats.agreement import Agreement
from evals.stats.estimate import Estimate, Interval
from evals.stats.two_groups import GroupDifference


def check_json(
    record: GradedRecord,
    check: GraderCheck,
    position: Position | str,
    length: Length | str,
    preference: SelfPreference | str,
) -> dict[str, Any]:
    """The keys of `evals grader --json`."""
    return {
        "record": str(record.path),
        "eval": record.eval_name,
        "graders": [dict(one) for one in record.graders],
        "n_samples": len(record.samples),
        "n_labelled": check.n_labelled,
        "n_unread": check.n_unread,
        "n_disputed": check.consensus.n_disputed,
        "raters": list(check.consensus.raters),
        "raters_alpha": None if check.consensus.agreement is None else _agreement(check.consensus.agreement),
        "design": check.design,
        **_agreeing(check.overall),
        "confusion": [
            {"label": label, "choice": choice, "n": n} for (label, choice), n in sorted(check.confusion.items())
        ],
        "groups": _each(check.groups),
        "by_grader": _each(check.graders),
        "score": _scores(check.scores),
        "bias": {
            "position": position if isinstance(position, str) else _position(position),
            "length": length if isinstance(length, str) else _length(length),
            "own_family": preference if isinstance(preference, str) else _family(preference),
        },
        "notes": list(check.notes),
    }


def _each(groups: Mapping[str, Agreeing]) -> dict[str, Any]:
    return {name: _agreeing(found) for name, found in groups.items()}


def _agreeing(found: Agreeing) -> dict[str, Any]:
    return {"agreement": _estimate(found.rate), "kappa": _agreement(found.kappa)}


def _agreement(found: Agreement) -> dict[str, Any]:
    return {"value": defined(found.value), "stderr": defined(found.stderr), "ci95": _ends(found.interval), "n": found.n}


def _estimate(found: Estimate | None) -> dict[str, Any] | None:
    if found is None:
        return None
    known = {"value": defined(found.value), "stderr": defined(found.stderr), "ci95": _ends(found.interval)}
    return {**known, "n": found.n, "method": found.method}


def _scores(scores: Scores) -> dict[str, Any]:
    corrected, rates = scores.corrected, scores.by_error_rates
    return {
        "grader_alone": _estimate(scores.naive),
        "people_alone": _estimate(scores.labels_only),
        "ppi": None if corrected is None else {
            **(_estimate(corrected.corrected) or {}),
            "weight": corrected.weight,
            "n_labelled": corrected.n_labelled,
            "n_unlabelled": corrected.n_unlabelled,
        },
        "by_error_rates": None if rates is None else {
            **(_estimate(rates.corrected) or {}),
            "sensitivity": defined(rates.sensitivity),
            "specificity": defined(rates.specificity),
            "n_right": rates.n_right,
            "n_wrong": rates.n_wrong,
        },
        "weighted_labels": _estimate(scores.stratified),
    }  # fmt: skip


def _position(found: Position) -> dict[str, Any]:
    return {"inconsistent": _estimate(found.inconsistent), "prefers_first": _estimate(found.prefers_first)}


def _length(found: Length) -> dict[str, Any]:
    return {**_difference(found.difference), "median_length": found.median_length}


def _family(found: SelfPreference) -> dict[str, Any]:
    return {**_difference(found.difference), "own": found.own, "others": list(found.others)}


def _difference(found: GroupDifference) -> dict[str, Any]:
    known = {"value": defined(found.value), "stderr": defined(found.stderr), "ci95": _ends(found.interval)}
    return {**known, "n_first": found.n_first, "n_second": found.n_second, "method": found.method}


def _ends(bounds: Interval) -> list[float | None]:
    return [defined(bounds.low), defined(bounds.high)]
