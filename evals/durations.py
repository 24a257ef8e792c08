"""Durations as short texts for people."""

from __future__ import annotations


def duration_text(duration_s: float | None) -> str:
    """`12.000ms`, `3.500s` or `2min5s`; `n/a` for None."""
    if duration_s is None:
        return "n/a"
    if duration_s < 1:
        return f"{1000 * duration_s:0.3f}ms"
    if duration_s < 60:
        return f"{duration_s:0.3f}s"
    return f"{int(duration_s // 60)}min{int(duration_s % 60)}s"
