"""Which samples a run takes, and in which order: the shuffle of openai/evals."""

from __future__ import annotations

import random
from array import array

SHUFFLE_SEED = 123


def sample_order(n_samples: int, max_samples: int | None = None) -> array[int]:
    """Row numbers (from 0) in the order in which samples run, cut to `max_samples`.

    Shuffled by `random.Random(123)`, as in openai/evals, so that a cap takes the same samples there and here.
    """
    # An array of 4 bytes an index: a list of Python integers takes about nine times the memory.
    indices = array("I", range(n_samples))
    random.Random(SHUFFLE_SEED).shuffle(indices)
    return indices if max_samples is None else indices[:max_samples]
