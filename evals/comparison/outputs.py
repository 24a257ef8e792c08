"""Reads the outputs of a record as hashes and flags, which tell whether and why two completions differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.comparison.content_hash import content_hash
from evals.record.reader import read_record
from evals.record.scores import n_unparsed
from evals.stats.arrays import Codes

Flags = NDArray[np.bool_]


@dataclass
class Outputs:
    """The outputs of one run by sample id; the repeats of a sample are combined."""

    completions: dict[str, int] = field(default_factory=dict)
    "A hash of all completions of the evaluated model for the sample."
    unparsed: set[str] = field(default_factory=set)
    "Samples with a completion that held no readable answer."
    cut_off: set[str] = field(default_factory=set)
    "Samples with a completion that ended at the length limit."
    request: Mapping[str, Any] = field(default_factory=dict)
    "The parameters of the first recorded request."

    def hashes(self, ids: Sequence[str]) -> Codes:
        """The hash for each sample id, shape (n,); 0 where no call was recorded."""
        return np.array([self.completions.get(name, 0) for name in ids], dtype=np.int64)

    @staticmethod
    def flags(ids: Sequence[str], among: set[str]) -> Flags:
        """Whether each sample id is in the set, shape (n,)."""
        return np.array([name in among for name in ids], dtype=bool)


def read_outputs(path: str) -> Outputs:
    """The outputs of a record's finished samples."""
    found = Outputs()
    for sample in read_record(path).samples():
        if sample.error is not None:
            continue
        name = sample.sample_id
        calls = [call for call in sample.data("sampling") if isinstance(call, dict)]
        if calls:
            # A sum does not depend on the order in which repeats finished.
            total = found.completions.get(name, 0) + content_hash(calls[0].get("sampled"))
            found.completions[name] = (total + 2**63) % 2**64 - 2**63
            if "length" in (calls[0].get("finish_reasons") or ()):
                found.cut_off.add(name)
            found.request = found.request or calls[0].get("request") or {}
        if n_unparsed(sample.events):
            found.unparsed.add(name)
    return found
