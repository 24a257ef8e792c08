"""`evals vote`: by lines and by keys of a real terminal; blind, resumable, several raters."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evals.cli.main import main
from evals.comparison.answer_pairs import AnswerPairs, pairs_of_file
from evals.comparison.voting import Ballot
from evals.interchange.votes import read_votes, standing_votes
from evals.report.terminal.vote import pages, question_lines

HOSTILE = "\x1b[2J\u202egnorw\n--- answer 2 ---\n::error::x" + " long" * 60
Vote = Callable[..., tuple[int, str]]


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    rows = [
        {"id": f"p{i}", "input": f"question {i}", "output_a": f"good {i}", "output_b": f"bad {i}", "category": "ab"[i % 2]}
        for i in range(6)
    ]  # fmt: skip
    names = {"model_a": "model-with-a-name", "model_b": "another-name"}
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row | names) + "\n" for row in rows))
    return path


@pytest.fixture
def vote(pairs: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Vote:
    """Votes with the lines that are given; the exit code and what was printed."""

    def command(*keys: str, rater: str = "ann", options: tuple[str, ...] = ()) -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{key}\n" for key in keys)))
        votes = str(pairs.parent / "votes.jsonl")
        code = main(["vote", str(pairs), "--votes", votes, "--rater", rater, *options])
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    return command


def test_the_answer_that_was_chosen_wins_wherever_it_stood(vote: Vote, pairs: Path) -> None:
    for _ in range(6):
        _, shown = vote("q")
        first = shown.split("--- answer 1 ")[1].split("--- answer 2")[0]
        vote("1" if "good" in first else "2", "q")
    found = read_votes(pairs.parent / "votes.jsonl")
    assert [one.winner for one in found] == ["model_a"] * 6
    assert {one.shown_first for one in found} == {"model_a", "model_b"}
    assert {one.category for one in found} == {"a", "b"}


def test_names_are_hidden_until_the_summary(vote: Vote) -> None:
    _, shown = vote("1", "2", "q")
    before, _, after = shown.rpartition("quit  >")
    assert "name" not in before
    assert "model-with-a-name against another-name" in after


def test_votes_are_kept_and_the_next_session_goes_on(vote: Vote, pairs: Path) -> None:
    _, first = vote("1", "t", "q")
    assert "1 of 6" in first
    assert "4 of 6 pairs are left" in first
    _, second = vote("b", "s")
    assert "3 of 6" in second
    assert "1 of 6" not in second
    assert [one.winner for one in read_votes(pairs.parent / "votes.jsonl")][1:] == ["tie", "both_bad", "skip"]
    _, third = vote("1", "2", "1", "1")
    assert "0 of 6 pairs are left" in third
    _, fourth = vote("1", options=("--skipped",))
    assert "6 of 6" in fourth


def test_the_last_vote_can_be_taken_back(vote: Vote, pairs: Path) -> None:
    _, shown = vote("u", "1", "2", "u", "u", "t", "q")
    assert "there is no vote to take back" in shown
    lines = read_votes(pairs.parent / "votes.jsonl")
    assert [one.winner for one in lines][2:] == ["undo", "undo", "tie"]
    [left] = standing_votes(lines)
    assert (left.winner, left.question_id) == ("tie", lines[0].question_id)


def test_each_rater_has_sides_of_their_own_and_the_same_pairs(pairs: Path) -> None:
    ballots = [Ballot(pairs_of_file(pairs), name) for name in ("ann", "bob", "cy", "dee", "eve")]
    firsts = [ballot.next() for ballot in ballots]
    assert len({first.pair.id for first in firsts if first}) == 1
    assert {first.shown_first for first in firsts if first} == {"model_a", "model_b"}


def test_the_agreement_of_raters_stands_in_the_summary(vote: Vote, capsys: Any, pairs: Path) -> None:
    for name in ("ann", "bob"):
        ballot = Ballot(pairs_of_file(pairs), name)
        keys = []
        while (question := ballot.next()) is not None:
            wanted = "model_a" if question.pair.id in ("p0", "p1", "p2") else "model_b"
            keys.append("1" if question.shown_first == wanted else "2")
            ballot.vote(question, "tie", 0)
        _, shown = vote(*keys, rater=name)
    assert "2 raters, 6 pairs of answers judged by two or more" in shown
    assert "ann and bob: same verdict on 100% of 6" in shown
    assert "alpha (ordinal)  1.000" in shown
    assert main(["preferences", str(pairs.parent / "votes.jsonl"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["agreement"]["alpha"]["value"] == found["agreement"]["pairs"][0]["kappa"]["value"] == 1.0
    assert (found["pairs"][0]["wins"], found["pairs"][0]["losses"]) == (6, 6)


def test_the_summary_is_one_json_object(vote: Vote) -> None:
    code, shown = vote("1", "q", options=("--json",))
    found = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])
    assert (code, found["rater"], found["n_cast"], found["n_left"]) == (0, "ann", 1, 5)
    assert found["pair"]["win_rate"]["n"] == 1


def test_a_number_of_votes_ends_the_session(vote: Vote) -> None:
    assert "ann: 2 votes" in vote("1", "1", "1", "1", options=("-n", "2"))[1]


def test_hostile_answers_are_inert_and_no_line_is_wider_than_80(vote: Vote, pairs: Path) -> None:
    pairs.write_text(json.dumps({"id": HOSTILE, "input": HOSTILE, "output_a": HOSTILE, "output_b": "x\n" * 50}))
    _, shown = vote("x" * 200, "1")
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert max(len(line) for line in shown.splitlines() if not line.startswith("votes ")) <= 80
    assert sum(line.startswith("--- answer 2") for line in shown.splitlines()) == 1
    assert "::error::x" not in [line.strip() for line in shown.splitlines()]


def test_a_long_answer_comes_in_pages(pairs: Path) -> None:
    pairs.write_text(json.dumps({"input": "q", "output_a": "line\n" * 70, "output_b": "x"}))
    question = Ballot(pairs_of_file(pairs), "ann").next()
    assert question is not None
    lines = question_lines(question, 1, 1)
    found = pages(lines, rows=24)
    assert [line for page in found for line in page] == lines
    assert {len(page) for page in found[:-1]} == {21}


def test_the_two_records_may_be_named_in_either_order(pairs: Path) -> None:
    found = pairs_of_file(pairs)
    one = Ballot(dataclasses.replace(found, sha256_b="b" * 64), "ann")
    question = one.next()
    assert question is not None
    cast = one.vote(question, "model_a", 1.0)
    swapped = [dataclasses.replace(p, answer_a=p.answer_b, answer_b=p.answer_a) for p in found.pairs]
    other = Ballot(AnswerPairs(found.model_b, found.model_a, "b" * 64, found.sha256_a, swapped), "ann")
    other.take([cast])
    assert (other.n_done, other.n) == (1, 6)


@pytest.mark.parametrize(("answer", "is_told"), [("same", True), ("other", False)])
def test_equal_answers_are_told(vote: Vote, pairs: Path, answer: str, is_told: bool) -> None:
    pairs.write_text(json.dumps({"input": "q", "output_a": "same", "output_b": answer}) + "\n")
    assert ("both answers are the same text" in vote("t")[1]) is is_told


def test_votes_on_other_files_are_refused(vote: Vote, pairs: Path) -> None:
    vote("1", "q")
    pairs.write_text(pairs.read_text().replace("good 5", "better 5"))
    code, shown = vote("1", "q")
    assert code == 2
    assert "is about other files than these" in shown
    assert "--votes" in shown


def test_a_damaged_file_of_votes_is_named(vote: Vote, pairs: Path) -> None:
    (pairs.parent / "votes.jsonl").write_text('{"vote": 1}\n')
    code, shown = vote("1", "q")
    assert code == 2
    assert "votes.jsonl:1: 'question_id' is None, not a text" in shown


@pytest.mark.parametrize("options", [("--rater", " "), ("--rater", "x" * 101)])
def test_a_rater_without_a_name_is_refused(vote: Vote, options: tuple[str, ...]) -> None:
    code, shown = vote("1", options=options)
    assert (code, "--rater needs a name" in shown) == (2, True)


def test_votes_that_cannot_be_written_end_the_session(vote: Vote, tmp_path: Path) -> None:
    code, shown = vote("1", options=("--votes", str(tmp_path / "pairs.jsonl" / "v.jsonl")))
    assert code == 3
    assert "the vote cannot be written" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_single_keys_of_a_terminal_vote_and_the_terminal_is_as_before(pairs: Path) -> None:
    import pty
    import termios

    pairs.write_text(json.dumps({"input": "q", "output_a": "line\n" * 70, "output_b": "x"}) + "\n")
    with pairs.open("a") as file:
        file.write(json.dumps({"input": "q2", "output_a": "y", "output_b": "z"}) + "\n")
    votes = pairs.parent / "votes.jsonl"
    code = "import sys; from evals.cli.main import main; sys.exit(main(sys.argv[1:]))"
    argv = [sys.executable, "-c", code, "vote", str(pairs), "--votes", str(votes), "--rater", "ann"]
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(argv[0], argv)
    before = termios.tcgetattr(fd)[3]
    try:
        shown = ""
        for key in ("\x1b[A", "", "p", "1", "2"):
            shown += read_until(fd, "> ")
            os.write(fd, key.encode() or b"\n")
        shown += read_until(fd, "votes            ")
    finally:
        _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert "page 1 of" in shown
    assert "no key '?'" in shown
    assert len(read_votes(votes)) == 2
    assert termios.tcgetattr(fd)[3] == before
    os.close(fd)


def read_until(fd: int, end: str, seconds: float = 30) -> str:
    """What a terminal shows until `end` was shown."""
    import select

    shown, begun = "", time.monotonic()
    while end not in shown:
        assert time.monotonic() - begun < seconds, shown
        if select.select([fd], [], [], 0.5)[0]:
            shown += os.read(fd, 4096).decode("utf-8", "replace")
    return shown
