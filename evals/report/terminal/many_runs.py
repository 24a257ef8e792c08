"""Three runs or more in the terminal: the ranking, the matrix of differences, and every pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evals.comparison.many_runs import ManyRuns
from evals.record.scores import report_name
from evals.report.comparison_words import directed, rank_text, ranked
from evals.report.run_names import legend
from evals.report.words import (
    WIDTH,
    counted,
    indented,
    interval,
    level_text,
    number,
    p_value,
    signed,
    signed_interval,
    wrapped,
)
from evals.report_keys import TOO_FEW
from evals.stats.estimate import Estimate


def many_runs_text(s: ManyRuns, names: Sequence[str]) -> str:
    """The comparison as text, the best run first, at most 80 columns wide. names: of the runs."""
    order = ranked(s)
    evals = ", ".join(dict.fromkeys(run.facts.eval_name for run in s.runs))
    sections = [
        [*wrapped(f"{len(s.runs)} runs of {evals}: {counted(s.n, 'sample')} in all of them"), *legend(s.runs, names)],
        [f"  {line}" for line in _ranking_lines(s, names, order)],
        [f"  {line}" for line in _matrix_lines(s, names, order)],
        [f"  {line}" for line in _pair_lines(s, names, order)],
        [line for note in s.notes for line in indented(f"note: {note}")],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _ranking_lines(s: ManyRuns, names: Sequence[str], order: Sequence[int]) -> Iterator[str]:
    width = max(3, *(len(name) for name in names))
    yield f"rank  {'run':<{width}}  {report_name(s.runs[0].metric):>8}  {level_text(1 - s.alpha)} interval       n"
    for i in order:
        e: Estimate = s.estimates[i]
        start = f"{rank_text(s, i):<4}  {names[i]:<{width}}  {number(e.value):>8}"
        yield f"{start}  {interval(e.interval):<18}  {s.n:<6,}  ({e.method})"
    yield f"(ranks 1-2: not significantly different; all ranks hold together at {level_text(1 - s.alpha)})"


def _matrix_lines(s: ManyRuns, names: Sequence[str], order: Sequence[int]) -> Iterator[str]:
    width = max(len(name) for name in names)
    cell = min(max(width, 7), (WIDTH - 3 - width) // len(order) - 1)
    if cell < 7:
        return
    yield f"{'':<{width}} " + "".join(f" {names[j][:cell]:>{cell}}" for j in order)
    for i in order:
        cells = [_cell(s, i, j) for j in order]
        yield (f"{names[i]:<{width}} " + "".join(f" {text:>{cell}}" for text in cells)).rstrip()
    yield f"(row minus column; * p <= {s.alpha:g}, {s.family})"


def _cell(s: ManyRuns, i: int, j: int) -> str:
    if i == j:
        return "."
    value, _, p = directed(s, i, j)
    return signed(value) + ("*" if p <= s.alpha else " ")


def _pair_lines(s: ManyRuns, names: Sequence[str], order: Sequence[int]) -> Iterator[str]:
    pairs = [(i, j) for at, i in enumerate(order) for j in order[at + 1 :]]
    width = max(len(f"{names[i]} - {names[j]}") for i, j in pairs)
    yield f"{'pair':<{width}}  {'diff':>7}  {'interval':<18}  p, both corrected"
    for i, j in pairs:
        value, bounds, p = directed(s, i, j)
        ends = signed_interval(bounds, TOO_FEW)
        yield f"{f'{names[i]} - {names[j]}':<{width}}  {signed(value):>7}  {ends:<18}  {p_value(p)}"
