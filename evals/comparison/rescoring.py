"""Scores the stored completions of one run by the eval of another, without a call."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evals.comparison.content_hash import content_hash
from evals.comparison.facts import RunFacts
from evals.comparison.scores import RunScores, read_scores
from evals.record.current import record_sampling
from evals.record.local import LocalRecorder
from evals.record.reader import read_record
from evals.runner.request import RunRequest
from evals.runner.run import run_eval
from evals.specs import RunSpec
from evals.stats.arrays import Array


@dataclass(frozen=True)
class Rescored:
    """New scores of stored completions, by sample id of the eval that scored."""

    scores: Mapping[str, float]
    facts: RunFacts
    "Of the rescoring: the data and the scorer that are installed here."
    n_new_calls: int
    "Samples left out because their scoring would ask a grader something that it was never asked."
    n_failed: int


def rescore(
    record: RunScores,
    ids: Mapping[str, str],
    scorer: RunFacts,
    metric: str,
    registry_paths: Sequence[str] = (),
    data_paths: Sequence[str] = (),
) -> Rescored:
    """The completions of `record` scored as `scorer` says: that eval with those arguments, as installed here.

    ids: the sample id in `scorer`'s eval for each sample id of the record that is wanted. Each call of a sample is
    answered with what it was answered then; only the first may have another prompt now, as a changed prompt has.

    Raises:
        EvalsError: the eval is not in the registries, its data cannot be read, or the record holds no completions.
    """
    with tempfile.TemporaryDirectory(prefix="evals-explain-") as folder:
        stored, scored = Path(folder) / "stored.jsonl", Path(folder) / "scored.jsonl"
        later_prompts = _copy_calls(record.path, stored, ids, scorer.eval_name)
        run_eval(
            RunRequest(
                completion_fns=["replay"],
                eval_name=scorer.eval_name,
                registry_paths=list(registry_paths),
                data_paths=list(data_paths),
                extra_eval_params=dict(scorer.eval_args),
                completion_args={"record": str(stored)},
                repeats=record.facts.repeats,
                seed=record.facts.seed or 20220722,
                record_path=str(scored),
                max_errors=float("inf"),
            )
        )
        again = read_scores(scored, metric)
        new = _asked_anew(scored, later_prompts)
    found = zip(again.sample_ids, again.scores.tolist(), strict=True)
    wanted = set(ids.values())
    scores = {name: score for name, score in found if name in wanted and name not in new}
    return Rescored(scores, again.facts, len(new), len(wanted & again.failed_ids))


def aligned(rescored: Rescored | None, ids: Sequence[str]) -> Array:
    """The new score of each id; NaN where there is none."""
    if rescored is None:
        return np.full(len(ids), np.nan)
    return np.array([rescored.scores.get(name, np.nan) for name in ids], dtype=np.float64)


def _copy_calls(source: str, target: Path, ids: Mapping[str, str], eval_name: str) -> dict[str, set[int]]:
    """Write the calls of the wanted samples under their new ids; what later calls of each asked, as hashes."""
    base, split = eval_name.split(".")[:2]
    recorder = LocalRecorder(target, RunSpec(["stored"], eval_name, base, split, {}, ""))
    later: dict[str, set[int]] = {}
    try:
        for sample in read_record(source).samples():
            name = ids.get(sample.sample_id)
            if name is None or sample.error is not None:
                continue
            calls = [call for call in sample.data("sampling") if isinstance(call, dict)]
            with recorder.sample(name, sample.repeat or None) as scope:
                for call in calls:
                    record_sampling(**_plain_call(call))
                scope.commit()
            if len(calls) > 1:
                later.setdefault(name, set()).update(content_hash(call.get("prompt")) for call in calls[1:])
    finally:
        recorder.close()
    return later


def _plain_call(call: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: call[key] for key in ("model", "usage", "finish_reasons", "logprobs") if call.get(key) is not None}
    return {"prompt": call.get("prompt"), "sampled": call.get("sampled"), **kept}


def _asked_anew(scored: Path, later: Mapping[str, set[int]]) -> set[str]:
    """Samples whose second or later call had a prompt that was never answered: its replayed answer means nothing."""
    return {
        sample.sample_id
        for sample in read_record(scored).samples()
        for call in sample.data("sampling")[1:]
        if isinstance(call, dict) and content_hash(call.get("prompt")) not in later.get(sample.sample_id, ())
    }
