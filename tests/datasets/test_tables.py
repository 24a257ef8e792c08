"""CSV, TSV, JSON arrays and Parquet as rows, and their errors with file and line."""

from __future__ import annotations

import csv
import gzip
import json

import pytest
from data_files import parquet, write

from evals.data import open_samples
from evals.datasets.tables import rows_of_table
from evals.errors import DataError


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


def test_the_index_that_pandas_writes_before_the_first_name_is_left_out(tmp_path):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"input": ["a", "b"], "ideal": ["1", "2"]})
    table.to_csv(tmp_path / "one.csv")
    table.set_index([pandas.Index(["x", "y"]), pandas.Index(["u", "v"])]).to_csv(tmp_path / "two.csv")
    for name in ("one.csv", "two.csv"):
        assert list(open_samples(tmp_path / name)) == table.to_dict("records")


@pytest.mark.parametrize("mark", [";", "\t"])
def test_csv_of_a_spreadsheet_with_another_separator_is_read_as_it_is_meant(tmp_path, mark):
    rows = [["question", "answer"], ["What is 1 / 2, as a decimal?", "0,5"], [f'say "{mark}"\ntwice', "a, b"]]
    with (tmp_path / "s.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=mark).writerows(rows)
    assert list(open_samples(tmp_path / "s.csv")) == [dict(zip(rows[0], cells, strict=True)) for cells in rows[1:]]


def test_commas_in_the_first_line_are_the_separator_whatever_else_is_there(tmp_path):
    (tmp_path / "s.csv").write_text("a;b,c\n1;2,3\n")
    assert list(open_samples(tmp_path / "s.csv")) == [{"a;b": "1;2", "c": "3"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n1,2,3\n", "s.csv:3: 3 cells, but line 1 names 2 columns"),
        ("a,b\n1\n", "s.csv:2: 1 cells, but line 1 names 2 columns"),
        ("a,a\n1,2\n", "s.csv:1: two columns are called 'a'"),
        ('a,b\n"open,2\n', "s.csv:2: not CSV"),
        ("a,,b\n1,2,3\n", "s.csv:1: a column has no name"),
        (",\n1,2\n", "s.csv:1: two columns are called ''"),
        (",a\n1\n", "s.csv:2: 1 cells, but line 1 names 2 columns"),
        ("", "no first line"),
    ],
)
def test_a_bad_table_says_file_and_line(tmp_path, text, said):
    with pytest.raises(DataError) as caught:
        open_samples(write(tmp_path / "s.csv", text))
    assert said in str(caught.value)


def test_a_json_array_is_read_row_by_row_and_its_reads_may_end_anywhere(tmp_path):
    values = [{"a": i, "b": "ü]}," * i, "c": [{"d": None}]} for i in range(40)]
    path = write(tmp_path / "s.json", json.dumps(values, indent=1, ensure_ascii=False))
    assert [row for _, row in rows_of_table(path, path, ".json", read_chars=7)] == values
    samples = open_samples(path)
    assert list(samples) == values
    assert samples[3].where == f"{path}[3]"


def test_json_lines_may_have_the_name_of_an_array(tmp_path):
    values = [{"a": i, "b": "ü]}," * i} for i in range(30)]
    path = write(tmp_path / "s.json", "\n".join(json.dumps(value) for value in values) + "\n")
    assert [row for _, row in rows_of_table(path, path, ".json", read_chars=7)] == values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}', "must be one array"),
        ('{"version": 2, "data": [{"a": 1}]}', "keep nothing of it but the list under 'data'"),
        ('{"a": 1}\n{"a": 2}\n[3]', "s.json:3: not JSON: an object is missing"),
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
    values = [{"input": f"row {i}", "choices": ["a", "b"], "n": i} for i in range(3000)]
    parquet(tmp_path / "s.parquet", *values)
    samples = open_samples(tmp_path / "s.parquet")
    assert list(samples) == values
    assert samples[2999].where == f"{tmp_path}/s.parquet[2999]"
