"""Data that are expanded: once for each state of the source, with its line numbers."""

from __future__ import annotations

import gzip

import pytest
from data_files import LINES, compressed, write

from evals.data import open_samples
from evals.errors import BadSample, DataError


@pytest.mark.parametrize("kind", ["gz", "zst", "lz4"])
def test_compressed_lines_keep_their_numbers_and_their_hash(tmp_path, kind):
    path = write(tmp_path / f"s.jsonl.{kind}", compressed(kind, LINES))
    samples = open_samples(path)
    assert [(sample["a"], sample.where) for sample in samples] == [(0, f"{path}:1"), (1, f"{path}:3")]
    assert samples.sha256 == open_samples(write(tmp_path / "plain.jsonl", LINES)).sha256


def test_data_is_expanded_once_until_it_changes(tmp_path, cache):
    path = tmp_path / "s.jsonl.gz"
    open_samples(write(path, gzip.compress(LINES)))
    first = {file: file.stat().st_mtime_ns for file in cache.rglob("*.jsonl")}
    open_samples(path)
    assert {file: file.stat().st_mtime_ns for file in cache.rglob("*.jsonl")} == first
    open_samples(write(path, gzip.compress(b'{"a": 5}\n')))
    assert open_samples(path)[0]["a"] == 5


def test_a_failed_expansion_leaves_nothing_behind(tmp_path, cache):
    with pytest.raises(DataError):
        open_samples(write(tmp_path / "s.jsonl.gz", gzip.compress(b"x" * 10_000_000)[:-20]))
    assert not [file for file in cache.rglob("*") if file.is_file()]


def test_a_bad_row_names_the_archive_not_the_cache(tmp_path):
    path = write(tmp_path / "s.jsonl.gz", gzip.compress(b'{"a": 0}\n{"a": \n'))
    with pytest.raises(BadSample) as caught:
        open_samples(path)[1]
    assert str(caught.value).startswith(f"{path}:2")
