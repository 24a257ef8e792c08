"""A gate's verdicts as Markdown, for a pull request or a step summary."""

from __future__ import annotations

from collections.abc import Sequence

from evals.comparison.gate import EvalVerdict, GateLimits
from evals.report.gate_words import WORDS, difference, explanation, promise, reason
from evals.report.markdown.cells import cell
from evals.report.words import level_text, number


def gate_markdown(verdicts: Sequence[EvalVerdict], limits: GateLimits) -> str:
    """A table of the verdicts, and the gate's error rates."""
    rows = [
        f"| eval | baseline | now | difference ({level_text(1 - limits.alpha)} interval) | n | verdict |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for verdict in verdicts:
        why = " ".join(text for text in (explanation(verdict), reason(verdict, limits)) if text)
        cells = [cell(verdict.eval_name), number(verdict.baseline_score), number(verdict.score)]
        cells += [difference(verdict), f"{verdict.n:,}", WORDS[verdict.verdict] + (f": {cell(why)}" if why else "")]
        rows.append("| " + " | ".join(text.strip() for text in cells) + " |")
    return "\n".join(["### Evals gate", "", *rows, "", "; ".join(promise(verdicts, limits))])
