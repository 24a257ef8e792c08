"""`evals.run` over rows in memory: lists of objects and DataFrames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import evals
from evals.errors import EvalsError, UsageError

ROWS = [{"question": "What is 2 + 3?", "answer": 5}, {"question": "Say red.", "answer": "red"}]


def answer(prompt: Any) -> str:
    return "It is 5." if "2 + 3" in str(prompt) else "blue"


def test_rows_are_an_eval_whose_columns_are_guessed(tmp_path: Path) -> None:
    result = evals.run(answer, ROWS, log_dir=tmp_path)
    assert (result.report["accuracy"], result.report["n"]) == (0.5, 2)
    assert result.record_path is not None
    assert Path(result.record_path).parent == tmp_path
    again = evals.run(answer, ROWS, log_dir=tmp_path)
    assert again.report == result.report
    assert len(list((tmp_path / "rows").iterdir())) == 1, "the same rows are the same data"


def test_class_and_columns_may_be_named(tmp_path: Path) -> None:
    rows = [{"a": "Say red.", "b": "red", "c": "x"}]
    args = {"prompt": "{c}: {a}", "ideal_key": "b"}
    seen: list[Any] = []
    result = evals.run(lambda p: seen.append(p) or "red", rows, eval_class="Match", eval_args=args, log_dir=tmp_path)
    assert result.report["accuracy"] == 1.0
    assert seen == ["x: Say red."]


@pytest.mark.parametrize(
    "args",
    [
        {"prompt": "{question}"},
        {"prompts": {"plain": "{question}"}},
        {"input_key": "question"},
        {"ideal_key": "answer"},
        {"ideal_key": "answer", "prompt": "{question}"},
    ],
)
def test_columns_that_the_arguments_do_not_name_are_guessed(tmp_path: Path, args: dict[str, Any]) -> None:
    result = evals.run(answer, ROWS, eval_args=args, log_dir=tmp_path)
    assert (result.report["accuracy"], result.report["n"]) == (0.5, 2)


def test_a_column_that_is_named_is_not_guessed_for_something_else(tmp_path: Path) -> None:
    rows = [{"answer": "Say red.", "solution": "red"}]
    result = evals.run(lambda prompt: "red", rows, eval_args={"input_key": "answer"}, log_dir=tmp_path)
    assert (result.report["accuracy"], [row.expected for row in result.samples]) == (1.0, ["red"])


def test_a_data_frame_is_taken_with_its_missing_numbers(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"input": ["1 + 1 =", "2 + 2 ="], "ideal": ["2", "4"], "level": [1.0, None]})
    result = evals.run(lambda prompt: "2", frame, log_dir=tmp_path)
    assert (result.report["accuracy"], result.report["n"]) == (0.5, 2)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows"),
        ({"input": "a"}, "must be a list of objects"),
        (["a"], "row 1 is a str"),
        ([{"input": "a", "ideal": object()}], "row 1 cannot be written as JSON"),
        ([{"who": "a", "what": "b", "when": "c"}], "no 'input'"),
    ],
)
def test_rows_that_cannot_be_used_are_said(tmp_path: Path, rows: Any, message: str) -> None:
    with pytest.raises(EvalsError, match=message):
        evals.run(answer, rows, log_dir=tmp_path)


def test_a_data_frame_in_the_place_of_the_model_is_said(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(UsageError, match="the model comes first"):
        evals.run(pandas.DataFrame({"question": ["a"], "answer": ["b"]}), "dummy", log_dir=tmp_path)


def test_mistakes_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        evals.run(answer, [3], log_dir=tmp_path)
