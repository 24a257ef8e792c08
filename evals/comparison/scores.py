"""The scores of a record, with what runs are compared by: what was run, and what each sample was asked."""

from __future__ import annotations

import collections
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from evals.chat import with_pictures_by_digest
from evals.comparison.content_hash import content_hash, row_hash
from evals.comparison.facts import RunFacts, facts_of
from evals.record.reader import read_record
from evals.record.sample_record import SampleRecord
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
    record, asked = read_record(path), _Asked()
    arrays, rows = read_beside(record, metric, asked)
    return RunScores(
        **{field.name: getattr(arrays, field.name) for field in fields(arrays)},
        facts=facts_of(record),
        prompt_hashes=np.asarray(asked.prompts, dtype=np.int64)[rows],
        row_hashes=np.asarray(asked.rows, dtype=np.int64)[rows],
        question_hashes=np.asarray(asked.questions, dtype=np.int64)[rows],
        models=most_common(asked.models),
        n_hot_cached=asked.n_hot_cached,
    )


class _Asked:
    """Hashes of what the samples of a record were asked, by row, and the models that answered."""

    def __init__(self) -> None:
        self.prompts, self.rows, self.questions = array("q"), array("q"), array("q")
        self.models: collections.Counter[str] = collections.Counter()
        self.n_hot_cached = 0

    def add(self, sample: SampleRecord, row: int, *, leads: bool) -> None:
        """Hash the first repeat of a sample, whichever repeat finished first."""
        if row == len(self.prompts):
            for hashes in (self.prompts, self.rows, self.questions):
                hashes.append(0)
        if leads:
            self._hash(sample, row)
        for event in sample.events:
            if event.type == "sampling" and isinstance(event.data, dict):
                self._add_call(event.data)

    def _hash(self, sample: SampleRecord, row: int) -> None:
        prompt: Any = None
        raw: Any = None
        expected: Any = None
        for event in sample.events:
            if event.type == "raw_sample" and raw is None:
                raw = event.data
            elif event.type == "sampling" and prompt is None and isinstance(event.data, dict):
                prompt = event.data.get("prompt")
            elif event.type == "match" and isinstance(event.data, dict):
                expected = event.data.get("expected")
        prompt = with_pictures_by_digest(prompt)  # records of earlier versions hold them whole
        self.rows[row] = 0 if raw is None else row_hash(raw)
        if prompt is None:
            return
        last = prompt[-1] if isinstance(prompt, list) and prompt else prompt
        self.prompts[row] = content_hash(prompt)
        self.questions[row] = content_hash([last, expected])

    def _add_call(self, data: dict[str, Any]) -> None:
        model = data.get("model")
        if model:
            self.models[str(model)] += 1
        self.n_hot_cached += bool(data.get("cached_at_temperature"))
