"""open_samples on JSON lines: laziness, line numbers, errors, threads, size."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from evals.data import open_samples
from evals.errors import BadSample, DataError


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def rows(n):
    return "".join(json.dumps({"input": f"row {i}", "ideal": "x" * (i % 7)}) + "\n" for i in range(n))


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


@pytest.mark.parametrize(
    ("row", "said", "fix"),
    [
        ("{'a': 1}", "s.jsonl:2:2: not JSON", "double quotes"),
        ('{"a": 1', "not JSON", "ends too early"),
        ('{"a": 1} {"a": 2}', "Extra data", "one JSON object a line"),
        ("[1, 2]", "this one is a list", '{"input": ..., "ideal": ...}'),
        ('"text"', "this one is a text", "input"),
        ("{", "not JSON", "one line"),
        ("[" * 100_000, "nested too deeply", "flatten"),
    ],
)
def test_a_bad_row_says_file_line_and_fix_and_spares_the_others(tmp_path, row, said, fix):
    samples = open_samples(write(tmp_path / "s.jsonl", f'{{"a": 1}}\n{row}\n{{"a": 3}}\n'))
    with pytest.raises(BadSample) as caught:
        samples[1]
    assert f"{tmp_path}/s.jsonl:2" in str(caught.value)
    assert said in str(caught.value)
    assert fix in str(caught.value)
    assert samples[2]["a"] == 3


def test_bytes_that_are_not_utf8_name_line_and_column(tmp_path):
    samples = open_samples(write(tmp_path / "s.jsonl", b'{"a": "ok"}\n{"a": "\xff"}\n'))
    with pytest.raises(BadSample, match="byte 0xff at column 8 is not UTF-8") as caught:
        samples[1]
    assert caught.value.where == f"{tmp_path}/s.jsonl:2"


def test_a_git_lfs_pointer_is_named_with_the_fix(tmp_path):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"
    with pytest.raises(DataError, match="Git LFS pointer") as caught:
        open_samples(write(tmp_path / "s.jsonl", pointer))
    assert "git lfs pull" in str(caught.value)


@pytest.mark.parametrize(
    ("head", "said"),
    [(b"\x1f\x8b\x08", "gzip"), (b"PAR1", "Parquet"), ('{"a": 1}'.encode("utf-16"), "UTF-16"), (b"PK\x03\x04", "ZIP")],
)
def test_what_is_no_text_is_named(tmp_path, head, said):
    with pytest.raises(DataError, match=said):
        open_samples(write(tmp_path / "s.jsonl", head))


def test_a_missing_file_names_what_is_near(tmp_path):
    write(tmp_path / "samples.jsonl", "")
    with pytest.raises(DataError, match="no such file") as caught:
        open_samples(tmp_path / "sample.jsonl")
    assert "did you mean: samples.jsonl" in str(caught.value)


def test_a_file_that_changes_while_it_is_read_is_said_to_have_changed(tmp_path):
    path = tmp_path / "s.jsonl"
    samples = open_samples(write(path, rows(10)))
    write(path, "something shorter")
    with pytest.raises(DataError, match="changed while it was being read"):
        samples[5]


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
