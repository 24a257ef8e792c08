"""Runs in the terminal, a line each: when, eval, model, score with its interval and n, cost, how it ended, tags."""

from __future__ import annotations

from collections.abc import Sequence

from evals.comparison.run_list import RunLine, conditioned
from evals.report.words import (
    columns_of,
    counted,
    distinct_in_columns,
    in_columns,
    interval_text,
    money,
    number,
    one_line,
)

NAMES = (1, 2)
"Columns that may be cut: eval and model."
HEAD = ("when", "eval", "model", "score", "95 % interval", "n", "cost", "state")


def run_list_text(runs: Sequence[RunLine], n_all: int, width: int | None) -> str:
    """The table. n_all: how many runs there are with those that are not shown. width: None leaves lines whole.

    Without a run that cost something there is no column of costs. Where lines are too long the year goes first.
    """
    rows = [HEAD, *(_row(run) for run in runs)]
    shown = [column for column, name in enumerate(HEAD) if name != "cost" or any(run.cost_usd for run in runs)]
    if width is not None and _excess(rows, shown, width) > 0:
        rows = [HEAD, *((row[0][len("2026-") :], *row[1:]) for row in rows[1:])]
    widths = _widths(rows)
    if width is not None:
        _narrow(widths, _excess(rows, shown, width))
    names = {column: distinct_in_columns((row[column] for row in rows), widths[column]) for column in NAMES}
    rows = [tuple(names[column][cell] if column in NAMES else cell for column, cell in enumerate(row)) for row in rows]
    lines = ["  ".join(_cell(row, column, widths[column]) for column in shown).rstrip() for row in rows]
    if len(runs) < n_all:
        lines.append(f"{len(runs):,} of {counted(n_all, 'run')}; --last 0 shows all")
    return "\n".join(lines)


def _row(run: RunLine) -> tuple[str, ...]:
    state = run.state if run.state != "failed" else f"{run.n_errors:,} failed"
    return (
        run.created_at[:16].replace("T", " "),
        one_line(conditioned(run.eval_name, run.prompt, run.images)),
        one_line(run.model),
        "" if run.value is None else number(run.value),
        "" if run.ci95 is None else interval_text(*run.ci95),
        "" if run.n is None else f"{run.n:,}",
        "" if not run.cost_usd else money(run.cost_usd),
        " ".join([state, *(f"#{one_line(tag)}" for tag in run.tags)]),
    )


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(columns_of(row[column]) for row in rows) for column in range(len(HEAD))]


def _excess(rows: Sequence[Sequence[str]], shown: Sequence[int], width: int) -> int:
    """By how many letters the lines are too long."""
    widths = _widths(rows)
    return sum(widths[column] for column in shown) + 2 * (len(shown) - 1) - width


def _narrow(widths: list[int], excess: int) -> None:
    """Take `excess` letters from the names of evals and models, the wider one first; 8 letters stay."""
    while excess > 0 and max(widths[1], widths[2]) > 8:
        widths[1 if widths[1] >= widths[2] else 2] -= 1
        excess -= 1


def _cell(row: tuple[str, ...], column: int, width: int) -> str:
    return in_columns(row[column], width, right=HEAD[column] in ("score", "n", "cost"))
