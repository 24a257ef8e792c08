"""What the samples of a record were asked, as hashes, and which models answered."""

from __future__ import annotations

import collections
from array import array
from typing import Any

from evals.comparison.calls import Call, call_of
from evals.comparison.content_hash import row_hash
from evals.json_text import dumps
from evals.record.first_pass import data_of
from evals.record.sample_record import SampleRecord


class Asked:
    """Hashes of what the samples of a record were asked, by row, and the models that answered.

    with_questions: False leaves the questions 0; the prompts are there all the same.
    """

    def __init__(self, *, with_questions: bool = True) -> None:
        self._with_questions = with_questions
        self.prompts, self.rows, self.questions = array("q"), array("q"), array("q")
        self.models: collections.Counter[str] = collections.Counter()
        self.n_hot_cached = 0

    def add(self, sample: SampleRecord, row: int, *, leads: bool) -> None:
        """Hash the first repeat of a sample, whichever repeat finished first."""
        if row == len(self.prompts):
            self.prompts.append(0)
            self.rows.append(0)
            self.questions.append(0)
        asked: Call | None = None
        raw: Any = None
        expected: Any = None
        for event in sample.events:
            type_ = event.type
            if type_ == "sampling":
                call = call_of(event)
                if call is not None:
                    self._count(call)
                    asked = call if asked is None and call.prompt is not None else asked
            elif type_ == "raw_sample" and raw is None:
                raw = event.data
            elif type_ == "match" and self._with_questions and isinstance(data := data_of(event), dict):
                expected = data.get("expected")
        if leads and raw is not None:
            self.rows[row] = row_hash(raw)
        if leads and asked is not None:
            self.prompts[row] = hash(asked.prompt) or 1
        if leads and asked is not None and self._with_questions:
            self.questions[row] = hash((asked.last, expected if type(expected) is str else dumps([expected]))) or 1

    def _count(self, call: Call) -> None:
        self.n_hot_cached += call.is_hot
        if call.model:
            self.models[call.model] += 1
