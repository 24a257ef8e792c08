"""The order in which samples are run, and which of them: the shuffle of openai/evals."""

from __future__ import annotations

import random
from array import array

SHUFFLE_SEED = 123


def sample_order(n_samples: int, max_samples: int | None = None) -> array[int]:
    """Row numbers (from 0) in the order in which samples are run, cut to `max_samples`."""
    indices = array("I", range(n_samples))
    random.Random(SHUFFLE_SEED).shuffle(indices)
    return indices if max_samples is None else indices[:max_samples]
