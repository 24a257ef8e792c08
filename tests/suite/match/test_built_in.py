"""TestMatch: an eval without a data file."""

from __future__ import annotations

from evals.elsuite.test.match import TestMatch
from evals.record import DummyRecorder
from evals.suite.match import built_in
from evals.suite.match.match import Match
from evals.testing.doubles import TestCompletionFn


def test_it_is_a_match_with_three_samples():
    evaluation = TestMatch([TestCompletionFn("")])
    assert isinstance(evaluation, Match)
    assert len(evaluation.get_samples()) == 3
    for sample in evaluation.get_samples():
        evaluation.check_sample(sample)


def test_a_run_needs_no_file():
    report = TestMatch([TestCompletionFn("Paris")]).run(DummyRecorder(None))
    assert (report["accuracy"], report["n"]) == (1 / 3, 3)


def test_the_path_of_openai_evals_leads_to_the_same_class():
    assert TestMatch is built_in.TestMatch
