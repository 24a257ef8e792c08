"""Includes: an accepted answer anywhere in the completion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from recorded_calls import Model, recorded, run_over

from evals.errors import BadSample
from evals.suite.match.includes import Includes, includes_any


@pytest.mark.parametrize(
    ("completion", "answers", "ignore_case", "found"),
    [
        ("Hello world!", ["world"], False, True),
        ("Hello World!", ["world"], False, False),
        ("Hello World!", ["wOrLd"], True, True),
        ("STRASSE", ["straße"], True, False),
        ("Hello", ["foo", "ell"], False, True),
        ("world", ["worlds"], False, False),
        ("anything", [""], False, True),
        ("", [""], False, True),
        ("", ["x"], False, False),
        ("anything", [], False, False),
    ],
)
def test_one_of_the_answers_must_be_a_part(completion: str, answers: list[str], ignore_case: bool, found: bool) -> None:
    assert includes_any(completion, answers, ignore_case) is found


@pytest.mark.parametrize("ideal", ["world", ["world"], ["foo", "world"]])
def test_what_is_recorded_is_what_openai_evals_records(ideal: Any) -> None:
    recorder = recorded(Includes, {"input": "Hello", "ideal": ideal}, "the world")
    assert recorder.matches == [((True,), {"expected": ideal, "picked": "the world", "sampled": "the world"})]


def test_nothing_but_the_prompt_is_sent() -> None:
    model = Model("world")
    assert Includes([model], "", ignore_case=True).eval_sample({"input": "Hello", "ideal": "WORLD"}, None) is True
    assert model.calls == [("Hello", {})]


@pytest.mark.parametrize("sample", [None, {}, {"input": "x"}, {"input": "x", "ideal": [True]}])
def test_a_bad_sample_is_refused(sample: Any) -> None:
    with pytest.raises(BadSample):
        Includes([Model("")], "").eval_sample(sample, None)


def test_a_run_reports_accuracy(tmp_path: Path) -> None:
    rows = [{"input": str(i), "ideal": str(i)} for i in range(8)]
    report = run_over(Includes, rows, lambda prompt: f"I say {prompt}" if prompt != "3" else "no", tmp_path)
    assert report["accuracy"] == pytest.approx(7 / 8)
    assert report["boostrap_std"] > 0


@pytest.mark.parametrize(
    ("completion", "answer", "found"),
    [
        ("It is gold, because it shines.", "Au", False),
        ("Its symbol is **Au**.", "Au", True),
        ("Au", "Au", True),
        ("It is 17.", "7", False),
        ("It is -7.", "7", False),
        ("-7", "7", False),
        ("It is 7.5.", "7", False),
        ("It is 1,7.", "7", False),
        ("It is 7.", "7", True),
        ("In 2-7 days", "7", True),
        ("It is -7.", "-7", True),
        ("5-7", "-7", False),
        ("New\nYork", "New York", True),
        ("C++ it is", "C++", True),
        ("\u7b54\u6848\u662f\u5df4\u9ece\u3002", "\u5df4\u9ece", True),
        ("Shakespeare's plays", "Shakespeare", True),
        ("Bernese", "Bern", False),
    ],
)
def test_whole_words_are_no_part_of_longer_words_or_numbers(completion: str, answer: str, found: bool) -> None:
    assert includes_any(completion, [answer], ignore_case=True, whole_words=True) is found
    assert includes_any(completion, ["x", answer], whole_words=True) <= found
