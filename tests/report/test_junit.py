"""JUnit files of a gate open in every reader, whatever an eval is called."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from made_runs import verdict_of

from evals.comparison.gate import GateLimits
from evals.report.junit import gate_junit

LIMITS = GateLimits()


@pytest.mark.parametrize("name", ["su\x01ms\x1b[2J.test.v1", "a\nb<c>&\"d'.test.v1", "x\ufffe\uffff\ud800.test.v1"])
def test_a_name_with_control_characters_makes_xml_that_opens(tmp_path, name):
    verdict = verdict_of(tmp_path, [1.0] * 400, [1.0, 0.0] * 200, name)
    case = ET.fromstring(gate_junit([verdict], LIMITS, "exit5")).find("testcase")
    assert case is not None
    assert str(case.get("name")).endswith(".test.v1")


def test_an_undecided_verdict_is_a_failure_unless_it_may_pass(tmp_path):
    verdict = verdict_of(tmp_path, [1.0, 0.0] * 20, [1.0, 0.0, 0.0, 1.0] * 10)
    failures = [ET.fromstring(gate_junit([verdict], LIMITS, way)).get("failures") for way in ("exit5", "fail", "pass")]
    assert failures == ["1", "1", "0"]
    suite = ET.fromstring(gate_junit([verdict], LIMITS, "neutral"))
    assert (suite.get("failures"), suite.get("skipped"), len(suite.findall("testcase/skipped"))) == ("0", "1", 1)


def test_a_verdict_that_is_ok_is_no_failure(tmp_path):
    verdict = verdict_of(tmp_path, [1.0, 0.0] * 1000, [1.0, 0.0] * 1000)
    suite = ET.fromstring(gate_junit([verdict], LIMITS, "exit5"))
    assert (verdict.verdict, suite.get("failures"), suite.find("testcase/failure")) == ("ok", "0", None)
