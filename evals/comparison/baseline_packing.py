"""How a baseline's ids, scores and clusters are written in little space, and read back in bounded memory."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from evals.sample import id_order
from evals.stats.arrays import Array

MAX_SAMPLES = 10_000_000
"The most samples of a baseline. A file of some bytes can claim any number, and a range of ids costs nothing to write."

_CLUSTER_BYTES = 20
"The most that one cluster number takes as JSON text, with comma and space."


def pack_ids(ids: Sequence[str]) -> list[str]:
    """Ids as ranges: `gsm8k.test.0-1318` for a whole dataset."""
    packed: list[str] = []
    first: int | None = None
    for position, name in enumerate(ids):
        head, index, _ = id_order(name)
        following = id_order(ids[position + 1]) if position + 1 < len(ids) else None
        if index < 0:
            packed.append(f"={name}")
            continue
        first = index if first is None else first
        if following is None or following[:2] != (head, index + 1):
            packed.append(f"{head}.{first}-{index}")
            first = None
    return packed


def unpack_ids(packed: Any, n: int) -> list[str]:
    """The `n` ids. Raises ValueError where there are more or fewer, before a wide range takes memory."""
    if not isinstance(packed, list) or not all(isinstance(text, str) for text in packed):
        raise ValueError("its samples are no list of texts")
    ids: list[str] = []
    for text in packed:
        ids.extend(_ids_in(text, n - len(ids)))
    if len(ids) != n:
        raise ValueError("ids and scores differ in number")
    if len(set(ids)) != n:
        raise ValueError("an id appears twice in it")
    return ids


def _ids_in(text: str, n_left: int) -> Iterator[str]:
    if text.startswith("="):
        return iter([text[1:]])
    head, _, span = text.rpartition(".")
    first, last = map(int, span.split("-"))
    if not 0 <= last - first < n_left:
        raise ValueError("ids and scores differ in number")
    return (f"{head}.{index}" for index in range(first, last + 1))


def pack_scores(scores: Array) -> dict[str, Any]:
    """Scores of 0 and 1 as bits; others as numbers with all their digits, since equal runs must not differ."""
    if np.all((scores == 0) | (scores == 1)):
        bits = np.packbits(scores.astype(bool)).tobytes()
        return {"bits": base64.b64encode(zlib.compress(bits, 9)).decode(), "n": len(scores)}
    return {"values": [float(score) for score in scores]}


def unpack_scores(packed: Any, n: int) -> Array:
    """The `n` scores, shape (n,). Raises ValueError where there are more or fewer, or one is no finite number."""
    if not isinstance(packed, dict):
        raise ValueError("its scores are no mapping")
    if "values" in packed:
        values = packed["values"]
        if not isinstance(values, list) or not all(type(value) in (int, float) for value in values):
            raise ValueError("a score is no number")
        scores = np.asarray(values, dtype=float)
    else:
        bits = np.frombuffer(_unpacked(packed["bits"], -(-n // 8)), dtype=np.uint8)
        scores = np.unpackbits(bits)[:n].astype(float)
    if len(scores) != n:
        raise ValueError("ids and scores differ in number")
    if not np.isfinite(scores).all():
        raise ValueError("a score is not finite")
    return scores


def pack_numbers(numbers: Sequence[int]) -> str:
    """Whole numbers as compressed text."""
    return base64.b64encode(zlib.compress(json.dumps(list(numbers)).encode(), 9)).decode()


def unpack_numbers(packed: Any, n: int) -> tuple[int, ...]:
    """The `n` numbers of `pack_numbers`. Raises ValueError where they are anything else."""
    numbers = json.loads(_unpacked(packed, 2 + n * _CLUSTER_BYTES))
    if not isinstance(numbers, list) or len(numbers) != n or not all(type(number) is int for number in numbers):
        raise ValueError("clusters and scores differ in number")
    return tuple(numbers)


def _unpacked(text: Any, most_bytes: int) -> bytes:
    """The unpacked bytes, at most `most_bytes`; more are an error and take no memory."""
    unpacking = zlib.decompressobj()
    data = unpacking.decompress(base64.b64decode(text, validate=True), max(1, most_bytes))
    if not unpacking.eof:
        raise ValueError("it unpacks to more than it says, or was cut")
    return data
