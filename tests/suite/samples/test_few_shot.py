"""Few-shot examples from real files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.errors import BadSample
from evals.suite.samples.example_pool import ExamplePool
from evals.suite.samples.few_shot import example_of_sample, insert_few_shot, read_examples


def rows_file(folder: Path, rows: list[Any]) -> Path:
    path = folder / "few_shot.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


ROWS = [{"sample": [{"role": "system", "content": f"{i}?"}, {"role": "system", "content": f"{i}!"}]} for i in range(3)]


def read_few_shot(path: Path, n: int | None = None) -> ExamplePool:
    return read_examples(path, n, example_of_sample)


def messages_of(rows: list[Any]) -> list[Any]:
    return [message for row in rows for message in row["sample"]]


def test_the_first_rows_are_read_in_file_order(tmp_path: Path) -> None:
    path = rows_file(tmp_path, ROWS)
    assert read_few_shot(path, 2).messages_for([]) == messages_of(ROWS[:2])
    assert read_few_shot(path).messages_for([]) == messages_of(ROWS)


def test_a_file_of_fewer_rows_than_asked_for_gives_those_that_it_has(tmp_path: Path) -> None:
    assert len(read_few_shot(rows_file(tmp_path, ROWS), 5)) == 3


def test_messages_of_an_example_are_checked_like_those_of_a_row(tmp_path: Path) -> None:
    path = rows_file(tmp_path, [ROWS[0], {"sample": [{"role": "User", "content": "x"}]}])
    with pytest.raises(BadSample, match=r"did you mean: user") as caught:
        read_few_shot(path)
    assert caught.value.where == f"{path}:2"


@pytest.mark.parametrize("row", [5, {"sample": "text"}, {"sample": ["text"]}])
def test_a_row_without_messages_says_where_it_stands(tmp_path: Path, row: Any) -> None:
    path = rows_file(tmp_path, [ROWS[0], row])
    with pytest.raises(BadSample) as caught:
        read_few_shot(path)
    assert caught.value.where == f"{path}:2"


def test_messages_go_right_before_the_last_one_and_the_prompt_stays() -> None:
    prompt = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "3?"}]
    shown = insert_few_shot(prompt, messages_of(ROWS[:1]))
    assert [message["content"] for message in shown] == ["Be brief.", "0?", "0!", "3?"]
    assert len(prompt) == 2


def test_without_examples_any_prompt_stays_what_it_is() -> None:
    assert insert_few_shot("text", []) == "text"


@pytest.mark.parametrize("prompt", ["text", []])
def test_examples_need_a_chat(prompt: Any) -> None:
    with pytest.raises(BadSample, match="list of messages"):
        insert_few_shot(prompt, messages_of(ROWS))
