"""A result as a small HTML table for notebooks, without colours of its own: it suits light and dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evals.report_keys import Metric
from evals.texts.number_text import interval_text, number
from evals.texts.safe_text import one_line

_RIGHT = ' style="text-align: right; font-variant-numeric: tabular-nums"'
_LEFT = ' style="text-align: left"'


def result_html(title: str, metrics: Mapping[str, Metric], notes: Iterable[str] = ()) -> str:
    """The table, with `title` above it and `notes` below; all texts are escaped."""
    head = _cells("th", ["", "value", "stderr", "95 % interval", "method", "n"])
    body = "".join(f"<tr>{_cells('td', _shown(name, metric))}</tr>" for name, metric in metrics.items())
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if metrics else "<p>no metrics</p>"
    below = "".join(f'<div style="opacity: 0.75">{_escaped(note)}</div>' for note in notes)
    return f"<div><div><strong>{_escaped(title)}</strong></div>{table}{below}</div>"


def _escaped(text: str) -> str:
    """`text` as HTML text: no markup, and nothing that hides or turns letters."""
    from html import escape

    return escape(one_line(text))


def _cells(tag: str, texts: Sequence[str]) -> str:
    """A row's cells: the first to the left, numbers to the right."""
    styles = [_LEFT, *[_RIGHT] * (len(texts) - 1)]
    return "".join(f"<{tag}{style}>{_escaped(text)}</{tag}>" for style, text in zip(styles, texts, strict=True))


def _shown(name: str, metric: Metric) -> list[str]:
    stderr = "" if metric.stderr is None else number(metric.stderr)
    interval = "" if metric.ci95 is None else interval_text(*metric.ci95)
    return [
        name,
        number(metric.value),
        stderr,
        interval,
        metric.method or "",
        "" if metric.n is None else f"{metric.n:,}",
    ]
