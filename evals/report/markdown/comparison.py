"""A comparison of runs as Markdown, for issues and pull requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evals.comparison.compare import Comparison
from evals.comparison.many_runs import ManyRuns
from evals.record.scores import report_name
from evals.report.comparison_words import (
    detectable_words,
    differs,
    directed,
    estimate_interval,
    flip_words,
    head,
    method_text,
    rank_text,
    ranked,
    verdict,
)
from evals.report.flips import FlipTexts
from evals.report.markdown.cells import cell, fenced
from evals.report.words import (
    counted,
    interval,
    level_text,
    number,
    p_text,
    p_value,
    signed,
    signed_interval,
)
from evals.report_keys import TOO_FEW


def comparison_markdown(c: Comparison, names: Sequence[str], flips: FlipTexts | None = None) -> str:
    """Two runs: numbers, verdict, flips, groups, notes."""
    level = f"{level_text(1 - c.alpha)} interval"
    d = c.difference
    rows = [
        (cell(name), number(estimate.value), estimate_interval(estimate), f"{c.n:,}", estimate.method)
        for name, estimate in zip(names, (c.estimate_a, c.estimate_b), strict=True)
    ]
    ends = signed_interval(d.interval, TOO_FEW)
    rows.append(("**difference**", f"**{signed(d.value)}**", ends, f"{c.n:,}", d.method))
    up, down = flip_words(c)
    n_same = c.n - len(c.rose) - len(c.fell)
    blocks = [
        f"**{cell(head(c))}**",
        cell("; ".join(differs(c))),
        _table(("run", cell(report_name(c.b.metric)), level, "n", "method"), rows),
        f"Paired, {p_text(d.p_value)} {method_text(d)}. {cell(verdict(c, names))} {detectable_words(c)}".strip(),
        f"{len(c.rose):,} {up}, {len(c.fell):,} {down}, {n_same:,} stayed.",
        _group_table(c),
        "\n".join(f"- {cell(note)}" for note in c.notes),
        *([] if flips is None else [fenced(flips.text(i)) for i in [*flips.fell.tolist(), *flips.rose.tolist()]]),
    ]
    return "\n\n".join(block for block in blocks if block)


def many_runs_markdown(s: ManyRuns, names: Sequence[str]) -> str:
    """Three runs or more: ranking and the matrix of differences."""
    order = ranked(s)
    level = f"{level_text(1 - s.alpha)} interval"
    ranking = [
        (rank_text(s, i), cell(names[i]), number(s.estimates[i].value), interval(s.estimates[i].interval), f"{s.n:,}")
        for i in order
    ]
    matrix = [(cell(names[i]), *(_difference(s, i, j) for j in order)) for i in order]
    evals = ", ".join(dict.fromkeys(run.facts.eval_name for run in s.runs))
    blocks = [
        f"**{len(s.runs)} runs of {cell(evals)}: {counted(s.n, 'sample')} in all of them**",
        _table(("rank", "run", cell(report_name(s.runs[0].metric)), level, "n"), ranking),
        _table(("row minus column", *(cell(names[j]) for j in order)), matrix),
        f"p-values and ranks are corrected: {s.family}.",
        "\n".join(f"- {cell(note)}" for note in s.notes),
    ]
    return "\n\n".join(block for block in blocks if block)


def _difference(s: ManyRuns, i: int, j: int) -> str:
    if i == j:
        return ""
    value, bounds, p = directed(s, i, j)
    return f"{signed(value)} ({signed_interval(bounds)}), {p_text(p)}"


def _group_table(c: Comparison) -> str:
    if not c.groups:
        return ""
    rows = [
        (
            cell(f"{group.key} {group.name}"),
            number(group.difference.mean_b),
            number(group.difference.mean_a),
            signed(group.difference.value),
            signed_interval(group.difference.interval, TOO_FEW),
            p_value(group.p_corrected),
            f"{group.difference.n:,}",
        )
        for group in c.groups
    ]
    level = f"interval and p: {c.family}, at {level_text(1 - c.alpha)}"
    metric = cell(report_name(c.b.metric))
    titles = (f"{metric} by group", "before", "after", "difference", "interval", "p", "n")
    return f"{_table(titles, rows)}\n\n({level})"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---", *["---:" for _ in titles[1:]]], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
