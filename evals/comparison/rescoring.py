"""Scores the stored completions of one run by the eval of another run, without calling a model."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evals.comparison.content_hash import content_hash
from evals.comparison.facts import RunFacts
from evals.comparison.scores import RunScores, read_scores
from evals.engine.settings import EngineSettings
from evals.errors import DataError, EvalsError
from evals.images.conditions import CONDITIONS, VISION, ImageOptions
from evals.record.current import record_sampling
from evals.record.local import LocalRecorder
from evals.record.reader import read_record
from evals.runner.request import RunRequest
from evals.runner.run import run_eval
from evals.specs import RunSpec
from evals.stats.arrays import Array


@dataclass(frozen=True)
class Rescored:
    """New scores of stored completions, by the sample id of the eval that scored them."""

    scores: Mapping[str, float]
    facts: RunFacts
    "What was rescored with: the data and the scorer that are installed here."
    n_new_calls: int
    "Samples that were left out because scoring them would ask a grader a question that it was never asked."
    n_failed: int


def rescore(
    record: RunScores,
    ids: Mapping[str, str],
    scorer: RunFacts,
    metric: str,
    registry_paths: Sequence[str] = (),
    data_paths: Sequence[str] = (),
    eval_args: Mapping[str, Any] | None = None,
) -> Rescored:
    """Score the completions of `record` by the eval that `scorer` names, as it is installed here.

    Of `scorer` only the name of the eval is used: arguments can choose code, a sandbox and paths, and a record may come
    from a stranger. eval_args: arguments that the user named.

    ids: for each wanted sample id of the record, its sample id in the eval of `scorer`. Each call of a sample gets the
    reply that it got then. Only the first call may have another prompt now, for evals whose prompt has changed.

    Raises:
        EvalsError: the eval is not in the registries, its data cannot be read, or the record holds no completions.
    """
    if "." not in scorer.eval_name:
        raise DataError("the record does not name its eval", where=record.path, fix="record the run again")
    with tempfile.TemporaryDirectory(prefix="evals-explain-") as folder, _errors_name(record.path, folder):
        stored, scored = Path(folder) / "stored.jsonl", Path(folder) / "scored.jsonl"
        copied = _copy_calls(record.path, stored, ids, scorer.eval_name)
        run_eval(
            RunRequest(
                completion_fns=["replay"],
                eval_name=scorer.eval_name,
                registry_paths=list(registry_paths),
                data_paths=list(data_paths),
                extra_eval_params=dict(eval_args or {}),
                completion_args={"record": str(stored)},
                repeats=copied.n_repeats,
                seed=record.facts.seed or 20220722,
                record_path=str(scored),
                max_errors=float("inf"),
                settings=EngineSettings(local_only=True, images=_images_of(record.facts)),
            )
        )
        again = read_scores(scored, metric)
        new = _asked_anew(scored, copied.later_prompts)
    found = zip(again.sample_ids, again.scores.tolist(), strict=True)
    wanted = set(ids.values())
    scores = {name: score for name, score in found if name in wanted and name not in new}
    return Rescored(scores, again.facts, len(new), len(wanted & again.failed_ids))


@contextmanager
def _errors_name(path: str, folder: str) -> Iterator[None]:
    """Let an error over a copy in `folder` name the record that was copied."""
    try:
        yield
    except EvalsError as error:
        if (error.where or "").startswith(folder):
            error.where = path
        raise


def _images_of(facts: RunFacts) -> ImageOptions:
    """How the run saw images, so that its prompts are found again; the default for values that no run has."""
    known = {name: value for name, value in facts.images.items() if name in ImageOptions.__dataclass_fields__}
    return ImageOptions(**known) if known.get("condition", VISION) in CONDITIONS else ImageOptions()


def aligned(rescored: Rescored | None, ids: Sequence[str]) -> Array:
    """The new score of each sample id, shape (n,); NaN for those without one."""
    if rescored is None:
        return np.full(len(ids), np.nan)
    return np.array([rescored.scores.get(name, np.nan) for name in ids], dtype=np.float64)


@dataclass(frozen=True)
class _Copied:
    later_prompts: dict[str, set[int]]
    "Hashes of the prompts of all calls of a sample but its first."
    n_repeats: int
    "As many as the samples have. The first line of a record may say any number."


def _copy_calls(source: str, target: Path, ids: Mapping[str, str], eval_name: str) -> _Copied:
    """Write the calls of the wanted samples under their new ids."""
    base, _, rest = eval_name.partition(".")
    split, n_repeats = rest.partition(".")[0], 1
    recorder = LocalRecorder(target, RunSpec(["stored"], eval_name, base, split, {}, ""))
    later: dict[str, set[int]] = {}
    try:
        for sample in read_record(source).samples():
            name = ids.get(sample.sample_id)
            if name is None or sample.error is not None:
                continue
            n_repeats = max(n_repeats, (sample.repeat or 0) + 1)
            calls = [call for call in sample.data("sampling") if isinstance(call, dict)]
            with recorder.sample(name, sample.repeat or None) as scope:
                for call in calls:
                    record_sampling(**_plain_call(call))
                scope.commit()
            if len(calls) > 1:
                later.setdefault(name, set()).update(content_hash(call.get("prompt")) for call in calls[1:])
    finally:
        recorder.close()
    return _Copied(later, n_repeats)


def _plain_call(call: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: call[key] for key in ("model", "usage", "finish_reasons", "logprobs") if call.get(key) is not None}
    return {"prompt": call.get("prompt"), "sampled": call.get("sampled"), **kept}


def _asked_anew(scored: Path, later: Mapping[str, set[int]]) -> set[str]:
    """Samples with a second or later call whose prompt was never answered: the replayed reply belongs to another."""
    return {
        sample.sample_id
        for sample in read_record(scored).samples()
        for call in sample.data("sampling")[1:]
        if isinstance(call, dict) and content_hash(call.get("prompt")) not in later.get(sample.sample_id, ())
    }
