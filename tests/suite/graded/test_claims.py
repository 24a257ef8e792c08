"""ClaimSupport: reading a grader's list of claims, what is scored, and the report against counting by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from evals.completion import Completions
from evals.data import get_jsonl
from evals.errors import BadSample, UsageError
from evals.record import DummyRecorder
from evals.record.recorders import Event
from evals.registry import Registry, bundled_data_root
from evals.suite.graded.claims import Claim, ClaimsReport, ClaimSupport, read_claims

ROW = {"passage": "The mill has two wheels.", "question": "How many?", "input": "How many wheels?"}


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("S: It is old.\nU: It is red.", [("It is old.", True), ("It is red.", False)]),
        ("Claims:\n- **S**: It is old.\n2. U | It is red.", [("It is old.", True), ("It is red.", False)]),
        ("(S) It is old.\n[U] It is red.", [("It is old.", True), ("It is red.", False)]),
        ("supported: a b\nUnsupported: c\nNot supported: d", [("a b", True), ("c", False), ("d", False)]),
        ("S - U.S. law applies.", [("U.S. law applies.", True)]),
        ("S: a\nPartially supported: b", [("a", True), ("b", False)]),
        ("S: a\nContradicted: b\nNS: c\nUnsure: d", [("a", True), ("b", False), ("c", False), ("d", False)]),
        ("S (line 2): a\nU (not in the passage): b", [("a", True), ("b", False)]),
        ("S\uff1aa\nU\uff1ab", [("a", True), ("b", False)]),
        ("S: a\nP: b", None),
        ("Claims:\nS: a\n\nSummary: all good", [("a", True)]),
        ("NONE", []),
        ("None.", []),
        ("The reply is fine.", None),
        ("U.S. law applies.", None),
        ("Summary: nothing", None),
        ("U-turns are allowed", None),
        ("", None),
    ],
)
def test_a_list_of_claims_is_read_line_by_line(text, claims):
    assert read_claims(text) == (None if claims is None else [Claim(*claim) for claim in claims])


def evaluation(grader: str | Completions, *more: Any) -> ClaimSupport:
    listed = grader if isinstance(grader, Completions) else Completions([grader])

    def model(prompt: Any, **kwargs: Any) -> Completions:
        return Completions(["Two."])

    return ClaimSupport(
        completion_fns=[model, lambda prompt, **kwargs: listed, *more], registry=Registry(), name="c.dev.v0"
    )


def run(made: ClaimSupport, rows: Sequence[Mapping[str, Any]], folder: Path) -> tuple[dict[str, Any], list[Event]]:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    made.samples_jsonl = str(path)
    recorder = DummyRecorder(None)
    return made.run(recorder), recorder._events


def test_one_unsupported_claim_makes_an_answer_wrong(tmp_path):
    report, events = run(evaluation("S: It has wheels.\nU: It has three."), [ROW], tmp_path)
    assert (report["score"], report["any_unsupported"], report["supported"], report["n_claims"]) == (0.0, 1.0, 0.5, 2)
    [claims] = [event.data["claims"] for event in events if event.type == "claims"]
    assert claims[1] == {"claim": "It has three.", "supported": False}


def test_an_answer_without_claims_has_no_unsupported_one_and_is_counted(tmp_path):
    report, _ = run(evaluation("NONE"), [ROW], tmp_path)
    assert (report["score"], report["without_claims"], report["supported"], report["n_claims"]) == (1.0, 1.0, None, 0)


@pytest.mark.parametrize("listed", ["I like it.", Completions(["S: It has"], finish_reasons=["length"])])
def test_a_list_that_is_unreadable_or_cut_off_is_an_error_and_no_score(tmp_path, listed):
    report, events = run(evaluation(listed), [ROW], tmp_path)
    assert (report["n"], report["score"]) == (0, None)
    assert [event for event in events if event.type in ("metrics", "claims")] == []


def test_a_finished_answer_is_graded_without_a_call_of_the_model(tmp_path):
    def never(prompt: Any, **kwargs: Any) -> Completions:
        raise AssertionError("called")

    made = evaluation("S: a")
    made.completion_fns = [never]
    report, _ = run(made, [{"passage": "p", "question": "q", "completion": "a"}], tmp_path)
    assert report["score"] == 1.0


def test_rates_of_many_answers_are_those_of_counting():
    answers = [(3, 3), (2, 1), (0, 0), (5, 4), (1, 1), (4, 0)]
    report = ClaimsReport()
    for i, (n_claims, n_supported) in enumerate(answers):
        data = {"score": float(n_claims == n_supported), "n_claims": n_claims, "n_supported": n_supported}
        report.add(str(i), [Event("run", 0, str(i), "metrics", data, "", "")])
    found = report.as_dict()
    assert found["score"] == 3 / 6
    assert found["supported"] == pytest.approx(9 / 15)
    assert found["n_claims"] == 15
    r, n = 9 / 15, len(answers)
    residuals = [(supported - r * claims) ** 2 for claims, supported in answers]
    assert found["supported_stderr"] == pytest.approx((sum(residuals) * n / (n - 1)) ** 0.5 / 15)
    low, high = found["supported_ci95"]
    assert 0 <= low < r < high <= 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "q", "input": "i"}, "'passage' is no text"),
        ({"passage": "p", "question": " ", "input": "i"}, "'question' is no text, or an empty one"),
        ({"passage": "p", "question": "q"}, "no 'input'"),
        ({"passage": "p", "question": "q", "completion": 3}, "'completion' is no text"),
    ],
)
def test_a_row_without_passage_question_or_prompt_is_refused(row, message):
    with pytest.raises(BadSample, match=message):
        evaluation("NONE").check_sample(row)


def test_more_than_a_model_and_a_grader_is_refused():
    with pytest.raises(UsageError, match="a model and a grader"):
        evaluation("NONE", lambda prompt, **kwargs: Completions(["x"]))


def test_a_grader_is_named_apart_from_the_model(tmp_path):
    def model(prompt: Any, **kwargs: Any) -> Completions:
        return Completions(["Two."])

    grader = {"model": "scripted", "args": {"completions": ["S: It has two."]}, "name": "listing"}
    made = ClaimSupport(completion_fns=[model], registry=Registry(), name="c.dev.v0", grader=grader)
    assert [one.name for one in made.named_graders] == ["listing"]
    assert "listing" in made.fingerprint()["graders"]
    assert run(made, [ROW], tmp_path)[0]["score"] == 1.0
    with pytest.raises(UsageError, match="takes one grader, got 2"):
        ClaimSupport(completion_fns=[model], registry=Registry(), name="c.dev.v0", grader="dummy,scripted-demo")


def test_our_passages_each_have_a_question_that_they_do_not_answer():
    rows = get_jsonl(str(bundled_data_root() / "closed-domain" / "samples.jsonl"))
    kinds = {passage: sorted(row["category"] for row in rows if row["cluster"] == passage) for passage in
             {row["cluster"] for row in rows}}  # fmt: skip
    assert len(kinds) == 6
    assert set(map(tuple, kinds.values())) == {("not in passage", "question", "summary")}
