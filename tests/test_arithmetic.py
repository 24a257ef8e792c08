"""The eval arithmetic: its files are what its script writes, and the stored answers are as right as they say."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "arithmetic"


def rows(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def test_the_script_writes_the_files_that_are_there(tmp_path):
    shutil.copy(FOLDER / "make.py", tmp_path)
    runpy.run_path(str(tmp_path / "make.py"), run_name="__main__")
    for name in ("samples.jsonl", "playback.jsonl", "playback-reworded.jsonl", "playback-chatty.jsonl"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


def test_every_ideal_is_the_sum():
    for row in rows("samples.jsonl"):
        a, b = row["input"][1]["content"].removeprefix("What is ").removesuffix("?").split(" + ")
        assert int(a) + int(b) == int(row["ideal"])


def test_171_stored_answers_are_the_sum_alone():
    answers = zip(rows("samples.jsonl"), rows("playback.jsonl"), strict=True)
    assert sum(answer["completion"].rstrip(".") == sample["ideal"] for sample, answer in answers) == 171


def test_no_wrong_answer_begins_with_the_right_one():
    for sample, answer in zip(rows("samples.jsonl"), rows("playback.jsonl"), strict=True):
        is_right = answer["completion"].rstrip(".") == sample["ideal"]
        assert answer["completion"].startswith(sample["ideal"]) == is_right
