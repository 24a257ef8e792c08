"""Records of graded samples, written by the recorder: what a model said, and what its graders said of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals import record
from evals.record import LocalRecorder
from evals.record.grading import grading_by
from evals.specs import RunSpec

SCORES = {"Yes": 1.0, "No": 0.0}


def write_graded(
    path: Path,
    choices: Sequence[str],
    *,
    answers: Sequence[str] = (),
    groups: Sequence[str] = (),
    models: Sequence[str] = ("some-model",),
    graders: Sequence[dict[str, Any]] = ({"name": "judge", "model": "judge"},),
    orders: Sequence[Sequence[str]] = (),
    eval_name: str = "polite.dev.v0",
) -> Path:
    """A record with one graded sample for each choice, Yes or No (or `__invalid__`)."""
    base, split = eval_name.split(".")[:2]
    spec = RunSpec(list(models), eval_name, base, split, {"graders": list(graders)}, "")
    recorder = LocalRecorder(path, spec)
    for number, choice in enumerate(choices):
        with recorder.sample(f"{base}.{split}.{number}") as scope:
            answer = answers[number] if answers else f"answer {number}"
            record.record_sampling(f"question {number}", [answer], model=models[0])
            with grading_by("judge"):
                record.record_sampling([{"role": "user", "content": f"Good?\n{answer}\nYes or No?"}], [choice])
            verdict = {"grader": "judge", "choice": choice, "score": SCORES.get(choice), "n_retries": 0}
            record.record_event("verdict", {**verdict, **({"orders": list(orders[number])} if orders else {})})
            record.record_metrics(choice=choice, score=SCORES.get(choice))
            scope.commit({"category": groups[number]} if groups else {})
    recorder.record_final_report({"score": 0.5})
    recorder.close()
    return path
