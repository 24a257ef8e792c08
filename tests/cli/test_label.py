"""`evals label`: blind, by lines and by keys, and it goes on where it was stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from graded_runs import write_graded

COMMAND = [sys.executable, "-m", "evals.cli.main", "label"]


def label(path: Path, lines: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, str(path), *arguments], input=lines, capture_output=True, text=True, timeout=60, check=False
    )


def labels_in(path: Path) -> list[dict[str, object]]:
    return [row for line in path.read_text().splitlines() if "labels_of" not in (row := json.loads(line))]


@pytest.fixture
def record(tmp_path: Path) -> Path:
    graders = [{"name": "judge", "model": "judge"}]
    return write_graded(tmp_path / "r.jsonl", ["Yes", "No", "Yes", "No"], models=["secret-model"], graders=graders)


def test_labels_go_to_a_file_beside_the_record_and_the_next_time_it_goes_on(record):
    first = label(record, "1\nq\n", "--rater", "ann")
    assert first.returncode == 0, first.stderr
    assert "1 label, 3 left" in first.stdout
    again = label(record, "No\ns\nn loud\n2\n", "--rater", "ann")
    assert "2 of 4" in again.stdout
    assert "3 labels, 1 skipped, all done" in again.stdout
    rows = labels_in(record.with_name("r.labels.jsonl"))
    assert [row.get("label") for row in rows] == ["Yes", "No", None, "No"]
    assert rows[-1]["note"] == "loud"
    assert len({row["id"] for row in rows}) == 4


def test_neither_the_verdict_nor_the_model_is_shown(record):
    shown = label(record, "1\n2\n1\n2\n").stdout
    assert "secret-model" not in shown
    assert "judge" not in shown
    assert "answer 0" in shown
    verdicts = [line for line in shown.splitlines() if line.strip() in ("Yes", "No")]
    assert verdicts == []


def test_the_last_label_can_be_taken_back_when_all_is_done(record):
    first = label(record, "1\n1\n1\n1\n1\n")
    assert "all samples are done" in first.stdout
    again = label(record, "u\n2\n")
    assert "4 labels, all done" in again.stdout
    rows = labels_in(record.with_name("r.labels.jsonl"))
    assert [row.get("label") for row in rows] == ["Yes"] * 4 + [None, "No"]
    assert rows[3]["id"] == rows[4]["id"] == rows[5]["id"]


def test_two_people_share_a_file_and_each_sees_all_samples(record):
    label(record, "1\n1\n1\n1\n", "--rater", "ann")
    assert "1 of 4" in label(record, "2\n", "--rater", "bob").stdout


def test_text_from_a_model_cannot_steer_the_terminal(tmp_path):
    path = write_graded(tmp_path / "r.jsonl", ["Yes", "No"], answers=["\x1b[2Jgone", "\u202eevil"])
    shown = label(path, "r\nq\n").stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert all(len(line) <= 80 for line in shown.splitlines() if "r.labels" not in line)


def test_labels_of_another_record_are_refused_with_the_place(record, tmp_path):
    label(record, "1\n")
    other = write_graded(tmp_path / "other.jsonl", ["Yes"], answers=["x"], eval_name="rude.dev.v0")
    refused = label(other, "1\n", "--out", str(record.with_name("r.labels.jsonl")))
    assert refused.returncode == 2
    assert "r.labels.jsonl:2: sample 'polite.dev." in refused.stderr
    assert "fix:" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sample", "0"], "a whole number from 1"),
        (["--rater", " "], "--rater needs a name"),
        (["--sample", "x"], "1"),
        (["--choices", ","], "--choices names no choice"),
    ],
)
def test_a_wrong_argument_is_named(record, arguments, said):
    done = label(record, "1\n", *arguments)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of this kind exists on POSIX systems alone")
def test_in_a_terminal_one_key_is_a_label(record):
    import pty

    main, inner = pty.openpty()
    process = subprocess.Popen([*COMMAND, str(record)], stdin=inner, stdout=subprocess.PIPE, text=True)
    os.close(inner)
    for key in (b"2", b"u", b"1", b"q"):
        os.write(main, key)
    process.communicate(timeout=60)
    os.close(main)
    rows = labels_in(record.with_name("r.labels.jsonl"))
    assert [row.get("label") for row in rows] == ["No", None, "Yes"]
