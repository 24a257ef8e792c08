"""Paths and numbers that a command cannot use: a message with the path and exit 2, never a report of a bug."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_records import write_record

from evals.cli.main import main
from evals.cli.oaieval import main as oaieval
from evals.cli.oaieval_flags import get_parser


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_record(tmp_path / "r.jsonl")
    assert main(["gate", "r.jsonl", "--baseline", "bl", "--update"]) == 0
    return tmp_path / "r.jsonl"


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["--junit", "no/such/j.xml"], "no/such/j.xml"),
        (["--markdown", "."], "is a directory"),
        (["--update", "--baseline", "r.jsonl/x"], "r.jsonl"),
    ],
)
def test_a_file_that_cannot_be_written_is_named(record, capsys, argv, named):
    assert main(["gate", "r.jsonl", "--baseline", "bl", *argv]) == 2
    said = capsys.readouterr().err
    assert named in said
    assert "bug" not in said


@pytest.mark.parametrize("value", ["inf", "nan", "-1", "2.5", "1e400"])
def test_max_errors_is_a_count_or_a_fraction(capsys, value):
    with pytest.raises(SystemExit) as caught:
        oaieval(["dummy", "toy", "--max-errors", value])
    assert caught.value.code == 2
    assert "needs a count such as 5, or a fraction such as 0.02" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--timeout", "--max_time", "--max_cost", "--requests_per_minute"])
@pytest.mark.parametrize("value", ["inf", "nan", "0"])
def test_limits_are_positive_numbers(capsys, flag, value):
    with pytest.raises(SystemExit) as caught:
        oaieval(["dummy", "toy", flag, value])
    assert caught.value.code == 2


@pytest.mark.parametrize("value", ["0", "100001", "9" * 400, "x"])
def test_repeats_are_a_number_that_a_run_can_have(capsys, value):
    with pytest.raises(SystemExit) as caught:
        oaieval(["dummy", "toy", "--repeats", value])
    assert caught.value.code == 2
    assert "from 1 to 100,000" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "n_bytes"), [("1MB", 10**6), ("1000000", 10**6), ("1.5mb", 1_500_000), ("2GB", 2 * 10**9)]
)
def test_segments_have_a_megabyte_or_more(value: str, n_bytes: int) -> None:
    assert get_parser().parse_args(["dummy", "toy", "--rotate", value]).rotate == n_bytes


@pytest.mark.parametrize("value", ["999999", "0.9MB", "1KB", "nan", "inf", "x"])
def test_smaller_segments_are_refused(capsys: pytest.CaptureFixture[str], value: str) -> None:
    with pytest.raises(SystemExit) as caught:
        oaieval(["dummy", "toy", "--rotate", value])
    assert caught.value.code == 2
    assert "needs a size of at least 1 MB" in capsys.readouterr().err
