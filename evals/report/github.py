"""A gate's verdicts as GitHub workflow commands, which annotate a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evals.comparison.gate import EvalVerdict, GateLimits
from evals.report.gate_words import WORDS, difference, reason
from evals.report.words import printable


def gate_annotations(verdicts: Sequence[EvalVerdict], limits: GateLimits) -> list[str]:
    """One line for each verdict that is not ok: a warning for an undecided one, else an error."""
    lines = []
    for verdict in verdicts:
        if verdict.verdict == "ok":
            continue
        level = "warning" if verdict.verdict == "undecided" else "error"
        title = _escaped(f"evals: {_name(verdict.eval_name)}").replace(",", "%2C").replace(":", "%3A")
        text = f"{WORDS[verdict.verdict]} {difference(verdict)} n = {verdict.n}. {reason(verdict, limits)}"
        lines.append(f"::{level} title={title}::{_escaped(text)}")
    return lines


def _name(name: str) -> str:
    """The name up to its first line end or control code: no eval has one, but a record may say that its eval has."""
    return re.split(r"[^ -~\u00a1-\uffff]", name, maxsplit=1)[0]


def _escaped(text: str) -> str:
    """Escape a value as GitHub's toolkit does. An unescaped line end would start another command."""
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
