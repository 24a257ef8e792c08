"""`evals view`: which samples it shows, as text and as JSON."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from made_runs import write_run
from page_records import write_conversation

from evals import record
from evals.cli import view
from evals.errors import DataError, UsageError
from evals.record import LocalRecorder
from evals.specs import RunSpec


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """25 samples: every fifth wrong, number 7 failed, even ones in the group `algebra`."""
    path = tmp_path_factory.mktemp("view") / "run.jsonl"
    recorder = LocalRecorder(path, RunSpec(["some-model"], "sums.test.v1", "sums", "test", {}, ""))
    for number in range(25):
        with recorder.sample(f"sums.test.{number}") as scope:
            record.record_raw({"input": f"question {number}", "subject": "algebra" if number % 2 == 0 else "geometry"})
            record.record_sampling(f"question {number}", [f"answer {number} \x1b[2J"])
            record.record_match(number % 5 != 0, expected="x")
            if number == 7:
                scope.fail({"type": "timed out", "message": "no reply"})
            else:
                scope.commit({"section": ["b", "c"]} if number == 3 else None)
    recorder.record_final_report({"accuracy": 0.8})
    recorder.close()
    return path


def parse(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    view.add_parser(parser.add_subparsers())
    return parser.parse_args(["view", *argv])


@pytest.fixture
def show(path, capsys):
    def show(*argv: str) -> str:
        args = parse(str(path), *argv)
        assert args.func(args) == 0
        return capsys.readouterr().out

    return show


def ids(text: str) -> list[int]:
    return [
        int(line.split()[0].rsplit(".", 1)[1])
        for line in text.splitlines()
        if line.startswith("sums.test.") and " on " not in line
    ]


def test_the_first_ten_are_shown_with_how_to_see_more(show):
    text = show()
    assert text.startswith("sums.test.v1 on some-model\n")
    assert ids(text) == list(range(10))
    assert text.endswith("10 of 25 samples; more: -n 50, all: -n 0, one whole: its id\n")


@pytest.mark.parametrize(
    ("flags", "expected", "last"),
    [
        (["--wrong"], [0, 5, 10, 15, 20], "5 wrong samples"),
        (["--errors"], [7], "1 failed sample"),
        (["-n", "0"], list(range(25)), "25 samples"),
        (["-n", "2"], [0, 1], "2 of 25 samples"),
        (["--group", "algebra", "--wrong"], [0, 10, 20], "3 wrong samples in the group algebra"),
        (["--group", "c"], [3], "1 sample in the group c"),
        (["sums.test.12"], [12], "whole events"),
        (["12"], [12], "whole events"),
        ([".2"], [2], "whole events"),
        (["--group", "algebra", "--errors"], [], "no failed sample in the group algebra"),
    ],
)
def test_flags_choose_samples(show, flags, expected, last):
    text = show(*flags)
    assert ids(text) == expected
    assert text.splitlines()[-1].startswith(last)


def test_json_is_one_object_with_the_rows(show):
    shown = json.loads(show("--json", "--wrong", "-n", "2"))
    assert (shown["eval"], shown["final_report"], shown["n_matching"]) == ("sums.test.v1", {"accuracy": 0.8}, 5)
    assert [row["sample_id"] for row in shown["samples"]] == ["sums.test.0", "sums.test.5"]
    assert shown["samples"][0]["completion"] == "answer 0 \x1b[2J"
    assert shown["samples"][0]["raw_sample"]["subject"] == "algebra"


def test_an_unknown_sample_or_group_gets_a_near_miss(path):
    with pytest.raises(UsageError, match=r"no sample is called") as caught:
        view.run(parse(str(path), "sums.test.99"))
    assert "did you mean: sums.test.9" in str(caught.value)
    with pytest.raises(UsageError, match=r"no sample is in the group") as caught:
        view.run(parse(str(path), "--group", "algebre"))
    assert "did you mean: algebra" in str(caught.value)
    assert "groups: algebra, b, c, geometry" in str(caught.value)


def test_difficulty_is_a_group_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.jsonl"
    recorder = LocalRecorder(path, RunSpec(["some-model"], "sums.test.v1", "sums", "test", {}, ""))
    for number, difficulty in enumerate(["easy", "hard"]):
        with recorder.sample(f"sums.test.{number}") as scope:
            record.record_match(True, expected="x")
            scope.commit({"difficulty": difficulty})
    recorder.record_final_report({})
    recorder.close()
    assert view.run(parse(str(path), "--group", "hard")) == 0
    shown = capsys.readouterr().out
    assert "sums.test.1" in shown
    assert "sums.test.0" not in shown


def test_a_file_that_is_no_record_is_called_so(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"input": 1}\n')
    with pytest.raises(DataError, match="not a record"):
        view.run(parse(str(tmp_path / "x.jsonl")))


def test_no_escape_reaches_the_terminal(show):
    assert "\x1b" not in show("-n", "0")


def test_a_run_that_did_not_end_says_so(path, tmp_path, capsys):
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(path.read_bytes()[:3000])
    args = parse(str(cut))
    assert args.func(args) == 0
    assert "(the run did not end)" in capsys.readouterr().out


def test_a_terminal_without_unicode_gets_escapes(path, tmp_path):
    recorder = LocalRecorder(tmp_path / "run.jsonl", RunSpec(["m"], "a.b.c", "a", "b", {}, ""))
    recorder.record_event("extra", 1, sample_id="x")
    with recorder.sample("a.b.0") as scope:
        record.record_sampling("数学", ["é"])
        scope.commit()
    recorder.close()
    result = subprocess.run(
        [sys.executable, "-m", "evals.cli.main", "view", str(tmp_path / "run.jsonl")],
        capture_output=True, check=True, env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert b"\\u6570\\u5b66" in result.stdout


@pytest.mark.parametrize("n", ["-1", "x"])
def test_a_count_that_is_none_is_a_usage_error(n, capsys):
    with pytest.raises(SystemExit) as caught:
        parse("run.jsonl", f"-n={n}")
    assert caught.value.code == 2


def test_full_shows_the_few_shot_examples_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record_path = str(write_conversation(tmp_path / "a.jsonl"))
    view.run(parse(record_path, "0"))
    assert "1+1=?" not in capsys.readouterr().out
    view.run(parse(record_path, "0", "--full"))
    assert "1+1=?" in capsys.readouterr().out


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_a_folder_without_the_extra_is_one_line_to_install(tmp_path: Path, package: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; from evals.cli.main import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "view", str(tmp_path), "--no-browser"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "error: evals view of a folder needs packages that are not installed\n"
        "  fix: pip install 'oaieval[serve,report]'\n"
    )


def test_evaluations_of_a_run_with_repeats_are_not_called_samples(tmp_path, capsys):
    scores = {0: [1.0, 0.0, None], 1: [1.0, 1.0, 1.0], 2: [0.0, 0.0, 1.0]}
    path = str(write_run(tmp_path / "r.jsonl", scores, repeats=3))
    view.run(parse(path, "-n", "1"))
    assert capsys.readouterr().out.splitlines()[-1].startswith("1 of 9 evaluations of 3 samples;")
    view.run(parse(path, "--errors"))
    assert capsys.readouterr().out.splitlines()[-1] == "1 failed evaluation of 1 sample"
