"""Files of votes: what is appended is read back, crashes and damage included."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evals.errors import DataError, RecordError
from evals.interchange.votes import Vote, append_vote, read_votes, standing_votes
from evals.texts.answer_style import AnswerStyle


def vote(**changes: Any) -> Vote:
    first = Vote("q.dev.1", "x", "y", "model_a", "ann", "model_b", 3.5, "a" * 64, "b" * 64, "2026-01-02T03:04:05+00:00")
    return dataclasses.replace(first, **changes)


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "votes.jsonl"
    votes = [
        vote(),
        vote(winner="both_bad", rater="bo\u202eb \ud800", repeat=2, eval_name="q.dev.v0", category="law"),
        vote(style_a=AnswerStyle(10, 1, 2, 3), style_b=AnswerStyle(4, 0, 0, 0)),
    ]
    for one in votes:
        append_vote(path, one)
    assert read_votes(path) == votes


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_new_file_is_private(tmp_path: Path) -> None:
    append_vote(tmp_path / "v.jsonl", vote())
    assert stat.S_IMODE((tmp_path / "v.jsonl").stat().st_mode) == 0o600


def test_a_torn_last_line_is_left_out_and_then_removed(tmp_path: Path) -> None:
    path = tmp_path / "v.jsonl"
    append_vote(path, vote())
    with path.open("ab") as file:
        file.write(b'{"vote": 1, "question_id": "q.de')
    assert read_votes(path) == [vote()]
    append_vote(path, vote(rater="bob"))
    assert read_votes(path) == [vote(), vote(rater="bob")]
    assert len(path.read_bytes().splitlines()) == 2


def test_a_whole_last_line_without_its_line_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "v.jsonl"
    append_vote(path, vote())
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert read_votes(path) == [vote()]
    append_vote(path, vote(rater="bob"))
    assert read_votes(path) == [vote(), vote(rater="bob")]


@pytest.mark.parametrize("content", ['{"accuracy": 0.5}', "notes of mine", "a,b\n1,2"])
def test_a_file_of_another_kind_is_never_changed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(content)
    with pytest.raises(DataError, match="ends in something that is no vote"):
        append_vote(path, vote())
    with pytest.raises(DataError, match="ends in something that is no vote"):
        read_votes(path)
    assert path.read_text() == content


def test_several_processes_append_to_one_file(tmp_path: Path) -> None:
    code = (
        "import dataclasses, sys; from evals.interchange.votes import *\n"
        "for i in range(40):\n"
        "    append_vote(sys.argv[1], Vote(f'q{i}', 'x', 'y', 'tie', sys.argv[2], 'model_a', 1, 'a', 'b', 'now'))\n"
    )
    path = tmp_path / "v.jsonl"
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in ("ann", "bob", "cy")]
    assert [one.wait() for one in running] == [0, 0, 0]
    assert len({one.key for one in read_votes(path)}) == 120


def test_the_last_vote_counts_and_one_that_was_taken_back_does_not() -> None:
    votes = [vote(), vote(rater="bob"), vote(winner="tie"), vote(rater="bob", winner="undo"), vote(question_id="q2")]
    assert standing_votes(votes) == [vote(winner="tie"), vote(question_id="q2")]


def test_the_same_pair_with_its_sides_exchanged_is_the_same_question() -> None:
    other = vote(model_a="y", model_b="x", sha256_a="b" * 64, sha256_b="a" * 64, winner="tie")
    assert standing_votes([vote(), other]) == [other]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vote": 2}, "this line is no vote"),
        ({"winner": "left"}, "'winner' is 'left'"),
        ({"winner": ["tie"]}, "'winner' is"),
        ({"shown_first": None}, "'shown_first' is None"),
        ({"rater": ""}, "'rater' is '', not a text"),
        ({"question_id": 7}, "'question_id' is 7, not a text"),
        ({"seconds": float("inf")}, "'seconds' is inf, not a number from 0"),
        ({"seconds": True}, "'seconds' is True"),
        ({"repeat": -1}, "'repeat' is -1"),
        ({"model_b": "x"}, "'x' is compared with itself"),
        ({"style_a": {"characters": 3}}, "'style_a' needs the counts"),
    ],
)
def test_a_line_that_is_no_vote_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = tmp_path / "v.jsonl"
    append_vote(path, vote())
    good = json.loads(path.read_text())
    path.write_text(f"{json.dumps(good)}\n{json.dumps({**good, **changes})}\n")
    with pytest.raises(DataError, match=message) as refused:
        read_votes(path)
    assert refused.value.where == f"{path}:2"


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "v.jsonl"
    path.write_bytes(b'{"vote": 1,\n\xff\n')
    with pytest.raises(DataError, match=r"v\.jsonl:1"):
        read_votes(path)


def test_a_file_that_cannot_be_written_or_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be written"):
        append_vote(tmp_path, vote())
    with pytest.raises(DataError, match="cannot be read"):
        read_votes(tmp_path / "none.jsonl")
