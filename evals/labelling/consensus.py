"""One label a sample from those of several people, and how far these agree."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evals.labelling.label_file import Label
from evals.stats.agreement import MIN_SAMPLES, Agreement, krippendorff_alpha
from evals.stats.estimate import Interval

SEED = 0
"Of the bootstrap."


@dataclass(frozen=True)
class Consensus:
    """The labels that count. labels: by sample id."""

    labels: dict[str, str]
    n_disputed: int
    "Samples whose labels are a draw; they are left out."
    raters: Sequence[str]
    agreement: Agreement | None
    "Krippendorff's alpha of the people, where there are several."


def consensus_of(labels: Sequence[Label]) -> Consensus:
    """The most frequent label of each sample."""
    by_sample: dict[str, Counter[str]] = {}
    for one in labels:
        by_sample.setdefault(one.id, Counter())[one.label] += 1
    agreed, n_disputed = {}, 0
    for name, counts in by_sample.items():
        (label, most), *others = counts.most_common(2)
        if others and others[0][1] == most:
            n_disputed += 1
        else:
            agreed[name] = label
    raters = sorted({one.rater for one in labels})
    return Consensus(agreed, n_disputed, raters, _alpha(labels, raters) if len(raters) > 1 else None)


def _alpha(labels: Sequence[Label], raters: Sequence[str]) -> Agreement:
    names = sorted({one.id for one in labels})
    said = {(one.rater, one.id): one.label for one in labels}
    ratings = [[said.get((rater, name)) for name in names] for rater in raters]
    return with_enough(krippendorff_alpha(ratings, rng=np.random.default_rng(SEED)))


def with_enough(found: Agreement) -> Agreement:
    """An agreement without its interval where there are fewer than `MIN_SAMPLES`: it would be too narrow."""
    if found.n >= MIN_SAMPLES:
        return found
    return replace(found, stderr=math.nan, interval=Interval(math.nan, math.nan, found.interval.confidence))
