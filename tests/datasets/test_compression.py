"""Compressed files: whole, cut, and of several frames."""

from __future__ import annotations

import os

import pytest
from data_files import compressed, write

from evals.data import get_jsonl, gzip_open, lz4_open, open_samples, zstd_open
from evals.errors import DataError


@pytest.mark.parametrize("opener", [gzip_open, zstd_open, lz4_open])
def test_what_an_opener_writes_it_reads_back(tmp_path, opener):
    pytest.importorskip("zstandard")
    pytest.importorskip("lz4.frame")
    with opener(str(tmp_path / "file"), "wb") as file:
        file.write(b"text")
    with opener(str(tmp_path / "file"), "r") as file:
        assert file.read() == b"text"


def test_a_zstandard_file_may_have_several_frames(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    frames = [zstandard.ZstdCompressor().compress(line * 50_000) for line in (b"1\n", b"2\n")]
    assert get_jsonl(write(tmp_path / "s.jsonl.zst", b"".join(frames))) == [1] * 50_000 + [2] * 50_000


@pytest.mark.parametrize("kind", ["gz", "zst", "lz4"])
def test_a_cut_archive_is_an_error_that_says_so(tmp_path, kind):
    path = write(tmp_path / f"s.jsonl.{kind}", compressed(kind, os.urandom(100_000).hex().encode())[:-5000])
    with pytest.raises(DataError, match=r"cannot be (read|decompressed)|ended") as caught:
        open_samples(path)
    assert caught.value.where == path
