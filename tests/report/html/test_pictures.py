"""Pictures of prompts, which a record keeps as digests, are found in a folder."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import zlib
from pathlib import Path

import pytest
from page_records import recorder_at

from evals.chat import with_pictures_by_digest
from evals.errors import DataError
from evals.record import record_match, record_sampling
from evals.record.reader import read_record
from evals.report.html.packing import unpacked
from evals.report.html.page_data import read_run
from evals.report.html.pictures import Pictures


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*, comment: bytes = b"", side: int = 40) -> bytes:
    """A grey square, with a text of metadata where it is given."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    text = chunk(b"tEXt", b"Comment\0" + comment) if comment else b""
    noise = b"".join(b"\0" + hashlib.sha256(bytes([n])).digest() + bytes(side - 32) for n in range(side))
    return b"\x89PNG\r\n\x1a\n" + head + text + chunk(b"IDAT", zlib.compress(noise)) + chunk(b"IEND", b"")


def record_of(path: Path, url: str) -> Path:
    recorder = recorder_at(path)
    with recorder.sample("sums.test.0") as scope:
        content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]
        record_sampling(with_pictures_by_digest([{"role": "user", "content": content}]), ["A square."])
        record_match(True, expected="square", picked="square")
        scope.commit()
    recorder.close()
    return path


def parts_of(record: Path, pictures: Pictures | None) -> list:
    (chunk_text,) = read_run(read_record(record), pictures).chunks
    return json.loads(unpacked(chunk_text))["calls"][0]["turns"][0]["parts"]


def test_a_picture_that_a_record_keeps_as_a_digest_is_found_without_its_metadata(tmp_path: Path) -> None:
    sent = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    record = record_of(tmp_path / "a.jsonl", sent)
    (tmp_path / "images" / "deep").mkdir(parents=True)
    (tmp_path / "images" / "deep" / "q.png").write_bytes(png(comment=b"the answer is a square"))
    assert b"<" in record.read_bytes()
    assert parts_of(record, None)[1]["file"].startswith("image_url: data:image/png;base64,<")
    assert parts_of(record, Pictures(tmp_path / "images"))[1] == {"picture": sent}


def test_a_picture_that_is_not_there_stays_a_digest(tmp_path: Path) -> None:
    record = record_of(tmp_path / "a.jsonl", f"data:image/png;base64,{base64.b64encode(png()).decode()}")
    (tmp_path / "other.png").write_bytes(png(side=50))
    (tmp_path / "page.svg").write_text("<svg/>")
    assert parts_of(record, Pictures(tmp_path)) == parts_of(record, None)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder here"):
        Pictures(tmp_path / "none")
