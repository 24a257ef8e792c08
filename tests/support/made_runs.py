"""Records of made-up runs for the tests of comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals import record
from evals.record import LocalRecorder
from evals.specs import RunSpec


def write_run(
    path: Path,
    scores: Sequence[float | None] | Mapping[int, Sequence[float | None]],
    *,
    questions: Sequence[str] | None = None,
    labels: Sequence[dict[str, Any]] | None = None,
    calls: Sequence[dict[str, Any]] | None = None,
    eval_name: str = "sums.test.v1",
    finished: bool = True,
    **config: Any,
) -> Path:
    """A run with a `score` for each sample, or a list of them for repeats; None is a failed evaluation."""
    rows = {i: [score] for i, score in enumerate(scores)} if not isinstance(scores, Mapping) else scores
    base, split = eval_name.split(".")[:2]
    recorder = LocalRecorder(path, RunSpec([path.stem], eval_name, base, split, config, ""))
    for number, values in rows.items():
        for repeat, value in enumerate(values):
            with recorder.sample(f"{base}.{split}.{number}", repeat or None) as scope:
                asked = questions[number] if questions else f"question {number}"
                call = calls[number] if calls else {"sampled": ["said"], "model": "m"}
                record.record_sampling(**{"prompt": asked, **call})
                if value is None:
                    scope.fail({"type": "timeout"})
                    continue
                record.record_metrics(score=value)
                scope.commit(labels[number] if labels else None)
    if finished:
        recorder.record_final_report({})
    recorder.close()
    return path
