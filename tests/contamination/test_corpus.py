"""Files of a corpus, and their units."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.contamination.corpus import Reading, Unit, corpus_files, unit_digest, units_of
from evals.errors import DataError, UsageError


def write(path: Path, text: str = "x\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def names(paths: list[str], reading_as: Reading | None = None) -> list[tuple[str, str]]:
    return [(Path(path).name, form) for path, form in corpus_files(paths, reading_as or Reading())]


def test_a_folder_gives_the_files_with_known_endings_at_any_depth(tmp_path: Path) -> None:
    for name in ("a.txt", "b/c.jsonl", "b/d/e.jsonl.gz", "b/f.parquet", "g.csv.zst", "h.bin", "README"):
        write(tmp_path / name)
    found = names([str(tmp_path)])
    assert found == [
        ("a.txt", "text"), ("c.jsonl", "jsonl"), ("e.jsonl.gz", "jsonl"), ("f.parquet", "parquet"), ("g.csv.zst", "table"),
    ]  # fmt: skip


def test_patterns_and_files_are_taken_once(tmp_path: Path) -> None:
    first = write(tmp_path / "one" / "a.txt")
    write(tmp_path / "two" / "b.txt")
    assert names([str(first), str(tmp_path / "*" / "*.txt"), str(tmp_path / "**" / "*.txt")]) == [
        ("a.txt", "text"),
        ("b.txt", "text"),
    ]


def test_a_file_that_is_named_itself_is_text_whatever_its_ending(tmp_path: Path) -> None:
    path = write(tmp_path / "dump.wiki")
    assert names([str(path)]) == [("dump.wiki", "text")]
    assert names([str(path)], Reading(by_line=True)) == [("dump.wiki", "lines")]


@pytest.mark.parametrize("path", ["missing.txt", "*.nothing"])
def test_a_path_that_leads_to_nothing_is_an_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        corpus_files([str(tmp_path / path)], Reading())


def test_a_folder_without_texts_says_what_it_holds(tmp_path: Path) -> None:
    write(tmp_path / "photo.png")
    with pytest.raises(DataError) as caught:
        corpus_files([str(tmp_path)], Reading())
    assert "photo.png" in str(caught.value)


def test_a_url_is_to_be_fetched_first() -> None:
    with pytest.raises(UsageError, match="must lie on this machine"):
        corpus_files(["https://example.org/a.jsonl"], Reading())


@pytest.mark.parametrize("unit_bytes", [1, 10, 64, 10_000])
def test_units_hold_whole_lines_and_the_whole_file(tmp_path: Path, unit_bytes: int) -> None:
    text = "".join(f"line {'x' * (number % 23)}\n" for number in range(200)) + "no end"
    path = write(tmp_path / "a.jsonl", text)
    units = units_of([(str(path), "jsonl")], unit_bytes)
    raw = text.encode()
    parts = [raw[unit.start : unit.end] for unit in units]
    assert b"".join(parts) == raw
    assert all(part.endswith(b"\n") for part in parts[:-1])
    assert all(parts)


def test_texts_and_compressed_files_are_one_unit(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "line\n" * 100)
    assert len(units_of([(str(path), "text")], 10)) == 1
    packed = write(tmp_path / "a.jsonl.gz", "line\n" * 100)
    assert len(units_of([(str(packed), "jsonl")], 10)) == 1


def test_an_empty_file_is_a_unit_of_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", "")
    assert units_of([(str(path), "jsonl")]) == [Unit(str(path), "jsonl", 0, 0)]


def test_the_digest_goes_by_content_and_reading_not_by_name(tmp_path: Path) -> None:
    a, b, c = (
        write(tmp_path / f"{name}.jsonl", text) for name, text in (("a", "1\n2\n"), ("b", "1\n2\n"), ("c", "1\n3\n"))
    )
    digests = [unit_digest(units_of([(str(path), "jsonl")])[0], Reading()) for path in (a, b, c)]
    assert digests[0] == digests[1] != digests[2]
    unit = units_of([(str(a), "jsonl")])[0]
    assert unit_digest(unit, Reading(("body",))) != digests[0]
    assert unit_digest(units_of([(str(a), "lines")])[0], Reading()) != digests[0]
