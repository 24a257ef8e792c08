"""Findings and scores as plain values, for `--json`; None stands for what is not defined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from evals.contamination.clean_scores import CleanScores
from evals.contamination.contamination import Contamination, ItemReport
from evals.report_keys import defined
from evals.stats.estimate import Estimate, Interval
from evals.stats.proportions import modified_wilson_interval
from evals.stats.two_groups import GroupDifference


def contamination_json(found: Contamination, scores: Sequence[CleanScores], by: str) -> dict[str, Any]:
    """All findings, with the matches of each sample. Rates are in [0, 1]."""
    return {
        "eval": found.eval_name,
        "rule": asdict(found.rule),
        "contaminated_by": by,
        "fields": list(found.fields),
        "corpus": {
            "n_files": found.n_files,
            "n_documents": found.n_documents,
            "n_bytes": found.n_bytes,
            "n_broken": found.n_broken,
        },
        "n_samples": found.n_samples,
        "n_looked_for": len(found.items),
        "n_too_short": sum(item.too_short for item in found.items),
        "substring": _share(len(found.contaminated()), len(found.judged())),
        "ngram": _share(len(found.contaminated("ngram")), len(found.judged("ngram"))),
        "contaminated": [item.sample_id for item in found.contaminated(by)],
        "too_short": [item.sample_id for item in found.items if item.too_short],
        "items": [_item_json(item) for item in found.items if item.has_substring or item.has_gram],
        "frequent_texts": [asdict(text) for text in found.frequent],
        "scores": [_scores_json(one) for one in scores],
    }


def _share(n_found: int, n: int) -> dict[str, Any]:
    bounds = modified_wilson_interval(n_found, n)
    return {"n": n, "n_contaminated": n_found, "share": n_found / n if n else None, "interval": _ends(bounds)}


def _item_json(item: ItemReport) -> dict[str, Any]:
    found = item.findings
    return {
        "sample_id": item.sample_id,
        "row_id": item.row_id,
        "n_substrings": item.n_substrings,
        "n_substrings_found": len(found.substring_documents),
        "n_documents": found.n_documents,
        "n_ngram_documents": found.n_gram_documents,
        "ngram_coverage": defined(item.coverage),
        "only_frequent": item.only_frequent,
        "matches": [asdict(example) for example in found.examples],
    }


def _scores_json(one: CleanScores) -> dict[str, Any]:
    against = one.against
    return {
        "record": one.path,
        "metric": one.metric,
        "all": _estimate(one.all),
        "clean": _estimate(one.clean),
        "contaminated": _estimate(one.contaminated),
        "n_unjudged": one.n_unjudged,
        "n_unscored": one.n_unscored,
        "degradation": defined(one.degradation),
        "degradation_interval": _ends(one.degradation_interval),
        "clean_minus_contaminated": _difference(one.difference),
        "against": None
        if against is None
        else {
            "record": against.path,
            "gain_clean": defined(against.gain_clean),
            "gain_contaminated": defined(against.gain_contaminated),
            "clean_minus_contaminated": _difference(against.difference),
        },
    }


def _estimate(one: Estimate) -> dict[str, Any]:
    return {
        "value": defined(one.value),
        "stderr": defined(one.stderr),
        "interval": _ends(one.interval),
        "n": one.n,
        "method": one.method,
    }


def _difference(one: GroupDifference) -> dict[str, Any]:
    return {
        "value": defined(one.value),
        "stderr": defined(one.stderr),
        "interval": _ends(one.interval),
        "n_clean": one.n_first,
        "n_contaminated": one.n_second,
        "method": one.method,
    }


def _ends(bounds: Interval) -> list[float] | None:
    return [bounds.low, bounds.high] if bounds.defined else None
