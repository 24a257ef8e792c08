"""A gate's verdicts as a Markdown table."""

from __future__ import annotations

from made_runs import verdict_of

from evals.comparison.gate import GateLimits
from evals.report.markdown.gate import gate_markdown


def test_the_table_holds_whatever_an_eval_is_called(tmp_path):
    verdict = verdict_of(tmp_path, [1.0] * 400, [1.0, 0.0] * 200, "a|b\nc.test.v1")
    lines = gate_markdown([verdict], GateLimits()).splitlines()
    (row,) = [line for line in lines if "REGRESSION" in line]
    assert row.startswith("| a\\|b c.test.v1 | 1.000 | 0.500 | -0.500 [")
    assert row.replace("\\|", "").count("|") == lines[2].count("|") == 7
    assert lines[-1].startswith("False-alarm rate: at most 5%")
