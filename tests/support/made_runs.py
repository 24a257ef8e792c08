"""Records of made-up runs for the tests of comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals import record
from evals.comparison.baseline import Baseline, baseline_path
from evals.comparison.gate import EvalVerdict, GateLimits, gate_runs
from evals.comparison.scores import read_scores
from evals.record import LocalRecorder
from evals.specs import RunSpec


def write_run(
    path: Path,
    scores: Sequence[float | None] | Mapping[int, Sequence[float | None]],
    *,
    questions: Sequence[str] | None = None,
    labels: Sequence[dict[str, Any]] | None = None,
    calls: Sequence[dict[str, Any]] | None = None,
    own_ids: Sequence[str] | None = None,
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
                scope.own_id = own_ids[number] if own_ids else None
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


NASTY = "\x1b[31mred\u202e | `` ``` <b> [x](y) \n"
"Steers a terminal, breaks a table, and ends a fence, where it is shown as it is."


def write_nasty_run(path: Path, scores: Sequence[float], name: str = "model") -> Path:
    """A run whose prompts, completions and labels are nasty texts."""
    recorder = LocalRecorder(path, RunSpec([name], "sums.test.v1", "sums", "test", {"data_sha256": "1"}, ""))
    for number, score in enumerate(scores):
        with recorder.sample(f"sums.test.{number}") as scope:
            record.record_sampling(NASTY * 30, [NASTY])
            record.record_metrics(score=score)
            scope.commit({"category": f"{NASTY} {number % 2} {'long ' * 20}"})
    recorder.close()
    return path


def verdict_of(
    folder: Path, before: Sequence[float], after: Sequence[float], name: str = "sums.test.v1"
) -> EvalVerdict:
    """The gate's verdict on a run with the scores `after`, against a baseline with the scores `before`."""
    folder.mkdir(exist_ok=True)
    old = read_scores(write_run(folder / "old.jsonl", before, eval_name=name))
    new = read_scores(write_run(folder / "new.jsonl", after, eval_name=name))
    Baseline.of(old).write(baseline_path(folder / "baselines", name))
    return gate_runs([new], folder / "baselines", GateLimits())[0]
