"""Lines that are no rows: told with file, line and fix."""

from __future__ import annotations

import io

import pytest
from data_files import write

from evals.data import open_samples
from evals.datasets.json_rows import universal_lines
from evals.errors import BadSample, DataError


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


@pytest.mark.parametrize("size", [1, 2, 3, 1 << 18])
def test_lines_end_in_any_of_three_ways_and_nowhere_else(size):
    class Slow(io.BytesIO):
        def read(self, n: int | None = -1) -> bytes:
            return super().read(size)

    data = b"a\r\nb\rc\nd\x0be\xe2\x80\xa8f\n\n\rg"
    assert b"".join(universal_lines(Slow(data))) == data
    if size > len(data):
        assert list(universal_lines(Slow(data))) == [
            b"a\r\n", b"b\r", b"c\n", b"d\x0be\xe2\x80\xa8f\n", b"\n", b"\r", b"g",
        ]  # fmt: skip
