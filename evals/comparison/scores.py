"""The scores of a record, with what runs are compared by: what was run, and what each sample was asked."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from evals.comparison.asked import Asked
from evals.comparison.facts import RunFacts, facts_of, rows_of
from evals.errors import EvalsError
from evals.record.raw_lines import parsed_line, raw_lines, refuse_pipe
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


def read_scores(
    path: str | Path, metric: str | None = None, *, with_questions: bool = True, all_may_fail: bool = False
) -> RunScores:
    """The scores of a record, with what comparisons need beside them. metric: see `read_score_arrays`.

    all_may_fail: a record of which every sample failed is read too; it has no scores. with_questions: False leaves
    `question_hashes` 0, for runs whose ids can be trusted (see `trusted_ids`).

    Raises:
        DataError: no such file, no record, or no sample of it has a score.
        UsageError: no sample has the metric, or none is named and there are several odd ones.
    """
    asking = functools.partial(Asked, with_questions=with_questions)
    record, arrays, rows, asked = read_beside(path, metric, asking, all_may_fail=all_may_fail)
    return RunScores(
        **{field.name: getattr(arrays, field.name) for field in fields(arrays)},
        facts=facts_of(record),
        prompt_hashes=np.asarray(asked.prompts, dtype=np.int64)[rows],
        row_hashes=np.asarray(asked.rows, dtype=np.int64)[rows],
        question_hashes=np.asarray(asked.questions, dtype=np.int64)[rows],
        models=most_common(asked.models),
        n_hot_cached=asked.n_hot_cached,
    )


def trusted_ids(paths: Sequence[str | Path]) -> bool:
    """Whether the records say that they hold one eval over the same data: equal ids are then the same row.

    False too for files that are no records, of which reading tells more.
    """
    found = set()
    for path in paths:
        try:
            refuse_pipe(path)
            line = parsed_line(next(raw_lines(Path(path)))[2]) or {}
        except (OSError, EvalsError, StopIteration):
            return False
        spec = line.get("spec")
        found.add(rows_of(spec) if isinstance(spec, dict) else ("", None))
    return len(found) == 1 and all(sha256 is not None for _, sha256 in found)
