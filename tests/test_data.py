"""The readers of openai/evals."""

from __future__ import annotations

import gzip
import subprocess
import sys

import pytest

from evals.data import (
    get_csv,
    get_json,
    get_jsonl,
    get_jsonls,
    get_lines,
    iter_jsonls,
)
from evals.errors import DataError


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_get_jsonl_reads_any_json_value_a_line(tmp_path):
    path = write(tmp_path / "s.jsonl", '{"a": 1}\r\n\n[2]\rnull\n"\u2028"')
    assert get_jsonl(path) == [{"a": 1}, [2], None, "\u2028"]


def test_get_jsonl_decompresses_by_suffix(tmp_path):
    assert get_jsonl(write(tmp_path / "s.jsonl.gz", gzip.compress(b'\xef\xbb\xbf{"a": 1}\n'))) == [{"a": 1}]


def test_get_jsonl_of_a_folder_joins_its_jsonl_files(tmp_path):
    write(tmp_path / "b.jsonl", "2\n")
    write(tmp_path / "a.jsonl", "1\n")
    (tmp_path / "c.jsonl").mkdir()
    write(tmp_path / "c.jsonl" / "d.jsonl", "3\n")
    assert get_jsonl(tmp_path) == [1, 2, 3]


def test_a_bad_line_is_a_value_error_with_path_line_and_column(tmp_path):
    path = write(tmp_path / "s.jsonl", '{"a": 1}\n\n{"a": oops}\n')
    with pytest.raises(ValueError, match=r"not JSON") as caught:
        get_jsonl(path)
    assert str(caught.value).startswith(f"{path}:3:7: ")


def test_bytes_that_are_not_utf8_name_their_line(tmp_path):
    path = write(tmp_path / "s.jsonl", b'{"a": 1}\n{"\xff": 1}\n')
    with pytest.raises(DataError, match="not UTF-8") as caught:
        get_jsonl(path)
    assert caught.value.where == f"{path}:2"


def test_several_files_are_read_up_to_a_limit_and_no_further(tmp_path):
    first, second = write(tmp_path / "a.jsonl", "1\n2\n3\n"), write(tmp_path / "b.jsonl", "not json")
    assert get_jsonls([first, second], line_limit=3) == [1, 2, 3]
    assert next(iter_jsonls(first)) == 1
    assert list(iter_jsonls([first, first], 4)) == [1, 2, 3, 1]


def test_get_json_reads_one_value_or_says_where_it_breaks(tmp_path):
    assert get_json(write(tmp_path / "a.json", '\ufeff{"a": [1]}')) == {"a": [1]}
    with pytest.raises(DataError, match=r"b\.json:2:3: not JSON"):
        get_json(write(tmp_path / "b.json", "{\n  1}"))
    with pytest.raises(DataError, match="this is a folder"):
        get_json(tmp_path)


def test_get_csv_gives_rows_by_the_first_line_or_by_given_names(tmp_path):
    path = write(tmp_path / "a.csv", 'x,y\n1,"2,5"\n')
    assert get_csv(path) == [{"x": "1", "y": "2,5"}]
    assert get_csv(path, fieldnames=["p", "q"])[1] == {"p": "1", "q": "2,5"}


def test_get_lines_keeps_newlines(tmp_path):
    assert get_lines(write(tmp_path / "a.txt", "one\r\ntwo")) == ["one\n", "two"]


def test_a_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(DataError, match=r"gone\.jsonl: no such file"):
        get_jsonl(tmp_path / "gone.jsonl")


def test_importing_the_readers_loads_nothing_heavy():
    heavy = "{'openai', 'numpy', 'yaml', 'asyncio', 'jsonlines', 'fsspec', 'pyarrow', 'urllib.request', 'sqlite3'}"
    code = f"import sys, evals.data; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
