"""Records that move their lines into compressed segments read as one file, after any stop."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evals.errors import DataError
from evals.record.folders import summaries
from evals.record.local import LocalRecorder
from evals.record.reader import read_record
from evals.record.segments import folder_of, n_segments, read_index, unpacked_lines, write_segment
from evals.record.summary import read_summary
from evals.specs import RunSpec

ROTATE_BYTES = 4_000


def spec() -> RunSpec:
    return RunSpec(["m"], "e.dev.v0", "e", "dev", {}, "")


def write(recorder: LocalRecorder, first: int, n: int) -> None:
    for i in range(first, first + n):
        with recorder.sample(f"e.dev.{i}") as scope:
            recorder.record_sampling(f"question {i}", [f"answer {i}"])
            recorder.record_match(i % 2 == 0, expected="x", picked="y")
            scope.commit()


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "r.jsonl"
    recorder = LocalRecorder(path, spec(), rotate_bytes=ROTATE_BYTES)
    write(recorder, 0, 50)
    recorder.record_final_report({"accuracy": 0.5})
    recorder.close()
    return path


def test_all_samples_are_read_in_order_from_segments_and_file(record):
    assert len(read_index(record)) >= 3
    assert record.stat().st_size < ROTATE_BYTES + 2_000
    found = read_record(record)
    assert [sample.sample_id for sample in found.samples()] == [f"e.dev.{i}" for i in range(50)]
    assert found.final_report == {"accuracy": 0.5}
    assert [event.event_id for event in found.events()] == list(range(100))
    assert found.n_damaged == 0


def test_the_index_tells_what_the_segments_hold(record):
    index = read_index(record)
    n_in_file = sum('"sample_done": true' in line for line in record.read_text().splitlines())
    assert sum(segment.n_samples for segment in index) + n_in_file == 50
    assert all(segment.n_bytes >= ROTATE_BYTES - 500 for segment in index)
    assert sorted(path.name for path in folder_of(record).iterdir()) == sorted(
        ["index.jsonl", *(segment.name for segment in index)]
    )


def test_segments_are_private(record):
    assert {path.stat().st_mode & 0o777 for path in folder_of(record).iterdir()} == {0o600}
    assert folder_of(record).stat().st_mode & 0o777 == 0o700


def test_a_record_with_segments_is_listed_once_with_its_report(record):
    (found,) = summaries([record.parent])
    assert found.path == record
    assert found.report == {"accuracy": 0.5}
    assert read_summary(record).spec["eval_name"] == "e.dev.v0"


def test_a_run_goes_on_in_its_record(tmp_path):
    path = tmp_path / "r.jsonl"
    recorder = LocalRecorder(path, spec(), rotate_bytes=ROTATE_BYTES)
    write(recorder, 0, 30)
    recorder.close()
    with path.open("ab") as file:
        file.write(b'{"run_id": "torn')
    again = LocalRecorder.resume(path, spec(), rotate_bytes=ROTATE_BYTES)
    write(again, 30, 30)
    again.record_final_report({"accuracy": 0.5})
    again.close()
    found = read_record(path)
    assert [sample.sample_id for sample in found.samples()] == [f"e.dev.{i}" for i in range(60)]
    assert n_segments(path.read_bytes().splitlines(keepends=True)[0]) == len(read_index(path))


def test_a_file_that_holds_nothing_but_its_first_line_goes_on(tmp_path):
    path = tmp_path / "r.jsonl"
    recorder = LocalRecorder(path, spec(), rotate_bytes=ROTATE_BYTES)
    n = 0
    while not folder_of(path).exists():
        write(recorder, n, 1)
        n += 1
    recorder.close()
    assert len(path.read_bytes().splitlines()) == 1
    again = LocalRecorder.resume(path, spec(), rotate_bytes=ROTATE_BYTES)
    write(again, n, 1)
    again.close()
    assert [sample.sample_id for sample in read_record(path).samples()] == [f"e.dev.{i}" for i in range(n + 1)]


def test_a_segment_that_the_record_does_not_name_yet_counts_for_nothing(tmp_path):
    path = tmp_path / "r.jsonl"
    recorder = LocalRecorder(path, spec(), rotate_bytes=10**9)
    write(recorder, 0, 20)
    recorder.close()
    with path.open("rb") as file:
        write_segment(file, path, 1)  # killed before the file was replaced
    assert sum(1 for _ in read_record(path).samples()) == 20
    again = LocalRecorder.resume(path, spec(), rotate_bytes=ROTATE_BYTES)
    write(again, 20, 20)
    again.close()
    assert [sample.sample_id for sample in read_record(path).samples()] == [f"e.dev.{i}" for i in range(40)]
    assert len(read_index(path)) == n_segments(path.read_bytes().splitlines(keepends=True)[0])


def test_a_missing_segment_is_an_error_that_names_it(record):
    (folder_of(record) / "000002.jsonl.zst").unlink()
    with pytest.raises(DataError, match="segment 2 of"):
        read_record(record)


def test_a_new_record_of_the_same_name_leaves_the_old_one_whole(record):
    recorder = LocalRecorder(record, spec(), rotate_bytes=ROTATE_BYTES)
    write(recorder, 0, 40)
    recorder.close()
    old = Path(f"{record}.bak")
    assert sum(1 for _ in read_record(old).samples()) == 50
    assert sum(1 for _ in read_record(record).samples()) == 40


def test_a_record_packed_by_zstd_is_read(tmp_path):
    import zstandard

    plain = tmp_path / "plain.jsonl"
    recorder = LocalRecorder(plain, spec())
    write(recorder, 0, 5)
    recorder.close()
    packed = tmp_path / "packed.jsonl.zst"
    packed.write_bytes(zstandard.compress(plain.read_bytes()))
    assert [s.sample_id for s in read_record(packed).samples()] == [s.sample_id for s in read_record(plain).samples()]
    assert read_summary(packed) is not None


@pytest.mark.parametrize("name", ["r.jsonl.gz", "r.jsonl.zst"])
def test_a_file_that_is_not_compressed_as_its_name_says_is_an_error(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b'{"spec": {"completion_fns": ["m"], "eval_name": "e.dev.v0"}}\n')
    with pytest.raises(DataError, match="not compressed by"):
        read_record(path)
    with pytest.raises(DataError, match="not compressed by"):
        list(summaries([path]))
    assert list(summaries([tmp_path])) == []


@pytest.mark.parametrize("n_bytes", [0, 3, 200])
def test_a_packed_record_that_was_cut_is_read_as_far_as_it_goes(tmp_path, n_bytes):
    import gzip

    import zstandard

    text = b'{"spec": {"completion_fns": ["m"], "eval_name": "e.dev.v0", "record_format": 1}}\n'
    for name, packed in (("r.jsonl.gz", gzip.compress(text)), ("r.jsonl.zst", zstandard.compress(text))):
        path = tmp_path / name
        path.write_bytes(packed[:n_bytes])
        assert list(read_record(path).samples()) == []


def test_the_segments_folder_alone_is_no_list_of_records(record, tmp_path):
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.copytree(folder_of(record), moved / folder_of(record).name)
    assert list(summaries([moved])) == []


@pytest.mark.slow
def test_a_line_without_end_in_a_small_packed_file_takes_little_memory(tmp_path):
    """A gigabyte of one letter is packed into some kilobytes; it is read in a process that may take 1.5 GB, where a line is at most 256 MB."""
    import subprocess
    import sys

    import zstandard

    packed = tmp_path / "bomb.jsonl.zst"
    with packed.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as writer:
        for _ in range(1024):
            writer.write(b"a" * (1 << 20))
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1500 << 20, 1500 << 20))\n"
        "from evals.record.summary import read_summary; from pathlib import Path\n"
        "assert read_summary(Path(sys.argv[1])) is None"
    )
    assert packed.stat().st_size < 200_000
    subprocess.run([sys.executable, "-c", code, str(packed)], check=True, timeout=120)


def test_a_link_to_a_record_reads_and_goes_on_as_the_record(record):
    link = record.parent / "elsewhere" / "link.jsonl"
    link.parent.mkdir()
    link.symlink_to(record)
    assert len(list(read_record(link).samples())) == 50
    n_before = len(read_index(record))
    recorder = LocalRecorder.resume(link, spec(), rotate_bytes=ROTATE_BYTES)
    write(recorder, 50, 50)
    recorder.close()
    assert link.is_symlink()
    assert len(read_index(record)) > n_before
    assert [sample.sample_id for sample in read_record(record).samples()] == [f"e.dev.{i}" for i in range(100)]


@pytest.mark.parametrize("damage", ["at its beginning", "between two lines", "in the middle"])
def test_a_damaged_segment_is_told_of_and_its_samples_are_not_done(record, damage):
    path = folder_of(record) / "000002.jsonl.zst"
    if damage == "between two lines":
        import zstandard

        kept = b"".join(list(unpacked_lines(path))[:4])
        path.write_bytes(zstandard.ZstdCompressor().compress(kept))
    else:
        data = path.read_bytes()
        path.write_bytes(b"\0" * 40 + data[40:] if damage == "at its beginning" else data[: len(data) // 2])
    found = read_record(record)
    n_samples = len(list(found.samples()))
    assert 50 - read_index(record)[1].n_samples <= n_samples < 50
    assert found.n_damaged == 1


def test_a_first_segment_of_which_nothing_is_left_is_named(record):
    (folder_of(record) / "000001.jsonl.zst").write_bytes(b"")
    with pytest.raises(DataError, match="segment 1 of"):
        read_record(record)
