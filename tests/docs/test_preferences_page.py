"""docs/preferences.md: its examples print what it shows; keys of the file of votes and of rows are those of the code."""

from __future__ import annotations

import dataclasses
import io
import re
import sys
from pathlib import Path

import pytest

from evals.cli import main
from evals.cli.vote import DEFAULT_PATH
from evals.interchange.preferences import ANSWERS, RATERS
from evals.interchange.votes import CHOICES, Vote
from evals.texts.answer_style import AnswerStyle

PAGE = (Path(__file__).parents[2] / "docs" / "preferences.md").read_text(encoding="utf-8")


def write(name: str, folder: Path) -> None:
    found = re.search(rf"`{name}`:\n\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(found[1], encoding="utf-8")


def shown_after(command: str) -> str:
    found = re.search(rf"```sh\n{re.escape(command)}\n```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_ranking_is_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write("battles.jsonl", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main.main(["preferences", "battles.jsonl", "--predict"]) == 0
    assert capsys.readouterr().out == shown_after("evals preferences battles.jsonl --predict")


def test_the_judgements_are_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("pairs.jsonl", "verdicts.jsonl", "mine/completion_fns/played.yaml"):
        write(name, tmp_path)
    monkeypatch.chdir(tmp_path)
    found = re.search(r"```sh\nevals (preferences --judge .*?)\n(evals preferences judged.jsonl)\n```", PAGE)
    shown = re.search(r"The second command\nprints:\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    assert shown is not None
    assert main.main(found[1].split()) == 0
    capsys.readouterr()
    assert main.main(found[2].split()[1:]) == 0
    assert capsys.readouterr().out == shown[1]


def test_the_voting_is_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write("pairs.jsonl", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\nt\n"))
    assert main.main(["vote", "pairs.jsonl", "--rater", "ann"]) == 0
    assert capsys.readouterr().out == shown_after(r"printf '1\nt\n' | evals vote pairs.jsonl --rater ann")
    assert (tmp_path / DEFAULT_PATH).is_file()


@pytest.mark.parametrize(
    "name", [field.name for field in (*dataclasses.fields(Vote), *dataclasses.fields(AnswerStyle))]
)
def test_every_key_of_a_vote_is_described(name: str) -> None:
    assert f"`{name}`" in PAGE.partition("## The file of votes")[2]


@pytest.mark.parametrize("name", [*CHOICES, *RATERS[:2], *(key.format("a") for key in ANSWERS)])
def test_every_choice_and_key_of_a_row_is_named(name: str) -> None:
    assert f"`{name}`" in PAGE
