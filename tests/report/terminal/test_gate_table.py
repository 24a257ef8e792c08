"""A gate's verdicts in the terminal: 80 columns, each with its reason."""

from __future__ import annotations

from made_runs import verdict_of

from evals.comparison.gate import GateLimits
from evals.report.terminal.gate import gate_table

LIMITS = GateLimits()


def test_each_verdict_has_its_reason_and_the_gate_its_error_rates(tmp_path):
    lines = gate_table([verdict_of(tmp_path, [1.0] * 400, [1.0, 0.0] * 200)], LIMITS).splitlines()
    assert lines[1].split()[:4] == ["sums.test.v1", "1.000", "0.500", "-0.500"]
    assert lines[1].split()[-2:] == ["400", "REGRESSION"]
    assert lines[2] == "  the baseline is better than this run (at the 5 % level)."
    assert lines[3].startswith("  the drop is over 2 points, p = ")
    assert lines[-2] == "False-alarm rate: at most 5% (for drops up to 2 points)"
    assert max(map(len, lines)) <= 80


def test_an_undecided_verdict_says_how_many_samples_would_do(tmp_path):
    verdict = verdict_of(tmp_path, [1.0, 0.0] * 20, [1.0, 0.0, 0.0, 1.0] * 10)
    assert "cannot tell with 40 samples; about" in gate_table([verdict], LIMITS)


def test_a_long_name_has_a_line_of_its_own_and_cannot_steer_the_terminal(tmp_path):
    verdict = verdict_of(tmp_path, [1.0] * 400, [1.0, 0.0] * 200, "\x1b[2J\n" + "long" * 8 + ".test.v1")
    lines = gate_table([verdict], LIMITS).splitlines()
    assert lines[1] == "\\x1b[2J " + "long" * 8 + ".test.v1"
    assert lines[2].startswith(" " * 26 + "1.000")
