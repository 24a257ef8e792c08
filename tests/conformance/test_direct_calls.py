"""Unit tests of the kind that plug-in authors write for openai/evals: `eval_sample` called by hand, recorder watched."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import call, patch

import pytest
from plugins import plugin_evals, plugin_solvers

from evals.api import DummyCompletionFn
from evals.elsuite.basic.fuzzy_match import FuzzyMatch
from evals.elsuite.basic.includes import Includes
from evals.elsuite.basic.json_match import JsonMatch
from evals.elsuite.basic.json_validator import JsonValidator
from evals.elsuite.basic.match import Match
from evals.elsuite.basic.match_with_solvers import MatchWithSolvers
from evals.elsuite.translate import Translate
from evals.record import DummyRecorder
from evals.solvers.solver import DummySolver
from evals.task_state import Message, TaskState
from evals.utils.test import TestCompletionFn


def recorded(evaluation: Any, sample: Any, method: str) -> Any:
    """The calls of one recorder method while a sample is evaluated by hand."""
    recorder = DummyRecorder(None)
    with (
        recorder.as_default_recorder("x"),
        patch.object(recorder, method, wraps=getattr(recorder, method)) as watched,
    ):
        evaluation.eval_sample(sample, None)
    return watched.mock_calls


def make(cls: Any, completion: str, **kwargs: Any) -> Any:
    return cls(completion_fns=[TestCompletionFn(completion)], samples_jsonl="", eval_registry_path=Path("."), **kwargs)


@pytest.mark.parametrize(
    ("ideal", "completion", "correct", "picked"),
    [
        ("4", "4 it is", True, "4"),
        (["5", "4"], "4", True, "4"),
        (["5", "6"], "4", False, None),
        ([], "4", False, None),
        ("4", " 4", False, None),
    ],
)
def test_match(ideal, completion, correct, picked):
    options = ideal if isinstance(ideal, list) else [ideal]
    expected = call(correct, expected=options, picked=picked, sampled=completion, options=options)
    assert recorded(make(Match, completion), {"input": "2+2?", "ideal": ideal}, "record_match") == [expected]


@pytest.mark.parametrize(
    ("ideal", "ignore_case", "correct"),
    [("Four", False, False), ("Four", True, True), (["x", "four"], False, True), ([], True, False)],
)
def test_includes(ideal, ignore_case, correct):
    evaluation = make(Includes, "it is four", ignore_case=ignore_case)
    expected = call(correct, expected=ideal, picked="it is four", sampled="it is four")
    assert recorded(evaluation, {"input": "2+2?", "ideal": ideal}, "record_match") == [expected]


@pytest.mark.parametrize(
    ("ideal", "correct", "f1"), [("The Red House!", True, 1.0), ("blue", False, 0.0), (["red", "x"], True, 2 / 3)]
)
def test_fuzzy_match(ideal, correct, f1):
    """F1 of `red house` against `red`: precision 1/2, recall 1."""
    evaluation, sample = make(FuzzyMatch, "a red house"), {"input": "?", "ideal": ideal}
    answers = ideal if isinstance(ideal, list) else [ideal]
    picked = ["a red house"] if correct else []
    assert recorded(evaluation, sample, "record_match") == [call(correct, expected=answers, picked=picked)]
    assert recorded(evaluation, sample, "record_metrics") == [call(accuracy=float(correct), f1_score=pytest.approx(f1))]


@pytest.mark.parametrize(
    ("ideal", "correct"),
    [('{"a": [1.0]}', True), (['{"a": 2}', '{"a": [1]}'], True), ('{"a": null}', False), ([], False)],
)
def test_json_match(ideal, correct):
    evaluation, sample, text = make(JsonMatch, '{"a": [1]}'), {"input": "?", "ideal": ideal}, '{"a": [1]}'
    answers = ideal if isinstance(ideal, list) else [ideal]
    picked = [text] if correct else []
    assert recorded(evaluation, sample, "record_match") == [call(correct, expected=answers, picked=picked)]
    assert recorded(evaluation, sample, "record_metrics") == [call(accuracy=float(correct))]


@pytest.mark.parametrize(("completion", "correct"), [("[1]", True), ("[1", False)])
def test_json_validator(completion, correct):
    expected = call(correct, expected=None, picked=completion)
    assert recorded(make(JsonValidator, completion), {"input": "?"}, "record_match") == [expected]


@pytest.mark.parametrize("cls", [Match, Includes, FuzzyMatch, JsonMatch, JsonValidator])
@pytest.mark.parametrize("sample", [None, "", {"ideal": "4"}, {"ideal": 4}])
def test_a_bad_sample_is_an_assertion_error(cls, sample):
    evaluation = cls(completion_fns=[DummyCompletionFn()], samples_jsonl="", eval_registry_path=Path("."))
    with pytest.raises(AssertionError):
        evaluation.eval_sample(sample, None)


@pytest.mark.parametrize("cls", [FuzzyMatch, MatchWithSolvers, Translate])
def test_where_openai_evals_needs_an_answer_an_empty_list_is_none(cls):
    kwargs = {"task_description": "Add."} if cls is MatchWithSolvers else {}
    with pytest.raises(AssertionError, match="empty list"):
        make(cls, "4", **kwargs).check_sample({"input": [{"role": "user", "content": "?"}], "ideal": []})


def test_a_subclass_with_rows_of_its_own():
    evaluation = make(plugin_evals.StrictMatch, "4")
    expected = call(True, expected=["4"], picked="4", sampled="4", options=["4"])
    assert recorded(evaluation, {"question": "2+2?", "answer": "4"}, "record_match") == [expected]


def test_a_plain_eval_under_a_watched_recorder():
    evaluation = make(plugin_evals.Sums, "4 ")
    assert recorded(evaluation, {"input": "2+2?", "ideal": "4"}, "record_metrics") == [call(length=1, even=1.0)]


def test_solvers_by_hand():
    recorder = DummyRecorder(None)
    state = TaskState("Add.", [Message("user", "What is 2 + 2?")])
    with recorder.as_default_recorder("x"):
        assert DummySolver()(state).output == "This is a dummy response."
        solver = plugin_solvers.Counting(postprocessors=["evals.solvers:Strip"])
        assert (solver(state).output, solver.copy()(state).metadata["turns"]) == ("The sum is 4", 2)
    nested = plugin_solvers.DraftFirst(
        draft={"class": "plugins.plugin_solvers:Counting", "args": {}},
        final={
            "class": "plugins.plugin_solvers:Counting",
            "args": {"postprocessors": ["plugins.plugin_solvers:LastWord"]},
        },
    )
    assert nested(state).output == "4"
    assert nested.name == "draft_first_Counting"
    assert len(state.messages) == 1, "the caller's state is left alone"


def test_a_match_that_goes_through_its_samples_in_its_own_way_is_let(tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"input": "a", "ideal": "x"}\n{"input": "b", "ideal": "y"}\n')

    class FirstOnly(Match):
        def eval_all_samples(self, recorder, samples, show_progress=True, record_raw_sample=True, **kwargs):
            return super().eval_all_samples(recorder, samples[:1], show_progress, record_raw_sample, **kwargs)

    made = FirstOnly(completion_fns=[TestCompletionFn("x")], samples_jsonl=str(rows), name="toy.dev.v0")
    assert made.run(DummyRecorder(None))["n"] == 1
