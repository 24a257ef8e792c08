"""A gate's verdicts for people and machines: terminal table, Markdown, JUnit XML, GitHub annotations."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from evals.comparison.gate import EvalVerdict, GateLimits, points
from evals.report.terminal.run import number

WORDS = {"regression": "REGRESSION", "ok": "ok", "undecided": "CANNOT TELL"}


def table(verdicts: Sequence[EvalVerdict], limits: GateLimits) -> str:
    """The verdicts as a table of at most 80 columns, each with its reason, and what the gate promises."""
    width = min(24, max(4, *(len(verdict.eval_name) for verdict in verdicts)))
    lines = [f"{'eval':<{width}}  baseline  now    difference               n       verdict"]
    for verdict in verdicts:
        name = verdict.eval_name
        if len(name) > width:
            lines.append(name)
            name = ""
        lines.append(
            f"{name:<{width}}  {number(verdict.baseline_score):<8}  {number(verdict.score):<5}  {_difference(verdict)}"
            f"  {verdict.n:<6,}  {WORDS[verdict.verdict]}"
        )
        lines.extend(f"  {reason}" for reason in [_reason(verdict, limits), *verdict.notes] if reason)
    return "\n".join([*lines, "", promise(verdicts, limits)])


def _difference(verdict: EvalVerdict) -> str:
    interval = verdict.test.difference.interval
    if math.isnan(interval.low):
        return f"{signed(verdict.test.difference.value)} [interval: -]    "
    return f"{signed(verdict.test.difference.value)} [{signed(interval.low)}, {signed(interval.high)}]"


def signed(value: float) -> str:
    """`+0.022`, `-0.031`, or a dash."""
    return "-" if math.isnan(value) else f"{value:+.3f}"


def _reason(verdict: EvalVerdict, limits: GateLimits) -> str:
    if verdict.verdict == "regression":
        return f"the drop is over {points(limits.max_drop)}, p = {verdict.p_holm:.2g}"
    if verdict.verdict == "undecided":
        needed = verdict.test.n_needed
        enough = f"; about {needed:,} would do" if needed is not None and needed > verdict.n else ""
        return f"cannot tell with {verdict.n:,} samples{enough}"
    return ""


def promise(verdicts: Sequence[EvalVerdict], limits: GateLimits) -> str:
    """What the gate promises: its false alarms, and the drops that it finds."""
    found = [verdict.test.detectable_drop for verdict in verdicts if not math.isnan(verdict.test.detectable_drop)]
    caught = f"{limits.power:.0%} of drops of {points(round(max(found), 3))} are caught" if found else ""
    healthy = f"at most {limits.alpha:.0%} of healthy changes (drops up to {points(limits.max_drop)}) fail this gate"
    return "\n".join(line for line in (healthy, caught) if line)


def markdown(verdicts: Sequence[EvalVerdict], limits: GateLimits) -> str:
    """A table for a pull request or a step summary."""
    rows = [
        "| eval | baseline | now | difference (95 % interval) | n | verdict |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for verdict in verdicts:
        cells = [verdict.eval_name, number(verdict.baseline_score), number(verdict.score), _difference(verdict)]
        reason = _reason(verdict, limits)
        cells += [f"{verdict.n:,}", WORDS[verdict.verdict] + (f": {reason}" if reason else "")]
        rows.append("| " + " | ".join(cell.replace("|", "\\|").strip() for cell in cells) + " |")
    return "\n".join(["### Evals gate", "", *rows, "", promise(verdicts, limits).replace("\n", "; ")])


def junit(verdicts: Sequence[EvalVerdict], limits: GateLimits, undecided: str) -> str:
    """JUnit XML: one test case an eval; a regression is a failure, an undecided one a failure unless it may pass."""
    failing = {"regression"} | ({"undecided"} if undecided != "pass" else set())
    n_failures = sum(verdict.verdict in failing for verdict in verdicts)
    suite = ET.Element(
        "testsuite", name="evals gate", tests=str(len(verdicts)), failures=str(n_failures), errors="0", skipped="0"
    )
    for verdict in verdicts:
        case = ET.SubElement(suite, "testcase", classname="evals.gate", name=verdict.eval_name)
        said = f"{_difference(verdict)} n = {verdict.n}: {WORDS[verdict.verdict]} {_reason(verdict, limits)}".strip()
        if verdict.verdict in failing:
            failure = ET.SubElement(case, "failure", message=said, type=verdict.verdict)
            failure.text = "\n".join([said, *verdict.notes, f"record: {verdict.run.path}"])
        else:
            ET.SubElement(case, "system-out").text = said
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def github_annotations(verdicts: Sequence[EvalVerdict], limits: GateLimits) -> list[str]:
    """GitHub workflow commands: an error for each regression, a warning for what could not be decided."""
    lines = []
    for verdict in verdicts:
        if verdict.verdict == "ok":
            continue
        level = "error" if verdict.verdict == "regression" else "warning"
        title = _escaped(f"evals: {verdict.eval_name}").replace(",", "%2C").replace(":", "%3A")
        text = f"{WORDS[verdict.verdict]} {_difference(verdict)} n = {verdict.n}. {_reason(verdict, limits)}"
        lines.append(f"::{level} title={title}::{_escaped(text)}")
    return lines


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
