"""What a record says of its samples: those that finished, and those whose last attempt ended in an error."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from evals.record.reader import read_record

Key = tuple[str, int]
"Sample id, and the number of the repeat."


class DoneSamples(NamedTuple):
    finished: set[Key]
    errors: set[Key]


def done_samples(path: str | Path) -> DoneSamples:
    """Read from the record at `path`."""
    finished: set[Key] = set()
    errors: set[Key] = set()
    for sample in read_record(path).samples():
        (finished if sample.error is None else errors).add((sample.sample_id, sample.repeat))
    return DoneSamples(finished, errors - finished)
