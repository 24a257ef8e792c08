"""The scores of a record, with what runs are compared by: what was run, and what each sample was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from evals.comparison.asked import Asked
from evals.comparison.facts import RunFacts, facts_of
from evals.record.score_arrays import ScoreArrays, most_common, read_beside
from evals.stats.arrays import Codes


@dataclass(frozen=True)
class RunScores(ScoreArrays):
    """The scores of a run to be compared, and in the same rows hashes of what each sample was asked, shape (n,)."""

    facts: RunFacts
    prompt_hashes: Codes
    "Hash of the first prompt that was sent for a sample; 0 if no call was recorded."
    row_hashes: Codes
    "Hash of the dataset's row without its labels; 0 if it was not recorded, which is so for most evals."
    question_hashes: Codes
    "Hash of the last message of the first prompt with the expected answer, for rows that were not recorded."
    models: Mapping[str, int]
    "Calls by the name that the server gave its model."
    n_hot_cached: int
    "Calls answered by the cache with a completion drawn at a temperature above 0."


def read_scores(path: str | Path, metric: str | None = None) -> RunScores:
    """The scores of a record, with what comparisons need beside them. metric: see `read_score_arrays`.

    Raises:
        DataError: no such file, no record, or no sample of it has a score.
        UsageError: no sample has the metric, or none is named and there are several odd ones.
    """
    record, arrays, rows, asked = read_beside(path, metric, Asked)
    return RunScores(
        **{field.name: getattr(arrays, field.name) for field in fields(arrays)},
        facts=facts_of(record),
        prompt_hashes=np.asarray(asked.prompts, dtype=np.int64)[rows],
        row_hashes=np.asarray(asked.rows, dtype=np.int64)[rows],
        question_hashes=np.asarray(asked.questions, dtype=np.int64)[rows],
        models=most_common(asked.models),
        n_hot_cached=asked.n_hot_cached,
    )
