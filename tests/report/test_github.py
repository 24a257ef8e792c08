"""GitHub annotations of a gate: one command a line, whatever an eval is called."""

from __future__ import annotations

from made_runs import verdict_of

from evals.comparison.gate import GateLimits
from evals.report.github import gate_annotations

LIMITS = GateLimits()


def test_a_regression_is_an_error_and_what_cannot_be_told_a_warning(tmp_path):
    bad = verdict_of(tmp_path / "bad", [1.0] * 400, [1.0, 0.0] * 200)
    unsure = verdict_of(tmp_path / "unsure", [1.0, 0.0] * 20, [1.0, 0.0, 0.0, 1.0] * 10)
    fine = verdict_of(tmp_path / "fine", [1.0, 0.0] * 1000, [1.0, 0.0] * 1000)
    lines = gate_annotations([bad, unsure, fine], LIMITS)
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning"]
    assert lines[0].startswith("::error title=evals%3A sums.test.v1::REGRESSION -0.500 [")


def test_a_name_cannot_begin_a_command_of_its_own(tmp_path):
    verdict = verdict_of(tmp_path, [1.0] * 400, [1.0, 0.0] * 200, "a\n::add-mask::x,\x1b.test.v1")
    (line,) = gate_annotations([verdict], LIMITS)
    assert "\n" not in line
    assert "\x1b" not in line
    assert line.startswith("::error title=evals%3A a::REGRESSION")
