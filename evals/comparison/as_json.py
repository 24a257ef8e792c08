"""Comparisons and explanations as plain values, for `--json`; None stands for what is not defined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evals.report_keys import defined

if TYPE_CHECKING:
    from evals.comparison.compare import Comparison
    from evals.comparison.explain import Explanation, Part
    from evals.comparison.many_runs import ManyRuns
    from evals.comparison.scores import RunScores
    from evals.stats.estimate import Estimate
    from evals.stats.paired import PairedDifference


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison of two runs. Rates are in [0, 1]; differences are b minus a."""
    c = comparison
    return {
        "eval": c.b.facts.eval_name,
        "metric": c.b.metric,
        "alpha": c.alpha,
        "n": c.n,
        "n_clusters": c.difference.n_clusters,
        "a": _run_json(c.a, c.estimate_a),
        "b": _run_json(c.b, c.estimate_b),
        "difference": difference_json(c.difference),
        "detectable_difference": defined(c.detectable),
        "rose": c.ids(c.rose),
        "fell": c.ids(c.fell),
        **_own_names(c),
        "n_unchanged": c.n - len(c.rose) - len(c.fell),
        "groups": [
            {"key": g.key, "name": g.name, **difference_json(g.difference), "p_corrected": defined(g.p_corrected)}
            for g in c.groups
        ],
        "correction": c.family or None,
        "changes": [{"what": change.what, "text": change.text} for change in c.changes.changes],
        "same": list(c.changes.same),
        "not_recorded": list(c.changes.unknown),
        "notes": list(c.notes),
    }


def _own_names(c: Comparison) -> dict[str, Any]:
    """The rows' own ids of the samples in `rose` and `fell`, by sample id; no key where rows have none."""
    pairs = [*c.rose.tolist(), *c.fell.tolist()]
    own = {one: name for one, name in zip(c.ids(pairs), c.names(pairs), strict=True) if one != name}
    return {"names": own} if own else {}


def _run_json(run: RunScores, shared: Estimate) -> dict[str, Any]:
    return {
        "record": run.path,
        "eval": run.facts.eval_name,
        "model": run.facts.model,
        "run_id": run.facts.run_id,
        "mean": defined(shared.value),
        "stderr": defined(shared.stderr),
        "interval": [defined(shared.interval.low), defined(shared.interval.high)],
        "interval_method": shared.method,
        "n_scored": run.n,
        "n_errors": run.n_errors,
        "n_broken_lines": run.facts.n_damaged,
        "mean_of_all_scored": defined(run.mean),
    }


def difference_json(d: PairedDifference) -> dict[str, Any]:
    """A difference in plain values. `d` is b minus a, so its `mean_a` is the mean of b."""
    return {
        "difference": defined(d.value),
        "stderr": defined(d.stderr),
        "interval": [defined(d.interval.low), defined(d.interval.high)],
        "p_value": defined(d.p_value),
        "n": d.n,
        "mean_a": defined(d.mean_b),
        "mean_b": defined(d.mean_a),
        "n_rose": d.a_better,
        "n_fell": d.b_better,
        "correlation": defined(d.correlation),
        "interval_method": d.method,
        "test": d.method,
    }


def many_runs_json(many: ManyRuns) -> dict[str, Any]:
    """The comparison of three runs or more; `rank` holds the best and the worst rank that a run may have."""
    return {
        "metric": many.runs[0].metric,
        "alpha": many.alpha,
        "n": many.n,
        "runs": [
            {**_run_json(run, shared), "rank": [rank.best, rank.worst]}
            for run, shared, rank in zip(many.runs, many.estimates, many.ranks, strict=True)
        ],
        "pairs": [
            {
                "a": many.runs[pair.i].path,
                "b": many.runs[pair.j].path,
                **difference_json(pair.difference),
                "p_corrected": defined(pair.p_corrected),
            }
            for pair in many.pairs
        ],
        "correction": many.family,
        "notes": list(many.notes),
    }


def explanation_json(e: Explanation) -> dict[str, Any]:
    """The gap between two runs and its parts, which add up to it."""
    return {
        "metric": e.b.metric,
        "a": {"record": e.a.path, "mean": defined(e.a.mean), "n": e.a.n},
        "b": {"record": e.b.path, "mean": defined(e.b.mean), "n": e.b.n},
        "n_shared": e.pairing.n,
        "gap": defined(e.gap),
        "parts": [_part_json(part) for part in e.parts],
        "interaction": None if e.interaction is None else _part_json(e.interaction),
        "causes": list(e.causes),
        "changes": [{"what": change.what, "text": change.text} for change in e.changes.changes],
        "cannot_be_told": list(e.unknown),
    }


def _part_json(part: Part) -> dict[str, Any]:
    bounds = part.interval
    return {
        "name": part.name,
        "kind": part.kind,
        "value": defined(part.value),
        "interval": None if bounds is None else [defined(bounds.low), defined(bounds.high)],
        "n": part.n,
    }
