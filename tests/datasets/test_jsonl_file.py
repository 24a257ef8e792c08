"""Files of JSON lines: rows and their line numbers by byte offsets, in little memory."""

from __future__ import annotations

import json
import os

import pytest
from data_files import rows, write

from evals.data import open_samples
from evals.errors import DataError


def test_blank_lines_are_no_rows_and_line_numbers_count_them(tmp_path):
    samples = open_samples(write(tmp_path / "s.jsonl", '\n \n{"a": 1}\n\t\n\n{"a": 2}\n\n'))
    assert [(sample["a"], sample.line) for sample in samples] == [(1, 3), (2, 6)]


def test_line_separators_of_unicode_do_not_split_a_row(tmp_path):
    text = "one\u2028two\u2029three\x85four\x0bfive"
    samples = open_samples(write(tmp_path / "s.jsonl", json.dumps({"a": text}, ensure_ascii=False) + '\n{"a": ""}\n'))
    assert [sample["a"] for sample in samples] == [text, ""]


def test_rows_longer_than_a_read_and_on_its_border_are_whole(tmp_path):
    texts = ["x" * (1 << 20), "y" * ((1 << 20) - 10), "z" * (3 << 20), ""]
    samples = open_samples(write(tmp_path / "s.jsonl", "".join(f'{{"a": "{text}"}}\n' for text in texts)))
    assert [sample["a"] for sample in samples] == texts


def test_a_carriage_return_pair_on_the_border_of_a_read_is_one_line_end(tmp_path):
    first = '{"a": "' + "x" * ((1 << 20) - 10) + '"}'
    assert len(first) == (1 << 20) - 1
    path = write(tmp_path / "s.jsonl", first + '\r\n{"a": 2}\r\n')
    assert [sample.line for sample in open_samples(path)] == [1, 2]
    assert open_samples(path)[1].path == path


def test_an_empty_file_has_no_samples(tmp_path):
    assert len(open_samples(write(tmp_path / "s.jsonl", ""))) == 0


def test_a_file_that_changes_while_it_is_read_is_said_to_have_changed(tmp_path):
    path = tmp_path / "s.jsonl"
    samples = open_samples(write(path, rows(10)))
    write(path, "something shorter")
    with pytest.raises(DataError, match="changed while it was read"):
        samples[5]


def test_the_file_is_closed_with_the_last_view_of_it(tmp_path):
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else pytest.skip("needs /proc")
    samples = open_samples(write(tmp_path / "s.jsonl", rows(3)))
    assert next(iter(samples))["input"] == "row 0"
    del samples
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.slow
def test_two_hundred_megabytes_need_eight_bytes_a_row(tmp_path):
    resource = pytest.importorskip("resource")
    row = json.dumps({"input": "x" * 960, "ideal": "y"}) + "\n"
    path = tmp_path / "big.jsonl"
    with open(path, "w") as file:
        for _ in range(200):
            file.write(row * 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    samples = open_samples(path)
    assert sum(len(sample["ideal"]) for sample in samples) == len(samples) == 200_000
    assert path.stat().st_size > 190_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_data_that_was_rewritten_in_place_is_seen_by_its_checksum(tmp_path):
    """Another answer of the same length, and the same time of the last change."""
    path = tmp_path / "s.jsonl"
    samples = open_samples(write(path, rows(10)))
    samples.check_unchanged()
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(path.read_bytes().index(b"row 5"))
        file.write(b"row 6")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(DataError, match="rewritten while it was read"):
        samples.check_unchanged()


def test_a_file_that_was_touched_or_replaced_is_the_same_data(tmp_path):
    path = tmp_path / "s.jsonl"
    samples = open_samples(write(path, rows(10)))
    os.utime(path)
    samples.check_unchanged()
    write(tmp_path / "other.jsonl", rows(3))
    os.replace(tmp_path / "other.jsonl", path)
    samples.check_unchanged()
    assert len(list(samples)) == 10
