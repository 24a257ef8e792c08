"""Numbers as texts for people: decimals, signs, intervals, percentages, counts, money and durations."""

from __future__ import annotations

import math

UNDEFINED = "-"
"Stands for a number that is not defined: None, NaN, an infinity."


def number(value: float | None) -> str:
    """Three decimals, one from 1,000 up; whole numbers (ints) as they are; a dash for what is not defined."""
    if value is None or not math.isfinite(value):
        return UNDEFINED
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.1f}"


def signed(value: float) -> str:
    """`number` with its sign: `+0.022`, `-0.031`, and `+0.000` for nothing at all."""
    text = number(value)
    if text == UNDEFINED or value < 0:
        return text
    return f"+{text.removeprefix('-')}"  # -0.0 is no negative number


def interval_text(low: float, high: float) -> str:
    """`0.301 to 0.954`."""
    return f"{number(low)} to {number(high)}"


def signed_interval_text(low: float, high: float) -> str:
    """`-0.261 to -0.150`, with the signs of a difference."""
    return f"{signed(low)} to {signed(high)}"


def level_text(confidence: float) -> str:
    """`95 %`, for the level of an interval. confidence: in (0, 1)."""
    return f"{100 * confidence:g} %"


def percent(fraction: float) -> str:
    """`84%`: a rate in whole percent."""
    return f"{fraction:.0%}"


def points(fraction: float, decimals: int | None = None) -> str:
    """A difference of rates in points of 100: `2 points`, `0.5 points`; always with `decimals` where they are given."""
    value = 100 * fraction
    if decimals is not None:
        return f"{value:.{decimals}f} points"
    value = round(value, 2)
    return f"{value:g} point{'' if value == 1 else 's'}"


def counted(n: int, noun: str) -> str:
    """`1 call`, `1,319 calls`. noun: in the singular; its plural ends in s."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def counted_with(n: int, noun: str, verb: str, verb_of_many: str) -> str:
    """`1 sample has`, `3 samples have`: a count with its noun and a verb that fits."""
    return f"{counted(n, noun)} {verb if n == 1 else verb_of_many}"


def money(usd: float) -> str:
    """Dollars: cents, and less than a cent to four decimals; `$0` is none at all."""
    if usd >= 0.01 or not usd:
        return f"${usd:,.2f}" if usd else "$0"
    return f"${usd:.4f}" if usd >= 0.0001 else "under $0.0001"


def seconds(duration_s: float) -> str:
    """`12.3 s`, and without decimals from 100 seconds up."""
    return f"{duration_s:,.1f} s" if duration_s < 100 else f"{duration_s:,.0f} s"


def duration_text(duration_s: float | None) -> str:
    """`12.000ms`, `3.500s` or `2min5s`, as openai/evals writes durations; `n/a` for None."""
    if duration_s is None:
        return "n/a"
    if duration_s < 1:
        return f"{1000 * duration_s:0.3f}ms"
    if duration_s < 60:
        return f"{duration_s:0.3f}s"
    return f"{int(duration_s // 60)}min{int(duration_s % 60)}s"
