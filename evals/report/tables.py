"""Tables of runs for people and papers: as text, Markdown, CSV and LaTeX. Every number has its interval and its n."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evals.comparison.run_table import RunTable, TableRun, metric_in
from evals.errors import listed
from evals.report.markdown.cells import cell
from evals.report.words import WIDTH, counted, interval_text, number, one_line
from evals.report_keys import TOO_FEW, Metric
from evals.texts.csv_cells import csv_cell

Row = Sequence[str]

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def text_table(table: RunTable, metric: str | None) -> str:
    """Lines of at most 80 columns where names allow; runs by runs where a matrix would be wider."""
    head, rows = _shaped(table, metric)
    lines, notes = _aligned([head, *rows]), _notes(table, metric)
    if max(map(len, lines)) > WIDTH and len(table.runs) > 1:
        lines, notes = _aligned([_LONG_HEAD, *_long_rows(table, metric)]), _common_notes(table)
    return "\n".join([*lines, *([""] if notes else []), *notes])


def markdown_table(table: RunTable, metric: str | None) -> str:
    """A Markdown table, and a line on what its numbers are."""
    head, rows = _shaped(table, metric)
    lines = [_markdown_row(head), "|" + " --- |" * len(head), *map(_markdown_row, rows)]
    notes = [f"{cell(note)}  " for note in _notes(table, metric)]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def latex_table(table: RunTable, metric: str | None) -> str:
    r"""A tabular with the rules of booktabs (`\usepackage{booktabs}`); what its numbers are stands in a comment."""
    head, rows = _shaped(table, metric)
    body = [f"{' & '.join(map(latex_text, row))} \\\\" for row in rows]
    return "\n".join(
        [
            *(f"% {one_line(note)}" for note in _notes(table, metric)),
            rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
            r"\toprule",
            f"{' & '.join(map(latex_text, head))} \\\\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def csv_table(table: RunTable, metric: str | None) -> str:
    """One line a metric of a run, unrounded: model, eval, metric, value, stderr, both ends of the interval, n."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(_plain_row(table.runs[0], "", Metric(0.0))), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: "" if value is None else csv_cell(value) for key, value in row.items()}
        for row in plain_rows(table, metric)
    )
    return out.getvalue().removesuffix("\n")


def plain_rows(table: RunTable, metric: str | None) -> list[dict[str, Any]]:
    """One object a metric of a run; all metrics where none is asked for."""
    if metric is not None:
        metric_in(table, table.runs[0].eval_name, metric)
    return [
        _plain_row(run, name, found)
        for run in table.runs
        for name, found in run.metrics.items()
        if metric is None or name == metric
    ]


FORMATS: Mapping[str, Callable[[RunTable, str | None], str]] = {
    "text": text_table,
    "markdown": markdown_table,
    "csv": csv_table,
    "latex": latex_table,
}

_LONG_HEAD = ("model", "eval", "metric", "score", "95 % interval", "n")
_NAMES = ("model", "eval", "metric")
_ONE_HEAD = ("metric", "score", "stderr", "95 % interval", "n")


def latex_text(text: str) -> str:
    """`text` in one line, with all that LaTeX reads as a command escaped."""
    return "".join(_LATEX.get(char, char) for char in one_line(text))


def _shaped(table: RunTable, metric: str | None) -> tuple[Row, Sequence[Row]]:
    """Head and rows: all metrics of a single run, else models by evals."""
    if len(table.runs) == 1:
        run = table.runs[0]
        if metric is not None:
            metric_in(table, run.eval_name, metric)
        names = [metric] if metric is not None else list(run.metrics)
        return _ONE_HEAD, [_one_row(name, run.metrics[name]) for name in names]
    columns = [(name, metric_in(table, name, metric)) for name in table.evals]
    rows = [
        [one_line(model), *(_matrix_cell(table.run_of(model, name), wanted) for name, wanted in columns)]
        for model in table.models
    ]
    return ["model", *(one_line(name) for name, _ in columns)], rows


def _one_row(name: str, found: Metric) -> Row:
    stderr = "" if found.stderr is None else number(found.stderr)
    return [one_line(name), _value(found), stderr, _interval(found), _n(found)]


def _matrix_cell(run: TableRun | None, wanted: str | None) -> str:
    found = None if run is None or wanted is None else run.metrics.get(wanted)
    if run is None or found is None:
        return ""
    interval = "" if found.ci95 is None else f" [{number(found.ci95[0])}, {number(found.ci95[1])}]"
    return f"{_value(found)}{interval}{'*' if run.n_errors else ''}"


def _long_rows(table: RunTable, metric: str | None) -> list[Row]:
    rows: list[Row] = []
    for run in table.runs:
        wanted = metric_in(table, run.eval_name, metric)
        found = run.metrics.get(wanted or "")
        if found is not None:
            names = (one_line(run.model), one_line(run.eval_name), one_line(str(wanted)))
            rows.append((*names, _value(found) + ("*" if run.n_errors else ""), _interval(found), _n(found)))
    return rows


def _notes(table: RunTable, metric: str | None) -> list[str]:
    """What the numbers are: metric and n of each eval, the level of the intervals, and failed samples."""
    notes = []
    if len(table.runs) > 1:
        for name in table.evals:
            wanted = metric_in(table, name, metric)
            found = [run.metrics.get(wanted or "") for run in table.runs if run.eval_name == name]
            sizes = [one.n for one in found if one is not None and one.n is not None]
            notes.append(f"{one_line(name)}: {wanted}, {_sizes(sizes)}")
        notes.append("In brackets: the 95 % interval.")
    return notes + _common_notes(table)


def _n_failed(run: TableRun) -> str:
    return counted(run.n_errors, "evaluation") if run.has_repeats else f"{run.n_errors:,}"


def _common_notes(table: RunTable) -> list[str]:
    return _failed_notes(table) + _notes_on_reports(table)


def _notes_on_reports(table: RunTable) -> list[str]:
    """What is said of reports without n and intervals, once for all runs of which the same is said."""
    said: dict[str, list[str]] = {}
    for run in table.runs:
        for note in run.notes:
            said.setdefault(note, []).append(one_line(run.path.rpartition("/")[2]))
    return [f"{listed(names, 3)}: {one_line(note)}" for note, names in said.items()]


def _failed_notes(table: RunTable) -> list[str]:
    failing = [run for run in table.runs if run.n_errors]
    if not failing:
        return []
    failed = [f"{one_line(run.model)} on {one_line(run.eval_name)} ({_n_failed(run)})" for run in failing]
    return [f"* samples failed and were not scored: {', '.join(failed)}"]


def _sizes(sizes: Sequence[int]) -> str:
    if not sizes:
        return "n not recorded"
    least, most = min(sizes), max(sizes)
    return f"n = {most:,}" if least == most else f"n = {least:,} to {most:,}"


def _plain_row(run: TableRun, name: str, found: Metric) -> dict[str, Any]:
    low, high = found.ci95 or (None, None)
    return {
        "model": run.model,
        "eval": run.eval_name,
        "metric": name,
        "value": None if math.isnan(found.value) else found.value,
        "stderr": found.stderr,
        "ci95_low": low,
        "ci95_high": high,
        "n": found.n,
        "n_errors": run.n_errors,
        "created_at": run.created_at,
        "record": run.path,
    }


def _value(found: Metric) -> str:
    return "-" if math.isnan(found.value) else number(found.value)


def _interval(found: Metric) -> str:
    if found.is_too_few:
        return TOO_FEW
    return "" if found.ci95 is None else interval_text(*found.ci95)


def _n(found: Metric) -> str:
    return "" if found.n is None else f"{found.n:,}"


def _aligned(rows: Sequence[Row]) -> list[str]:
    """Columns two spaces apart, names at the left and numbers at the right."""
    head = rows[0]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = []
    for row in rows:
        cells = zip(head, row, widths, strict=True)
        lines.append(
            "  ".join(f"{text:<{w}}" if name in _NAMES else f"{text:>{w}}" for name, text, w in cells).rstrip()
        )
    return lines


def _markdown_row(row: Row) -> str:
    return f"| {' | '.join(map(cell, row))} |"
