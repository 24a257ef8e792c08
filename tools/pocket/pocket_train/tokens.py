"""The corpus as tokens: the tokenizer's pieces, the training stream, and held-out documents."""

from __future__ import annotations

import collections
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pocket_corpus.mixture import TRAIN_SEED, documents

from evals.local_models.pocket.tokenizer import END, Tokenizer, words

N_VOCAB = 1024
N_TOKENIZER_DOCUMENTS = 40_000


def make_tokenizer() -> Tokenizer:
    """All bytes, and the most frequent words of the corpus of more than a byte, so that there are `N_VOCAB` ids."""
    counts: collections.Counter[str] = collections.Counter()
    for _, text in itertools.islice(documents(TRAIN_SEED, held_out=False), N_TOKENIZER_DOCUMENTS):
        counts.update(words(text))
    pieces = [word.encode() for word, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]
    longer = [piece for piece in pieces if len(piece) > 1]
    return Tokenizer([bytes([k]) for k in range(256)] + longer[: N_VOCAB - 257])


def _ids(tokenizer: Tokenizer) -> Iterator[int]:
    for _, text in documents(TRAIN_SEED, held_out=False):
        yield END
        yield from tokenizer.encode(text)


def training_tokens(tokenizer: Tokenizer, n: int, cache: Path) -> NDArray[np.uint16]:
    """The first n tokens of the training stream: each document begins with the end of the one before."""
    path = cache / f"train-{tokenizer.hash[:12]}-{n}.npy"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        tokens = np.fromiter(itertools.islice(_ids(tokenizer), n), np.uint16, n)
        part = path.with_suffix(".part.npy")
        np.save(part, tokens)
        part.rename(path)
    return np.load(path, mmap_mode="r")


def read_held_out(path: Path) -> list[str]:
    """The texts of a file of held-out documents."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]
