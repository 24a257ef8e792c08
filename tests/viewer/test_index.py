"""The index of a folder: what is in it, under which ids, and what is never in it."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import pytest
from viewer_records import add_sample, recorder_of, write_many, write_run, write_summary

from evals.viewer.index import RecordIndex


def names(index: RecordIndex) -> list[str]:
    return sorted(run.path.name for run in index.runs())


def test_runs_come_newest_first_with_their_numbers(tmp_path: Path) -> None:
    write_summary(tmp_path / "old.jsonl", "m", "a.test.v1", 1, 0.25, n=80)
    write_summary(tmp_path / "deep" / "new.jsonl", "m", "a.test.v1", 2, 0.5, max_samples=50, repeats=2)
    new, old = RecordIndex(tmp_path).runs()
    assert (new.path.name, old.path.name) == ("new.jsonl", "old.jsonl")
    assert (old.line.value, old.line.n, old.n_planned, new.n_planned) == (0.25, 80, 80, 100)


def test_an_id_is_the_same_at_every_start_and_differs_between_runs(tmp_path: Path) -> None:
    write_many(tmp_path, 20)
    first, second = RecordIndex(tmp_path).runs(), RecordIndex(tmp_path).runs()
    assert [run.id for run in first] == [run.id for run in second]
    assert len({run.id for run in first}) == 20


@pytest.mark.parametrize("run_id", ["", "..", "../secret.jsonl", "%2e%2e", "0" * 16, "/etc/passwd", "a.jsonl"])
def test_only_ids_of_the_index_lead_anywhere(tmp_path: Path, run_id: str) -> None:
    write_summary(tmp_path / "logs" / "a.jsonl", "m", "a.test.v1", 1, 0.5)
    write_summary(tmp_path / "secret.jsonl", "m", "a.test.v1", 1, 0.5)
    assert RecordIndex(tmp_path / "logs").find(run_id) is None


def test_links_out_of_the_folder_pipes_and_other_files_are_left_out(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    write_summary(logs / "in.jsonl", "m", "a.test.v1", 1, 0.5)
    outside = write_summary(tmp_path / "out" / "secret.jsonl", "m", "a.test.v1", 1, 0.5)
    (logs / "link-in.jsonl").symlink_to(logs / "in.jsonl")
    (logs / "link-out.jsonl").symlink_to(outside)
    (logs / "folder-out").symlink_to(outside.parent)
    (logs / "circle.jsonl").symlink_to(logs / "circle.jsonl")
    (logs / "notes.jsonl").write_text('{"no": "record"}\n', encoding="utf-8")
    (logs / "notes.txt").write_text("x", encoding="utf-8")
    (logs / "not-packed.jsonl.gz").write_text("x", encoding="utf-8")
    os.mkfifo(logs / "pipe.jsonl")
    assert names(RecordIndex(logs)) == ["in.jsonl", "link-in.jsonl"]


def test_a_record_that_became_a_link_out_of_the_folder_is_no_longer_found(tmp_path: Path) -> None:
    record = write_summary(tmp_path / "logs" / "a.jsonl", "m", "a.test.v1", 1, 0.5)
    outside = shutil.copy(record, tmp_path / "outside.jsonl")
    index = RecordIndex(tmp_path / "logs")
    (run,) = index.runs()
    assert index.find(run.id) is not None
    record.unlink()
    record.symlink_to(outside)
    assert index.find(run.id) is None


def test_a_record_and_its_packed_copy_are_one_run_and_the_sound_one_is_shown(tmp_path: Path) -> None:
    record = write_summary(tmp_path / "a.jsonl", "m", "a.test.v1", 1, 0.5)
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(record.read_bytes()))
    index = RecordIndex(tmp_path)
    assert names(index) == names(index) == ["a.jsonl"]
    record.write_bytes(record.read_bytes()[:-40])
    assert names(index) == ["a.jsonl.gz"]


def test_new_changed_and_deleted_records_are_noticed(tmp_path: Path) -> None:
    index = RecordIndex(tmp_path)
    assert index.runs() == []
    record = write_summary(tmp_path / "a.jsonl", "m", "a.test.v1", 1, 0.5)
    (run,) = index.runs()
    write_summary(record, "m", "a.test.v1", 1, 0.75)
    os.utime(record, ns=(1, 1))
    found = index.find(run.id)
    assert found is not None
    assert found.line.value == 0.75
    record.unlink()
    assert index.runs() == []
    assert index.find(run.id) is None


def test_a_run_is_running_while_its_process_holds_the_record(tmp_path: Path) -> None:
    index = RecordIndex(tmp_path)
    recorder = recorder_of(tmp_path / "a.jsonl", "m", n_samples=4)
    add_sample(recorder, 0, True)
    (run,) = index.runs()
    assert (run.line.state, run.is_running, run.n_planned) == ("running", True, 4)
    recorder.close()
    assert index.runs()[0].line.state == "stopped"


def test_a_thousand_records_are_listed_and_read_once(tmp_path: Path) -> None:
    """Times are measured by hand (docs/viewer.md); here a record that did not change is one and the same object."""
    write_many(tmp_path, 1000)
    index = RecordIndex(tmp_path)
    first = {run.path: run for run in index.runs()}
    assert len(first) == 1000
    assert all(run.line is first[run.path].line for run in index.runs())


def test_records_of_any_form_are_listed(tmp_path: Path) -> None:
    write_run(tmp_path / "a.jsonl", "m", [True, False])
    (tmp_path / "torn.jsonl").write_bytes((tmp_path / "a.jsonl").read_bytes()[:-30])
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "broken.jsonl.gz").write_bytes(b"\x1f\x8bno gzip")
    assert {run.path.name: run.line.state for run in RecordIndex(tmp_path).runs()} == {
        "a.jsonl": "done",
        "torn.jsonl": "stopped",
    }
