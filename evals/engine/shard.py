"""A share of the samples of a run, decided by the content of rows: the same on every machine that has the data."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_DIGEST_BYTES = 8


@dataclass(frozen=True)
class Shard:
    """One of `of` shares, which are equal but for one sample each; rows of equal content are in one share.

    So equal prompts meet in one process, where at temperature 0 they share a completion. index: from 0.

    Raises:
        ValueError: `index` is no share of `of`.
    """

    index: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.of:
            raise ValueError(f"there is no shard {self.index} of {self.of}")

    def members(self, samples: Sequence[Any], order: array[int]) -> array[int]:
        """The row numbers in `order` that belong to this share, in that order. Reads every row once."""
        if self.of == 1:
            return order
        rows = sorted(order)  # in the order of the file, in which reading is twice as fast
        ranked = [_content_key(samples, row) for row in rows]
        keys = array("Q", bytes(8 * (rows[-1] + 1 if rows else 0)))
        for row, key in zip(rows, ranked, strict=True):
            keys[row] = key
        ranked.sort()
        first = ranked[self.index * len(ranked) // self.of] if self.index and ranked else 0
        n_before = (self.index + 1) * len(ranked) // self.of
        end = ranked[n_before] if self.index + 1 < self.of and n_before < len(ranked) else 1 << 8 * _DIGEST_BYTES
        return array("I", (row for row in order if first <= keys[row] < end))


def _content_key(samples: Sequence[Any], row: int) -> int:
    """A number between 0 and 2^64 from the content of a row; from its place where that is no JSON."""
    raw_of = getattr(samples, "raw", None)
    if raw_of is not None:
        content: bytes = raw_of(row).strip()
    else:
        try:
            content = json.dumps(samples[row], sort_keys=True).encode("utf-8", "surrogatepass")
        except (TypeError, ValueError, RecursionError):
            content = b"%d" % row
    return int.from_bytes(hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest(), "big")
