"""A gate's verdicts as JUnit XML, which CI systems show as tests."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from evals.comparison.gate import EvalVerdict, GateLimits
from evals.report.gate_words import WORDS, difference, reason
from evals.report.words import one_line, printable

_NOT_IN_XML = re.compile(r"[\ufffe\uffff]")
"Characters that `printable` leaves and XML 1.0 does not allow (section 2.2)."


def gate_junit(verdicts: Sequence[EvalVerdict], limits: GateLimits, undecided: str) -> str:
    """One test case an eval. It fails for a regression or a run that is not complete, and for an undecided one unless
    `undecided` is `pass`, or `neutral`, which shows it as skipped."""
    failing = {"regression", "incomplete"} | ({"undecided"} if undecided not in ("neutral", "pass") else set())
    skipped = {"undecided"} if undecided == "neutral" else set()
    n_failures = sum(verdict.verdict in failing for verdict in verdicts)
    n_skipped = sum(verdict.verdict in skipped for verdict in verdicts)
    counts = {"tests": len(verdicts), "failures": n_failures, "errors": 0, "skipped": n_skipped}
    suite = ET.Element("testsuite", {"name": "evals gate", **{name: str(count) for name, count in counts.items()}})
    for verdict in verdicts:
        case = ET.SubElement(suite, "testcase", classname="evals.gate", name=_xml(one_line(verdict.eval_name)))
        said = f"{difference(verdict)} n = {verdict.n}: {WORDS[verdict.verdict]} {reason(verdict, limits)}".strip()
        if verdict.verdict in failing:
            failure = ET.SubElement(case, "failure", message=_xml(said), type=verdict.verdict)
            failure.text = _xml("\n".join([said, *verdict.notes, f"record: {verdict.run.path}"]))
        elif verdict.verdict in skipped:
            ET.SubElement(case, "skipped", message=_xml(said))
        else:
            ET.SubElement(case, "system-out").text = _xml(said)
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    """`text` with control characters escaped, because a parser rejects a file that holds one."""
    return _NOT_IN_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", printable(text))
