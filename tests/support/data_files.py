"""Small data files for tests of readers."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

ORIGINAL = (
    json.dumps({"question": "How many?", "answer": "Many.\n#### 1,250"})
    + "\n"
    + json.dumps({"question": "And now?", "answer": "Fewer.\n#### -3"})
    + "\n"
).encode()

LINES = b'{"a": 0}\n\n{"a": 1}\n'


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def rows(n: int) -> str:
    return "".join(json.dumps({"input": f"row {i}", "ideal": "x" * (i % 7)}) + "\n" for i in range(n))


def lines(path: Path, *found: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in found), encoding="utf-8")
    return path


def put(path: Path, content: bytes = b'{"input": "x"}\n') -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def compressed(kind: str, data: bytes) -> bytes:
    if kind == "zst":
        return pytest.importorskip("zstandard").ZstdCompressor().compress(data)
    if kind == "lz4":
        return pytest.importorskip("lz4.frame").compress(data)
    return gzip.compress(data)


def parquet(path: Path, *found: object) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(list(found)), path)
    return path


def converted(converter: object, path: Path) -> list[object]:
    """The rows that a converter makes of an original."""
    return [row for _, row in converter(path)]


def declare(registry, url, **changes):
    """A benchmark `sums` whose original is ORIGINAL."""
    file = {"url": url, "sha256": hashlib.sha256(ORIGINAL).hexdigest(), "size_bytes": len(ORIGINAL), "n_rows": 2}
    body = {"title": "t", "converter": "evals.datasets.gsm8k:rows", "files": {"test.jsonl": file | changes}}
    put(registry / "data" / "sums" / "dataset.yaml", json.dumps(body).encode())
