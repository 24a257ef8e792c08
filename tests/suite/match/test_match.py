"""Match: completions that begin with an accepted answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from recorded_calls import Model, RecordedCalls, recorded, run_over

from evals.errors import BadSample, UsageError
from evals.suite.match.match import Match, find_match, record_and_check_match

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Capital of France?"}]


@pytest.mark.parametrize(
    ("completion", "options", "picked"),
    [
        ("Paris.", ["Paris"], "Paris"),
        ("Parisian", ["Paris"], "Paris"),
        ("paris", ["Paris"], None),
        (" Paris", ["Paris"], None),
        ("It is Paris", ["Paris"], None),
        ("10", ["1", "10"], "1"),
        ("10", ["10", "1"], "10"),
        ("", ["Paris"], None),
        ("", [""], ""),
        ("anything", [""], ""),
        ("anything", [], None),
    ],
)
def test_the_first_option_that_the_completion_begins_with_is_picked(
    completion: str, options: list[str], picked: str | None
) -> None:
    assert find_match(completion, options) == picked


@pytest.mark.parametrize(
    ("completion", "picked"), [("Paris", "Paris"), ("Paris, of course", "Paris"), ("Parisian", None)]
)
def test_a_separator_must_follow_where_one_is_asked_for(completion: str, picked: str | None) -> None:
    assert find_match(completion, ["Paris"], separator=lambda char: not char.isalpha()) == picked


@pytest.mark.parametrize("ideal", ["world", ["world"], ["universe", "world"]])
def test_what_is_recorded_is_what_openai_evals_records(ideal: Any) -> None:
    answers = [ideal] if isinstance(ideal, str) else ideal
    recorder = recorded(Match, {"input": "Hello", "ideal": ideal}, "world!")
    assert recorder.matches == [
        ((True,), {"expected": answers, "picked": "world", "sampled": "world!", "options": answers})
    ]


def test_a_miss_picks_nothing() -> None:
    recorder = recorded(Match, {"input": "Hello", "ideal": "world"}, "moon")
    assert recorder.matches == [
        ((False,), {"expected": ["world"], "picked": None, "sampled": "moon", "options": ["world"]})
    ]


def test_options_may_hold_more_than_the_expected_answers() -> None:
    recorder = RecordedCalls()
    with recorder.as_default_recorder("x"):
        assert record_and_check_match("?", "B", expected=("A",), options=["A", "B"]) == "B"
    assert recorder.matches == [((False,), {"expected": ["A"], "picked": "B", "sampled": "B", "options": ["A", "B"]})]


def test_a_pick_of_nothing_is_wrong_whatever_is_expected() -> None:
    recorder = RecordedCalls()
    with recorder.as_default_recorder("x"):
        assert record_and_check_match("?", "C", expected=[], options=["A"]) is None
    assert recorder.matches[0][0] == (False,)


def test_the_request_is_greedy_and_max_tokens_is_not_sent() -> None:
    model = Model("world")
    Match([model], "", max_tokens=5).eval_sample({"input": CHAT, "ideal": "world"}, None)
    assert model.calls == [(CHAT, {"temperature": 0.0})]


def test_few_shot_examples_stand_before_the_last_message(tmp_path: Path) -> None:
    rows = [{"sample": [{"role": "system", "content": str(i)}, {"role": "system", "content": "ok"}]} for i in range(3)]
    path = tmp_path / "few_shot.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    model = Model("Paris")
    evaluation = Match([model], "", num_few_shot=2, few_shot_jsonl=str(path))
    evaluation.eval_sample({"input": CHAT, "ideal": "Paris"}, None)
    assert model.calls[0][0] == [CHAT[0], *rows[0]["sample"], *rows[1]["sample"], CHAT[1]]
    assert len(CHAT) == 2
    with pytest.raises(BadSample, match="list of messages"):
        evaluation.check_sample({"input": "text", "ideal": "Paris"})


def test_the_row_that_is_asked_is_never_its_own_example(tmp_path: Path) -> None:
    users = [{"role": "system", "name": "example_user", "content": f"Capital of {name}?"} for name in "ABC"]
    rows = [{"sample": [user, {**user, "name": "example_assistant", "content": "x"}]} for user in users]
    path = tmp_path / "few_shot.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    evaluation = Match([Model("")], "", num_few_shot=1, few_shot_jsonl=str(path))
    for asked, other in ((0, 1), (1, 0)):
        chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": users[asked]["content"]}]
        prompt = evaluation.first_prompt({"input": chat, "ideal": "x"})
        assert prompt == [chat[0], *rows[other]["sample"], chat[1]]


def test_few_shot_without_a_file_is_refused() -> None:
    with pytest.raises(UsageError, match="num_few_shot is 2, but few_shot_jsonl is not set"):
        Match([Model("")], "", num_few_shot=2)


def test_several_completion_functions_are_refused() -> None:
    with pytest.raises(UsageError, match="one completion function, got 2"):
        Match([Model(""), Model("")], "")


@pytest.mark.parametrize(
    "sample", [None, "", {"ideal": 42}, {"input": "x"}, {"ideal": "x"}, {"input": "x", "ideal": 5}]
)
def test_a_bad_sample_is_refused_and_never_sent(sample: Any) -> None:
    model = Model("")
    with pytest.raises(AssertionError) as caught:
        Match([model], "").eval_sample(sample, None)
    assert isinstance(caught.value, BadSample)
    assert model.calls == []


def test_a_run_reports_accuracy_with_the_keys_of_openai_evals_and_ours(tmp_path: Path) -> None:
    rows = [{"input": str(i), "ideal": str(i)} for i in range(20)]
    report = run_over(Match, rows, lambda prompt: prompt if int(prompt) % 4 else "?", tmp_path)
    assert report["accuracy"] == pytest.approx(0.75)
    assert report["n"] == 20
    assert set(report) == {"accuracy", "accuracy_stderr", "accuracy_ci95", "accuracy_method", "n", "boostrap_std"}
    assert json.loads((tmp_path / "record.jsonl").read_text().splitlines()[-1])["type"] == "match"
