"""Datasets as lazy sequences: slices, folders, hashes, threads."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from data_files import rows, write

from evals.data import open_samples
from evals.errors import DataError


def test_samples_are_the_rows_with_where_they_came_from(tmp_path):
    path = write(tmp_path / "s.jsonl", rows(3))
    samples = open_samples(path)
    assert [sample["input"] for sample in samples] == ["row 0", "row 1", "row 2"]
    assert [(sample.where, sample.index) for sample in samples] == [(f"{path}:{i + 1}", i) for i in range(3)]
    assert (len(samples), samples.n, samples[-1]["input"]) == (3, 3, "row 2")


def test_a_slice_is_a_view_that_keeps_row_numbers(tmp_path):
    samples = open_samples(write(tmp_path / "s.jsonl", rows(100)))
    assert [sample.index for sample in samples[90::3]] == [90, 93, 96, 99]
    assert samples[10:][5].index == 15
    with pytest.raises(IndexError):
        samples[100]


def test_the_hash_is_that_of_the_bytes(tmp_path):
    content = rows(1000).encode()
    assert open_samples(write(tmp_path / "s.jsonl", content)).sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 0}\n{"a": 1}\n{"a": 2}\n',
        b'{"a": 0}\n{"a": 1}\n{"a": 2}',
        b'{"a": 0}\r\n{"a": 1}\r\n{"a": 2}\r\n',
        b'{"a": 0}\r{"a": 1}\r{"a": 2}\r',
        b'{"a": 0}\r{"a": 1}\n{"a": 2}\r\n',
        b'\xef\xbb\xbf{"a": 0}\n{"a": 1}\n{"a": 2}\n',
        b'\xef\xbb\xbf{"a": 0}\r{"a": 1}\r{"a": 2}',
    ],
    ids=["lf", "no last newline", "crlf", "cr", "mixed", "bom", "bom and cr"],
)
def test_every_kind_of_line_end_gives_the_same_rows_and_lines(tmp_path, monkeypatch, content):
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path / "cache"))
    path = write(tmp_path / "s.jsonl", content)
    assert [(sample["a"], sample.where) for sample in open_samples(path)] == [(i, f"{path}:{i + 1}") for i in range(3)]


def test_a_folder_is_its_jsonl_files_by_name(tmp_path):
    for name, first in (("b.jsonl", 2), ("a.jsonl", 0), ("notes.txt", 9)):
        write(tmp_path / name, f'{{"n": {first}}}\n{{"n": {first + 1}}}\n')
    samples = open_samples(tmp_path)
    assert [(sample["n"], sample.index) for sample in samples] == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert samples[2].where == f"{tmp_path}/b.jsonl:1"
    both = (tmp_path / "a.jsonl").read_bytes() + (tmp_path / "b.jsonl").read_bytes()
    assert samples.sha256 == hashlib.sha256(both).hexdigest()


def test_a_folder_without_jsonl_says_what_it_holds(tmp_path):
    write(tmp_path / "data.txt", "")
    with pytest.raises(DataError, match=r"no \.jsonl file") as caught:
        open_samples(tmp_path)
    assert "data.txt" in str(caught.value)


def test_many_threads_read_the_right_rows(tmp_path):
    samples = open_samples(write(tmp_path / "s.jsonl", rows(5000)))
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda i: samples[i]["input"], range(5000)))
    assert found == [f"row {i}" for i in range(5000)]
