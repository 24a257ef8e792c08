"""A comparison of the runs of a page as plain values: differences with intervals, flips, groups, what else differs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.errors import EvalsError
from evals.record.scores import report_name
from evals.report.words import interval, level_text, number, one_line, p_value, printable, signed, signed_interval
from evals.report_keys import TOO_FEW
from evals.texts.number_text import counted

if TYPE_CHECKING:
    from evals.comparison.compare import Comparison, GroupDifference
    from evals.comparison.many_runs import ManyRuns
    from evals.stats.paired import PairedDifference


def comparison_view(paths: Sequence[str | Path], names: Sequence[str]) -> dict[str, Any]:
    """The comparison of two records or more, sample by sample.

    Records that cannot be compared, such as runs of different evals, give `problem` alone, in words. names: of the
    runs. `flips` holds ids of the first run; `renamed` the ids of the second run that the first one calls otherwise.
    """
    from evals.comparison.compare import compare_runs, read_runs
    from evals.comparison.many_runs import compare_many_runs

    try:
        runs = read_runs(paths)
        if len(runs) == 2:
            return _two(compare_runs(*runs), names)
        return _many(compare_many_runs(runs), names)
    except EvalsError as error:
        return {"problem": printable(error.what)}


def _two(c: Comparison, names: Sequence[str]) -> dict[str, Any]:
    from evals.report.comparison_words import detectable_words, differs, flip_words, head, verdict

    up, down = flip_words(c)
    ids = [(c.a.sample_ids[i], c.b.sample_ids[j]) for i, j in zip(c.pairing.rows_a, c.pairing.rows_b, strict=True)]
    rose, fell = c.ids(c.rose), c.ids(c.fell)
    return {
        "head": printable(head(c)),
        "verdict": printable(verdict(c, names)),
        "metric": one_line(report_name(c.b.metric)),
        "runs": [_run_row(name, one, c.n) for name, one in zip(names, (c.estimate_a, c.estimate_b), strict=True)],
        "pairs": [_pair_row(f"{names[1]} − {names[0]}", c.difference, c.difference.p_value)],
        "p_words": "p",
        "changed": {up: len(rose), down: len(fell), "stayed": c.n - len(rose) - len(fell)},
        "flips": {"rose": rose, "fell": fell},
        "renamed": {b: a for a, b in ids if a != b},
        "groups": _group_tables(c),
        "family": c.family,
        "level": level_text(1 - c.alpha),
        "differs": [printable(text) for text in differs(c)],
        "notes": [printable(text) for text in (*c.notes, detectable_words(c)) if text],
    }  # fmt: skip


def _many(s: ManyRuns, names: Sequence[str]) -> dict[str, Any]:
    from evals.report.comparison_words import directed, rank_text, ranked

    order = ranked(s)
    pairs = []
    for at, i in enumerate(order):
        for j in order[at + 1 :]:
            value, bounds, p = directed(s, i, j)
            label = f"{names[i]} − {names[j]}"
            pairs.append({"name": one_line(label), **_difference(value, bounds), "p": p_value(p), "n": s.n})
    evals = ", ".join(dict.fromkeys(run.facts.eval_name for run in s.runs))
    return {
        "head": printable(f"{evals}: {counted(s.n, 'sample')} in all {len(s.runs)} runs"),
        "metric": one_line(report_name(s.runs[0].metric)),
        "runs": [{**_run_row(names[i], s.estimates[i], s.n), "rank": rank_text(s, i)} for i in order],
        "pairs": pairs,
        "p_words": "p, corrected",
        "flips": _flips_of_many(s),
        "groups": [],
        "family": s.family,
        "level": level_text(1 - s.alpha),
        "differs": [],
        "notes": [printable(text) for text in s.notes],
    }


def _flips_of_many(s: ManyRuns) -> dict[str, list[str]]:
    """The samples whose score differs between the first and the last run, by id."""
    first, last = s.runs[0], s.runs[-1]
    before = dict(zip(first.sample_ids, first.scores.tolist(), strict=True))
    after = dict(zip(last.sample_ids, last.scores.tolist(), strict=True))
    both = [name for name in before if name in after]
    return {
        "rose": [name for name in both if after[name] > before[name]],
        "fell": [name for name in both if after[name] < before[name]],
    }


def _run_row(name: str, estimate: Any, n: int) -> dict[str, Any]:
    bounds = estimate.interval
    return {
        "name": one_line(name),
        "value": estimate.value,
        "words": number(estimate.value),
        "low": bounds.low if bounds.defined else None,
        "high": bounds.high if bounds.defined else None,
        "interval": interval(bounds, TOO_FEW),
        "method": estimate.method,
        "n": n,
    }


def _pair_row(name: str, d: PairedDifference, p: float) -> dict[str, Any]:
    return {"name": one_line(name), **_difference(d.value, d.interval), "p": p_value(p), "n": d.n, "method": d.method}


def _difference(value: float, bounds: Any) -> dict[str, Any]:
    return {
        "value": value,
        "words": signed(value),
        "low": bounds.low if bounds.defined else None,
        "high": bounds.high if bounds.defined else None,
        "interval": signed_interval(bounds, TOO_FEW),
    }


def _group_tables(c: Comparison) -> list[dict[str, Any]]:
    tables: dict[str, list[dict[str, Any]]] = {}
    for group in c.groups:
        tables.setdefault(one_line(group.key), []).append(_group_row(group))
    return [{"key": key, "rows": rows} for key, rows in tables.items()]


def _group_row(group: GroupDifference) -> dict[str, Any]:
    d = group.difference  # b minus a, so its mean_a is the mean of b
    return {**_pair_row(group.name, d, group.p_corrected), "before": number(d.mean_b), "after": number(d.mean_a)}
