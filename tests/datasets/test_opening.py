"""Opening files: what the system says becomes a message with a fix."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from data_files import LINES, write

from evals.data import open_by_file_pattern, open_samples
from evals.datasets.opening import is_url, reading, shown_name
from evals.errors import DataError


def test_a_missing_file_names_what_is_near(tmp_path):
    write(tmp_path / "samples.jsonl", "")
    with pytest.raises(DataError, match="no such file") as caught:
        open_samples(tmp_path / "sample.jsonl")
    assert "did you mean: samples.jsonl" in str(caught.value)


def test_open_by_file_pattern_writes_and_reads_by_suffix(tmp_path):
    for name, written, read in (("a.txt", "ü", "ü"), ("a.gz", b"z", b"z")):
        with open_by_file_pattern(tmp_path / name, "w") as file:
            file.write(written)
        with open_by_file_pattern(tmp_path / name) as file:
            assert file.read() == read


def test_file_urls_are_files(tmp_path):
    write(tmp_path / "s s.jsonl", LINES)
    assert len(open_samples((tmp_path / "s s.jsonl").as_uri())) == 2


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("zstandard", "s.jsonl.zst"),
        ("lz4.frame", "s.jsonl.lz4"),
        ("pyarrow", "s.parquet"),
        ("datasets", "hf://d?split=test"),
        ("fsspec", "s3://bucket/s.jsonl"),
    ],
)
def test_a_missing_package_is_an_error_with_the_line_that_installs_it(tmp_path, package, name):
    write(tmp_path / "s.jsonl.zst", "")
    write(tmp_path / "s.jsonl.lz4", "")
    write(tmp_path / "s.parquet", "")
    code = f"""
import sys
sys.modules[{package!r}] = None
from evals.data import open_samples
from evals.errors import MissingExtra
try:
    open_samples({name!r})
except MissingExtra as error:
    print(error)
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert "pip install 'oaieval[data]'" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("data/s.jsonl", "data/s.jsonl"),
        ("https://user:key@host/d/s.jsonl?sig=secret", "https://host/d/s.jsonl"),
        ("s3://bucket/s.jsonl", "s3://bucket/s.jsonl"),
        ("hf://d?split=test", "hf://d?split=test"),
    ],
)
def test_a_name_in_messages_holds_no_key(name, shown):
    assert shown_name(name) == shown


@pytest.mark.parametrize(
    ("name", "url"),
    [("https://x", True), ("git+ssh://x", True), ("C://x", True), ("a/b://c", False), ("//x", False), ("plain", False)],
)
def test_a_url_is_told_by_its_scheme(name, url):
    assert is_url(name) is url


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied"), "no permission to read this"),
        (EOFError("ended"), "cannot be read: ended"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"), "byte 0xff is not UTF-8"),
    ],
)
def test_what_the_system_says_becomes_a_message_that_names_the_file(error, said):
    with pytest.raises(DataError, match=said) as told, reading("s.jsonl"):
        raise error
    assert told.value.where == "s.jsonl"


def test_a_mistake_of_a_program_stays_what_it_is():
    with pytest.raises(ZeroDivisionError), reading("s.jsonl"):
        raise ZeroDivisionError
