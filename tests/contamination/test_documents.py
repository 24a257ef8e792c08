"""Documents of every kind of file, and what is wrong with broken ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from evals.contamination.corpus import Reading, corpus_files, units_of
from evals.contamination.documents import DocumentReader
from evals.errors import DataError

ROWS = [{"text": 'He said: "one\ntwo" \u00e9 数\u2028', "id": 1}, {"text": "\ud83d\ude00 x\\n\u0000y"}, {"text": ""}]


def read(path: Path, reading_as: Reading | None = None, unit_bytes: int = 1 << 20) -> list[tuple[int | None, str]]:
    """(line in its unit, text) of each document."""
    chosen = reading_as or Reading()
    units = units_of(corpus_files([str(path)], chosen), unit_bytes)
    return [(piece.line, piece.text) for unit in units for piece in DocumentReader(unit, chosen, 50)]


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def lines(rows: list[dict[str, object]], *, ascii_only: bool = False) -> str:
    return "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows)


@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_lines_give_their_texts_without_escapes(tmp_path: Path, ascii_only: bool) -> None:
    rows = [ROWS[0], {"text": "\U0001f600 x\\n\u0000y"}, ROWS[2]]
    path = write(tmp_path / "a.jsonl", lines(rows, ascii_only=ascii_only).replace("\n", "\n\n", 1))
    assert read(path) == [(1, rows[0]["text"]), (3, rows[1]["text"]), (4, "")]


@pytest.mark.parametrize("ending", [".gz", ".zst", ".lz4"])
def test_compressed_json_lines_give_the_same(tmp_path: Path, ending: str) -> None:
    raw = lines([{"text": f"text {number}"} for number in range(1000)]).encode()
    if ending == ".gz":
        packed = gzip.compress(raw)
    elif ending == ".zst":
        packed = pytest.importorskip("zstandard").ZstdCompressor().compress(raw)
    else:
        packed = pytest.importorskip("lz4.frame").compress(raw)
    path = write(tmp_path / f"a.jsonl{ending}", packed)
    assert read(path) == [(number + 1, f"text {number}") for number in range(1000)]


@pytest.mark.parametrize("unit_bytes", [1, 30, 1000])
def test_units_of_one_file_give_each_document_once(tmp_path: Path, unit_bytes: int) -> None:
    path = write(tmp_path / "a.jsonl", lines([{"text": f"text {number}"} for number in range(100)]))
    assert [text for _, text in read(path, unit_bytes=unit_bytes)] == [f"text {number}" for number in range(100)]


def test_the_usual_keys_are_found_and_others_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", lines([{"content": "a"}, {"text": "b", "content": "c"}]))
    assert [text for _, text in read(path)] == ["a", "b"]
    path = write(tmp_path / "b.jsonl", lines([{"title": "t", "body": {"parts": ["x", {"y": "z", "n": 3}]}}]))
    assert read(path, Reading(("title", "body"))) == [(1, "t\nx\nz")]


def test_all_messages_of_a_chat_are_its_text(tmp_path: Path) -> None:
    chat = [
        {"role": "user", "content": "question"},
        {"role": "assistant", "content": [{"type": "text", "text": "answer"}]},
    ]
    path = write(tmp_path / "a.jsonl", lines([{"messages": chat}]))
    assert read(path, Reading(("messages",))) == [(1, "question\nanswer")]


def test_a_text_file_is_one_document_or_one_a_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "\ufefffirst\r\n\nthird é\n")
    assert read(path) == [(1, "first\r\n\nthird é\n")]
    assert [(line, text.strip()) for line, text in read(path, Reading(by_line=True))] == [(1, "first"), (3, "third é")]


def test_tables_and_json_arrays_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,"two\nlines"\n2,x\n')
    assert read(path) == [(2, "two\nlines"), (4, "x")]
    path = write(tmp_path / "b.json", json.dumps([{"text": "a"}, {"text": "b"}]))
    assert read(path) == [(None, "a"), (None, "b")]


def test_parquet_is_read_by_its_column(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(
        pyarrow.table({"id": [1, 2], "text": ["a", "b"], "other": ["c", "d"]}), tmp_path / "a.parquet"
    )
    assert read(tmp_path / "a.parquet") == [(None, "a"), (None, "b")]
    assert read(tmp_path / "a.parquet", Reading(("other",))) == [(None, "c"), (None, "d")]
    with pytest.raises(DataError, match=r"no 'body'"):
        read(tmp_path / "a.parquet", Reading(("body",)))


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("a.jsonl", '{"text": "a"}\n{"text": "b"\n', "a.jsonl:2:"),
        ("a.jsonl", '{"text": "a"}\n\n{"body": "b"}\n', "a.jsonl:3: no"),
        ("a.jsonl", "[1]\n", "a.jsonl:1: a row must be"),
        ("a.jsonl", b'{"text": "a"}\n{"text": "\xff"}\n', "a.jsonl:2: byte 0xff"),
        ("a.txt", b"fine\nfine\nbr\xe9ad\n", "a.txt:3: byte 0xe9"),
        ("a.jsonl.gz", gzip.compress(b'{"text": "a"}\n' * 5000, mtime=0)[:-20], "a.jsonl.gz: cannot be read"),
        ("a.jsonl", gzip.compress(b"x", mtime=0), "a.jsonl: this is gzip data"),
        ("a.parquet", "no table", "a.parquet: not a Parquet file"),
        ("a.csv", "id,text\n1\n", "a.csv:2: 1 cells"),
    ],
)
def test_an_error_names_the_file_and_the_line(tmp_path: Path, name: str, content: str | bytes, where: str) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    with pytest.raises(DataError) as caught:
        read(write(tmp_path / name, content))
    assert where in str(caught.value)


def test_the_line_of_an_error_is_that_of_the_file_in_a_later_unit_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", lines([{"text": "a"}] * 50) + "{\n")
    with pytest.raises(DataError) as caught:
        read(path, unit_bytes=64)
    assert "a.jsonl:51:" in str(caught.value)


def test_broken_rows_may_be_left_out_and_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "a"}\n{"text"\n{"body": 1}\n{"text": "d"}\n')
    chosen = Reading(skip_broken=True)
    (unit,) = units_of(corpus_files([str(path)], chosen))
    documents = DocumentReader(unit, chosen, 50)
    assert [piece.text for piece in documents] == ["a", "d"]
    assert (documents.n_documents, documents.n_broken, documents.n_lines) == (2, 2, 4)


def test_bytes_that_are_not_utf8_may_be_passed_over_in_texts(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"br\xe9ad")
    assert read(path, Reading(skip_broken=True)) == [(1, "br\ufffdad")]
