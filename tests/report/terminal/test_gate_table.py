"""A gate's verdicts for people and machines: 80 columns, tables that hold, XML that opens, one command a line."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from made_runs import write_run

from evals.comparison.baseline import Baseline, baseline_path
from evals.comparison.gate import EvalVerdict, GateLimits, gate_runs
from evals.comparison.scores import read_scores
from evals.report.github import gate_annotations
from evals.report.junit import gate_junit
from evals.report.markdown.gate import gate_markdown
from evals.report.terminal.gate import gate_table

LIMITS = GateLimits()


def verdict_of(folder: Path, before: list[float], after: list[float], name: str = "sums.test.v1") -> EvalVerdict:
    old, new = (
        read_scores(write_run(folder / f"{i}.jsonl", run, eval_name=name)) for i, run in enumerate((before, after))
    )
    Baseline.of(old).write(baseline_path(folder / "b", name))
    return gate_runs([new], folder / "b", LIMITS)[0]


@pytest.fixture
def regression(tmp_path):
    return verdict_of(tmp_path, [1.0] * 400, [1.0, 0.0] * 200)


def test_each_verdict_has_its_reason_and_the_gate_its_promise(regression):
    lines = gate_table([regression], LIMITS).splitlines()
    assert lines[1].split() == ["sums.test.v1", "1.000", "0.500", "-0.500", *lines[1].split()[4:6], "400", "REGRESSION"]
    assert lines[2].startswith("  the drop is over 2 points, p = ")
    assert lines[-2] == "at most 5% of healthy changes (drops up to 2 points) fail this gate"
    assert max(map(len, lines)) <= 80


def test_an_undecided_verdict_says_how_many_samples_would_do(tmp_path):
    verdict = verdict_of(tmp_path, [1.0, 0.0] * 20, [1.0, 0.0, 0.0, 1.0] * 10)
    assert "cannot tell with 40 samples; about" in gate_table([verdict], LIMITS)
    assert gate_annotations([verdict], LIMITS)[0].startswith("::warning title=evals%3A sums.test.v1::CANNOT TELL")
    assert 'failures="0"' in gate_junit([verdict], LIMITS, "pass")
    assert 'failures="1"' in gate_junit([verdict], LIMITS, "exit5")


def test_a_name_with_control_characters_makes_xml_that_opens_and_lines_that_hold(tmp_path):
    name = "su\x01ms\x1b[2J\n::error::x|\ufffe.test.v1"
    verdict = verdict_of(tmp_path, [1.0] * 400, [1.0, 0.0] * 200, name)
    case = ET.fromstring(gate_junit([verdict], LIMITS, "exit5")).find("testcase")
    assert case is not None
    assert case.get("name") == "su\\x01ms\\x1b[2J\n::error::x|\\ufffe.test.v1".replace("\n", " ")
    for text in (gate_table([verdict], LIMITS), gate_markdown([verdict], LIMITS), *gate_annotations([verdict], LIMITS)):
        assert "\x01" not in text
        assert not any(line.startswith("::error::x") for line in text.splitlines())
    assert "\\|" in gate_markdown([verdict], LIMITS)


def test_a_verdict_that_is_ok_is_no_failure(tmp_path):
    verdict = verdict_of(tmp_path, [1.0, 0.0] * 1000, [1.0, 0.0] * 1000)
    suite = ET.fromstring(gate_junit([verdict], LIMITS, "exit5"))
    assert (verdict.verdict, suite.get("failures"), suite.find("testcase/failure")) == ("ok", "0", None)
    assert gate_annotations([verdict], LIMITS) == []
    assert json.loads(json.dumps(verdict.as_dict()))["difference"] == 0.0
