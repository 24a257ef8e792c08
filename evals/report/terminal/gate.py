"""A gate's verdicts as a table in the terminal, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence

from evals.comparison.gate import EvalVerdict, GateLimits
from evals.report.gate_words import WORDS, difference, explanation, promise, reason
from evals.report.words import WIDTH, number, one_line, wrapped

MAX_NAME = 24
"Columns of an eval's name; a longer one has a line of its own."


def _said(verdict: EvalVerdict, limits: GateLimits) -> list[str]:
    return [*wrapped(explanation(verdict), rest="", width=WIDTH - 2), reason(verdict, limits), *verdict.notes]


def gate_table(verdicts: Sequence[EvalVerdict], limits: GateLimits) -> str:
    """The table, at most 80 columns wide, and the gate's error rates."""
    names = [one_line(verdict.eval_name) for verdict in verdicts]
    width = min(MAX_NAME, max(4, *map(len, names)))
    lines = [f"{'eval':<{width}}  baseline  now    difference               n       verdict"]
    for name, verdict in zip(names, verdicts, strict=True):
        if len(name) > width:
            lines.append(name)
            name = ""
        lines.append(
            f"{name:<{width}}  {number(verdict.baseline_score):<8}  {number(verdict.score):<5}  {difference(verdict)}"
            f"  {verdict.n:<6,}  {WORDS[verdict.verdict]}"
        )
        lines.extend(f"  {one_line(text)}" for text in _said(verdict, limits) if text)
    return "\n".join([*lines, "", *promise(verdicts, limits)])
