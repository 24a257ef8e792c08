"""Doubts: rows that nobody means, as errors before a run of our entries and as counted warnings for openai/evals'."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.errors import BadSample
from evals.suite.samples.doubts import few_shot_doubts, ideal_doubts, option_doubts, prompt_doubts


@pytest.mark.parametrize("ideal", ["", " ", "\n", ["Paris", ""], [""], []])
def test_empty_ideals_are_a_doubt(ideal):
    assert len(list(ideal_doubts({"ideal": ideal}))) == 1


@pytest.mark.parametrize("ideal", ["a", " a", ["a", "b"], "0", "."])
def test_other_ideals_are_none(ideal):
    assert list(ideal_doubts({"ideal": ideal})) == []


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "  \n",
        [{"role": "user", "content": ""}],
        [{"role": "system", "content": " "}, {"role": "user", "content": ""}],
        [{"role": "user", "content": [{"type": "text", "text": ""}]}],
    ],
)
def test_a_prompt_that_says_nothing_is_a_doubt(prompt):
    assert len(list(prompt_doubts(prompt))) == 1


@pytest.mark.parametrize(
    "prompt",
    [
        "?",
        [{"role": "system", "content": ""}, {"role": "user", "content": "?"}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "a.png"}}]}],
        [101, 7],
        ["a"],
    ],
)
def test_a_prompt_that_says_something_is_none(prompt):
    assert list(prompt_doubts(prompt)) == []


@pytest.mark.parametrize(
    ("options", "right", "said", "is_legal"),
    [
        (["a"], [0], "only one option", False),
        (["a", " "], [0], "blank", False),
        (["a", "b", "a"], [0], "equal to the right one", False),
        (["a", "b", "b"], [0], "two options are equal", True),
        (["a", "a", "b"], [0, 1], "two options are equal", True),
        (["a", "a"], [0, 1], "every option is right", False),
    ],
)
def test_options_that_decide_nothing_are_a_doubt(options, right, said, is_legal):
    (doubt,) = option_doubts(options, right)
    assert said in doubt.what
    assert doubt.is_legal is is_legal


def test_options_that_differ_are_none():
    assert list(option_doubts(["a", "A", "a "], [0])) == []


def test_a_short_few_shot_file_is_a_doubt():
    assert list(few_shot_doubts(2, 2, "f.jsonl")) == []
    (doubt,) = few_shot_doubts(3, 1, "f.jsonl")
    assert doubt.what == "num_few_shot is 3, and few_shot_jsonl has 1 row"


def run(folder: Path, cls: str, rows: list[dict[str, Any]], **args: Any) -> evals.RunResult:
    (folder / "evals").mkdir(exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    place = {} if "dataset" in args else {"samples_jsonl": "toy.jsonl"}
    body = {"class": cls, "args": {**place, **args}}
    (folder / "evals" / "toy.yaml").write_text(json.dumps({"toy": {"id": "toy.dev.v0"}, "toy.dev.v0": body}))
    return evals.run(lambda prompt: "x", "toy", registry_paths=folder, log_dir=folder / "logs")


CLASSES = [("match:Match", "Match"), ("includes:Includes", "Includes"), ("fuzzy_match:FuzzyMatch", "FuzzyMatch")]


@pytest.mark.parametrize(("theirs", "ours"), CLASSES)
def test_an_empty_ideal_is_refused_by_our_entries_and_a_warning_in_those_of_openai_evals(tmp_path, theirs, ours):
    rows = [{"input": "q", "ideal": "x"}, {"input": "r", "ideal": ""}, {"input": "s", "ideal": [""]}]
    with pytest.raises(BadSample, match="holds an empty text") as caught:
        run(tmp_path, f"evals.suite:{ours}", rows)
    assert str(caught.value.where).endswith("toy.jsonl:2")
    assert "(1 more row has the same problem: 3)" in str(caught.value)
    result = run(tmp_path, f"evals.elsuite.basic.{theirs}", rows)
    assert result.report["accuracy"] is not None


def test_the_warning_counts_the_rows_and_names_the_first(tmp_path, caplog):
    from evals.runner.prepare import prepare
    from evals.runner.request import RunRequest

    rows = [{"input": "q", "ideal": "x"}, {"input": "r", "ideal": ""}, {"input": "s", "ideal": ""}]
    run(tmp_path, "evals.elsuite.basic.match:Match", rows)
    prepared = prepare(RunRequest(["dummy"], "toy", registry_paths=[tmp_path]))
    (warning, *_) = prepared.preflight.warnings
    assert warning.startswith("'ideal' holds an empty text, which every completion matches (2 rows, first ")
    assert warning.endswith("toy.jsonl:2); kept, as openai/evals has it")


def test_fewer_few_shot_rows_than_asked_for_are_refused_by_our_entries(tmp_path):
    rows = [{"input": [{"role": "user", "content": "q"}], "ideal": "x"}]
    shot = {"sample": [{"role": "system", "content": "1", "name": "example_user"}]}
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "shots.jsonl").write_text(json.dumps(shot) + "\n")
    args = {"num_few_shot": 2, "few_shot_jsonl": "shots.jsonl"}
    with pytest.raises(BadSample, match="num_few_shot is 2, and few_shot_jsonl has 1 row"):
        run(tmp_path, "evals.suite:Match", rows, **args)
    assert run(tmp_path, "evals.elsuite.basic.match:Match", rows, **args).report["accuracy"] == 1.0


def test_equal_options_are_a_warning_where_the_answer_still_decides(tmp_path):
    rows = [{"question": "q", "choices": ["a", "b", "b"], "answer": 0}]
    assert run(tmp_path, "evals.suite:Choice", rows, way="parsed").report["accuracy"] == 0.0
    assert run(tmp_path, "evals.suite:Choice", [{**rows[0], "answer": 1}], way="parsed").report["accuracy"] == 0.0
    with pytest.raises(BadSample, match="a wrong option is equal to the right one"):
        run(tmp_path, "evals.suite:Choice", [{**rows[0], "labels": [0, 1, 0]}], way="parsed")
    with pytest.raises(BadSample, match="every option is right"):
        run(tmp_path, "evals.suite:Choice", [{**rows[0], "choices": ["b", "b"]}], way="parsed")
    with pytest.raises(BadSample, match="a wrong option is equal to the right one"):
        run(
            tmp_path, "evals.suite:MultipleChoice", [{**rows[0], "answer": 1}], dataset=str(tmp_path / "data/toy.jsonl")
        )
