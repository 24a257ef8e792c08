"""An eval whose samples hold several matches each, as an eval that asks every question in several orders does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.record import record_match

VERDICTS = (
    [True, True, False],
    [True, True, True],
    [False, False, True],
    [True, False, False],
    [False] * 3,
    [True] * 3,
)
"The matches of each sample, in the order in which they are recorded; the last of them is often not like the mean."


class ManyMatches(StreamedEval):
    """Each row brings its matches in `verdicts`; a completion without `yes` is wrong in all of them."""

    def __init__(self, completion_fns: Sequence[Any], samples_jsonl: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        self.samples_jsonl = samples_jsonl

    async def eval_sample(self, sample: Any, rng: Random) -> None:
        completion = await self.complete(sample["input"])
        for verdict in sample["verdicts"]:
            record_match(verdict and "yes" in completion, expected="yes", picked=completion)

    def ideal_completions(self, sample: Any) -> list[str]:
        return ["yes"]

    def new_report(self) -> Report:
        return MatchReport()


def registry_of_many_matches(folder: Path, verdicts: Sequence[Sequence[bool]] = VERDICTS, **labels: Any) -> Path:
    """A registry with the eval `several`. labels: a function of the row number for each label."""
    (folder / "evals").mkdir(parents=True)
    (folder / "data").mkdir()
    rows = [
        {"input": f"question {i}", "verdicts": row, **{key: value(i) for key, value in labels.items()}}
        for i, row in enumerate(verdicts)
    ]
    (folder / "data" / "several.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    body = {"class": "many_matches:ManyMatches", "args": {"samples_jsonl": "several.jsonl"}}
    text = f"several: {{id: several.dev.v0, metrics: [accuracy]}}\nseveral.dev.v0: {json.dumps(body)}\n"
    (folder / "evals" / "several.yaml").write_text(text)
    return folder
