"""Compressed, tabular and remote data: the same samples, with errors that name the source."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys

import pytest

from evals.data import open_samples
from evals.datasets.hugging_face import parse_hugging_face_url
from evals.errors import BadSample, DataError
from evals.testing.file_server import FileServer

LINES = b'{"a": 0}\n\n{"a": 1}\n'


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def compressed(kind, data):
    if kind == "zst":
        return pytest.importorskip("zstandard").ZstdCompressor().compress(data)
    if kind == "lz4":
        return pytest.importorskip("lz4.frame").compress(data)
    return gzip.compress(data)


@pytest.mark.parametrize("kind", ["gz", "zst", "lz4"])
def test_compressed_lines_keep_their_numbers_and_their_hash(tmp_path, kind):
    path = write(tmp_path / f"s.jsonl.{kind}", compressed(kind, LINES))
    samples = open_samples(path)
    assert [(sample["a"], sample.where) for sample in samples] == [(0, f"{path}:1"), (1, f"{path}:3")]
    assert samples.sha256 == open_samples(write(tmp_path / "plain.jsonl", LINES)).sha256


@pytest.mark.parametrize("kind", ["gz", "zst", "lz4"])
def test_a_cut_archive_is_an_error_that_says_so(tmp_path, kind):
    path = write(tmp_path / f"s.jsonl.{kind}", compressed(kind, os.urandom(100_000).hex().encode())[:-5000])
    with pytest.raises(DataError, match=r"cannot be (read|decompressed)|ended") as caught:
        open_samples(path)
    assert caught.value.where == path


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


def test_csv_rows_have_the_lines_on_which_they_begin(tmp_path):
    text = '\ufeffinput,ideal\r\n"two\r\nlines, and a ""quote""",1\r\n\r\nplain,2\r\n'
    path = write(tmp_path / "s.csv", text)
    samples = open_samples(path)
    assert list(samples) == [{"input": 'two\r\nlines, and a "quote"', "ideal": "1"}, {"input": "plain", "ideal": "2"}]
    assert [sample.where for sample in samples] == [f"{path}:2", f"{path}:5"]


def test_tsv_and_compressed_csv_are_read_alike(tmp_path):
    tsv = open_samples(write(tmp_path / "s.tsv", "input\tideal\nä\tb\n"))
    csv = open_samples(write(tmp_path / "s.csv.gz", gzip.compress("input,ideal\nä,b\n".encode())))
    assert list(tsv) == list(csv) == [{"input": "ä", "ideal": "b"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n1,2,3\n", "s.csv:3: 3 cells, but line 1 names 2 columns"),
        ("a,b\n1\n", "s.csv:2: 1 cells, but line 1 names 2 columns"),
        ("a,a\n1,2\n", "s.csv:1: two columns are called 'a'"),
        ('a,b\n"open,2\n', "s.csv:2: not CSV"),
        ("", "no first line"),
    ],
)
def test_a_bad_table_says_file_and_line(tmp_path, text, said):
    with pytest.raises(DataError) as caught:
        open_samples(write(tmp_path / "s.csv", text))
    assert said in str(caught.value)


def test_a_json_array_is_read_row_by_row(tmp_path, monkeypatch):
    monkeypatch.setattr("evals.datasets.tables.READ_CHARS", 7)
    values = [{"a": i, "b": "ü]}," * i, "c": [{"d": None}]} for i in range(40)]
    path = write(tmp_path / "s.json", json.dumps(values, indent=1, ensure_ascii=False))
    samples = open_samples(path)
    assert list(samples) == values
    assert samples[3].where == f"{path}[3]"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}', "must be one array"),
        ('[{"a": 1},\n {"a": 2}\n {"a": 3}]', "s.json:3: not JSON: `,` or `]` is missing"),
        ('[{"a": 1},\n {"a" 2}]', "s.json:2: not JSON"),
        ('[{"a": 1},\n {"a": "open]', "s.json:2: not JSON"),
        ('[{"a": 1}, 2]', "s.json[1]: a row must be a JSON object"),
    ],
)
def test_a_bad_json_array_says_where(tmp_path, text, said):
    with pytest.raises(DataError) as caught:
        open_samples(write(tmp_path / "s.json", text))
    assert said in str(caught.value)


def test_an_empty_json_array_has_no_samples(tmp_path):
    assert len(open_samples(write(tmp_path / "s.json", " [ ] "))) == 0


def test_parquet_rows_are_numbered(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    values = [{"input": f"row {i}", "choices": ["a", "b"], "n": i} for i in range(3000)]
    parquet.write_table(pyarrow.Table.from_pylist(values), tmp_path / "s.parquet")
    samples = open_samples(tmp_path / "s.parquet")
    assert list(samples) == values
    assert samples[2999].where == f"{tmp_path}/s.parquet[2999]"


def test_a_column_that_json_cannot_hold_is_named(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist([{"input": "x", "image": b"\x00"}]), tmp_path / "s.parquet")
    with pytest.raises(DataError, match="field 'image'") as caught:
        open_samples(tmp_path / "s.parquet")
    assert caught.value.where == f"{tmp_path}/s.parquet[0]"


def test_a_url_is_fetched_once_until_it_changes():
    with FileServer({"/d/s.jsonl.gz": gzip.compress(LINES)}) as server:
        url = server.url + "/d/s.jsonl.gz"
        assert open_samples(url + "?key=secret")[1].where == f"{url}:3"
        open_samples(url + "?key=secret")
        assert server.requests.count("GET /d/s.jsonl.gz") == 1
        server.files["/d/s.jsonl.gz"] = gzip.compress(b'{"a": 7}\n')
        assert open_samples(url + "?key=secret")[0]["a"] == 7


def test_without_a_network_the_earlier_copy_is_used_with_a_warning(caplog):
    with FileServer({"/s.jsonl": LINES}) as server:
        url = server.url + "/s.jsonl"
        open_samples(url)
    assert open_samples(url)[0]["a"] == 0
    assert "out of reach" in caplog.text


def test_a_url_that_is_not_there_is_an_error():
    with FileServer({}) as server, pytest.raises(DataError, match="404"):
        open_samples(server.url + "/s.jsonl")


def test_other_schemes_go_through_fsspec():
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe("/folder/s.csv", b"a\n5\n")
    samples = open_samples("memory://folder/s.csv")
    assert (samples[0], samples[0].where) == ({"a": "5"}, "memory://folder/s.csv:2")


def test_a_scheme_that_nothing_reads_is_an_error():
    pytest.importorskip("fsspec")
    with pytest.raises(DataError, match="cannot be read"):
        open_samples("nosuch://bucket/s.jsonl")


def test_file_urls_are_files(tmp_path):
    write(tmp_path / "s s.jsonl", LINES)
    assert len(open_samples((tmp_path / "s s.jsonl").as_uri())) == 2


def test_hugging_face_urls_carry_the_keywords():
    assert parse_hugging_face_url("hf://cais/mmlu?name=anatomy&split=test") == (
        "cais/mmlu",
        {"name": "anatomy", "split": "test"},
    )
    with pytest.raises(DataError, match="no split") as caught:
        parse_hugging_face_url("hf://cais/mmlu")
    assert caught.value.fix == "add it: hf://cais/mmlu?split=test"


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
