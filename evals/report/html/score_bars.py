"""The scores of a run as bars, drawn without matplotlib: SVG without styles, its figures in words, and CSV."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any

from evals.report.words import counted, number, one_line, percent
from evals.texts.safe_text import printable

MOST_BARS = 10
WIDTH, HEIGHT = 560, 240
_LEFT, _TOP, _RIGHT, _BOTTOM = 56, 34, 12, 40
_COLOUR, _QUIET, _LINE = "#0b62c4", "#444444", "#777777"
"The style of the page gives each its own shade in light and in dark."

Bar = tuple[str, int]
"What a bar stands for, and how many scores."


def score_bars(scores: Sequence[float | None], name: str, number_of_run: int = 0) -> dict[str, Any] | None:
    """A histogram of scores for the plots of a page; None where there are no two different scores.

    scores: None for what was not scored. name: of the run. number_of_run: tells the files of several runs apart.
    """
    known = [score for score in scores if score is not None and math.isfinite(score)]
    if len(set(known)) < 2:
        return None
    bars = bars_of(known)
    title = f"scores of {one_line(name)} (n = {len(known):,})"
    lines = [title, *(f"  {label:<18} {count:>7,}  {percent(count / len(known))}" for label, count in bars)]
    if left := len(scores) - len(known):
        lines.append(f"  {counted(left, 'evaluation')} without a score")
    data = "\n".join(["score,count", *(f"{label},{count}" for label, count in bars)]) + "\n"
    return {
        "name": "scores",
        "help": "how often each score was given",
        "svg": _svg(bars, title),
        "text": printable("\n".join(lines)),
        "csv": "data:text/csv;base64," + base64.b64encode(data.encode()).decode(),
        "file": f"scores-{number_of_run}.csv",
    }


def bars_of(scores: Sequence[float]) -> list[Bar]:
    """A bar for each score where there are few; else `MOST_BARS` intervals of equal width, the last one closed."""
    values = sorted(set(scores))
    if len(values) <= MOST_BARS:
        return [(number(value), sum(score == value for score in scores)) for value in values]
    low, width = values[0], (values[-1] - values[0]) / MOST_BARS
    counts = [0] * MOST_BARS
    for score in scores:
        counts[min(MOST_BARS - 1, int((score - low) / width))] += 1
    return [(f"{number(low + i * width)} to {number(low + (i + 1) * width)}", count) for i, count in enumerate(counts)]


def _svg(bars: Sequence[Bar], title: str) -> str:
    """The bars with their counts above and what they stand for below; the height is that of the largest count."""
    most = max(count for _, count in bars)
    step = (WIDTH - _LEFT - _RIGHT) / len(bars)
    floor = HEIGHT - _BOTTOM
    drawn = []
    for place, (label, count) in enumerate(bars):
        height = (floor - _TOP) * count / most
        middle = _LEFT + (place + 0.5) * step
        shown = label.partition(" to ")[0]
        drawn += [
            f'<rect x="{middle - 0.4 * step:.1f}" y="{floor - height:.1f}" width="{0.8 * step:.1f}" '
            f'height="{height:.1f}" fill="{_COLOUR}"/>',
            f'<text x="{middle:.1f}" y="{floor - height - 5:.1f}" text-anchor="middle" font-size="11">{count:,}</text>',
            f'<text x="{middle:.1f}" y="{floor + 16}" text-anchor="middle" font-size="11">{shown}</text>',
        ]
    line = f'<path d="M{_LEFT} {floor}H{WIDTH - _RIGHT}" stroke="{_LINE}" fill="none"/>'
    below = "score" if len(bars) < MOST_BARS or " to " not in bars[0][0] else "score, from"
    axis = f'<text x="{_LEFT}" y="{HEIGHT - 6}" font-size="11" fill="{_QUIET}">{below}</text>'
    head = f'<text x="{_LEFT}" y="16" font-size="13">{_escaped(title)}</text>'
    label = _escaped(f"{title}: " + ", ".join(f"{label}: {count:,}" for label, count in bars))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f"{head}{''.join(drawn)}{line}{axis}</svg>"
    )


def _escaped(text: str) -> str:
    import html

    return html.escape(text, quote=True)
