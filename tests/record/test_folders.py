"""Files and folders of records: each run once, whatever copies of it lie there."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
from small_records import write_record

from evals.cli.main import main
from evals.record.file import RecordFile
from evals.record.folders import summaries, without_copies


def pack(record: Path, name: str | None = None, text: bytes | None = None) -> Path:
    packed = record.with_name(f"{name or record.name}.gz")
    packed.write_bytes(gzip.compress(record.read_bytes() if text is None else text))
    return packed


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "r.jsonl"
    write_record(path, n_samples=5)
    return path


def test_a_record_and_its_packed_copies_are_one_run(record: Path, tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard", reason="needs the extra: pip install 'oaieval[data]'")
    packed = pack(record)
    small = record.with_name("r.jsonl.zst")
    small.write_bytes(zstandard.compress(record.read_bytes()))
    assert without_copies([small, packed, record]) == [record]
    assert without_copies([small, packed]) == [small]
    assert [one.path for one in summaries([tmp_path])] == [record]
    assert [one.path for one in summaries([packed, record])] == [record]


def test_the_complete_copy_is_read(record: Path) -> None:
    packed = pack(record)
    record.write_bytes(record.read_bytes()[:-100])
    assert without_copies([record, packed]) == [packed]


def test_a_copy_that_was_cut_or_cannot_be_unpacked_gives_way(record: Path) -> None:
    packed = pack(record)
    packed.write_bytes(packed.read_bytes()[:200])
    assert without_copies([record, packed]) == [record]
    packed.write_bytes(b"no gzip at all")
    assert without_copies([record, packed]) == [record]


def test_of_two_finished_copies_the_undamaged_one_is_read(record: Path) -> None:
    packed = pack(record)
    whole = record.read_bytes()
    middle = whole.index(b'"match"')
    record.write_bytes(whole[:middle] + b"\0" * 8 + whole[middle + 8 :])
    assert without_copies([record, packed]) == [packed]
    record.write_bytes(whole)
    pack(record, text=whole[:middle] + b"\0" * 8 + whole[middle + 8 :])
    assert without_copies([record, packed]) == [record]


def test_of_two_unfinished_copies_the_one_with_more_samples_is_read(record: Path) -> None:
    lines = record.read_bytes().splitlines(keepends=True)
    packed = pack(record, text=b"".join(lines[:-4]))
    record.write_bytes(b"".join(lines[:-1]))
    assert without_copies([packed, record]) == [record]
    pack(record)
    record.write_bytes(b"".join(lines[:4]))
    assert without_copies([packed, record]) == [packed]


def test_a_record_that_is_being_written_goes_before_an_older_copy_of_it(record: Path) -> None:
    whole = b"".join(record.read_bytes().splitlines(keepends=True)[:-1])
    packed = pack(record, text=whole)
    record.write_bytes(whole[: len(whole) // 2])
    held = RecordFile.reopen(record)
    try:
        assert without_copies([packed, record]) == [record]
    finally:
        held.close()


def test_other_runs_and_copies_elsewhere_are_runs_of_their_own(record: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    write_record(other)
    packed = pack(record, text=other.read_bytes())
    (tmp_path / "deep").mkdir()
    elsewhere = Path(shutil.copy(record, tmp_path / "deep" / "r.jsonl"))
    assert without_copies([record, packed, elsewhere]) == [record, packed, elsewhere]
    assert without_copies([tmp_path, tmp_path / "no file"]) == [tmp_path, tmp_path / "no file"]


@pytest.mark.parametrize("command", ["runs", "report"])
def test_commands_that_read_folders_count_one_run(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    pack(record)
    assert main([command, str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["runs" if command == "runs" else "rows"]) == 1
    assert found.get("left_out", []) == []
