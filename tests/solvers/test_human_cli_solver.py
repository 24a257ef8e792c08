"""A person at the terminal as a solver."""

from __future__ import annotations

import io
import sys

import pytest

from evals.record import RecorderBase
from evals.solvers.human_cli_solver import HumanCliSolver
from evals.task_state import Message, TaskState

TASK = TaskState("task", [Message("user", "q")])


def test_a_person_sees_the_conversation_and_the_answer_is_recorded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "stdin", io.StringIO("forty two\n"))
    recorder = RecorderBase(None)
    with recorder.as_default_recorder("x"):
        assert HumanCliSolver()(TASK).output == "forty two"
    assert capsys.readouterr().out == "system: task\nuser: q\nassistant (you): "
    assert recorder.get_events("sampling")[0].data["model"] == "human"


def test_the_words_before_the_cursor_can_be_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    assert HumanCliSolver(input_prompt=None)(TASK).output == "yes"
    assert capsys.readouterr().out == "system: task\nuser: q\n"
