"""Runs in the terminal, a line each: when, eval, model, score with its interval and n, cost, how it ended, tags."""

from __future__ import annotations

from collections.abc import Sequence

from evals.comparison.run_list import RunLine, conditioned
from evals.report.words import counted, interval_text, money, number, one_line
from evals.texts.safe_text import cut_middle

HEAD = ("when", "eval", "model", "score", "95 % interval", "n", "cost", "state")


def run_list_text(runs: Sequence[RunLine], n_all: int, width: int | None) -> str:
    """The table. n_all: how many runs there are with those that are not shown. width: None leaves lines whole."""
    rows = [HEAD, *(_row(run) for run in runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    if width is not None:
        _narrow(widths, width)
    lines = ["  ".join(_cell(row, column, widths[column]) for column in range(len(HEAD))).rstrip() for row in rows]
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


def _narrow(widths: list[int], width: int) -> None:
    """Take from the names of evals and models, the wider one first, what is more than `width`; 12 letters stay."""
    excess = sum(widths) + 2 * (len(widths) - 1) - width
    while excess > 0 and max(widths[1], widths[2]) > 12:
        widths[1 if widths[1] >= widths[2] else 2] -= 1
        excess -= 1


def _cell(row: tuple[str, ...], column: int, width: int) -> str:
    text = cut_middle(row[column], width)
    return f"{text:>{width}}" if HEAD[column] in ("score", "n", "cost") else f"{text:<{width}}"
