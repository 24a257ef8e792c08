"""Solved questions, the pieces of all documents, and the split that keeps some of them from training."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

HELD_OUT_SHARE = 0.12
"Share of all items that no training document holds."

T = TypeVar("T")


@dataclass(frozen=True)
class Item:
    """A question with its answer.

    key: what makes it the same question, in whatever order or language; the split goes by it.
    prompt: as a model sees it, without the white space before the answer.
    """

    key: str
    prompt: str
    answer: str
    kind: str
    gap: str = " "

    @property
    def text(self) -> str:
        return f"{self.prompt}{self.gap}{self.answer}\n"


def is_held_out(key: str) -> bool:
    """Whether an item is kept for evaluation. A function of its key alone, so that every shard agrees."""
    digest = hashlib.sha256(f"pocket split 1 {key}".encode()).digest()
    return int.from_bytes(digest[:4], "big") < HELD_OUT_SHARE * 2**32


def question(text: str) -> str:
    """The prompt of a question in English."""
    return f"Question: {text}\nAnswer:"


def zipf_weights(n: int, exponent: float = 1.0) -> list[float]:
    """Cumulated weights 1/rank**exponent of n things, for `pick`."""
    return list(itertools.accumulate((rank + 1) ** -exponent for rank in range(n)))


def pick(rng: random.Random, things: Sequence[T], cumulated: Sequence[float]) -> T:
    """One of `things` by cumulated weights."""
    return rng.choices(things, cum_weights=cumulated)[0]
