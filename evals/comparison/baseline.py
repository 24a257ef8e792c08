"""Baselines: the scores of one run, sample by sample, in a JSON file that is small enough to commit."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evals.comparison.baseline_packing import (
    MAX_SAMPLES,
    pack_ids,
    pack_numbers,
    pack_scores,
    unpack_ids,
    unpack_numbers,
    unpack_scores,
)
from evals.comparison.facts import short
from evals.comparison.scores import RunScores
from evals.errors import DataError, did_you_mean, listed
from evals.json_text import reviewable
from evals.record.special_files import refuse_special
from evals.sample import id_order
from evals.stats.arrays import Array
from evals.stats.standard_error import stderr

FORMAT = 1
DECIMALS = 6


@dataclass(frozen=True)
class Baseline:
    """The scores of a run, with what is needed to tell whether another run can be compared with it."""

    eval_name: str
    model: str
    metric: str
    higher_is_better: bool
    data_sha256: str | None
    scorer: dict[str, Any] | None
    n: int
    score: float
    stderr: float | None
    run_id: str | None
    created_at: str | None
    sample_ids: tuple[str, ...] = field(repr=False)
    scores: Array = field(repr=False)
    "Shape (n,), in the order of `sample_ids`."
    clusters: tuple[int, ...] | None = field(default=None, repr=False)
    "A cluster number for each sample: samples with equal numbers depend on one another. None without clusters."
    where: str | None = None
    n_updates: int = 0
    "How often it took the place of another run's scores of the same samples; each time a chance to pick a lucky one."

    @classmethod
    def of(cls, run: RunScores, replaced: Baseline | None = None) -> Baseline:
        """The baseline made of a run. replaced: the one whose place it takes, whose count goes on for equal samples."""
        facts, codes = run.facts, run.cluster_codes()
        clusters = None if codes is None else [int(code) for code in codes]
        spread = stderr(run.scores, clusters)
        return cls(
            eval_name=facts.eval_name,
            model=facts.model,
            metric=run.metric,
            higher_is_better=facts.higher_is_better,
            data_sha256=facts.data_sha256,
            scorer=dict(facts.scorer) if facts.scorer else None,
            n=run.n,
            score=run.mean,
            stderr=None if np.isnan(spread) else spread,
            run_id=facts.run_id,
            created_at=facts.created_at,
            sample_ids=run.sample_ids,
            scores=run.scores,
            clusters=None if clusters is None else tuple(clusters),
            n_updates=0 if replaced is None else _n_updates(run, replaced),
        )

    @property
    def file_name(self) -> str:
        """The file's name: `<eval>.json`, with characters replaced that no file name may have."""
        return "".join(c if c.isalnum() or c in "._-+" else "-" for c in self.eval_name) + ".json"

    def write(self, path: Path) -> None:
        """Write it as JSON, samples in the order of their ids, so that equal scores give an equal file."""
        order = sorted(range(self.n), key=lambda i: id_order(self.sample_ids[i]))
        head = {name: value for name, value in asdict(self).items() if name not in _PACKED}
        head["score"] = round(self.score, DECIMALS)
        if not self.n_updates:
            del head["n_updates"]
        body = {
            "format": FORMAT,
            **head,
            "samples": pack_ids([self.sample_ids[i] for i in order]),
            "scores": pack_scores(self.scores[order]),
            "clusters": None if self.clusters is None else pack_numbers([self.clusters[i] for i in order]),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(reviewable(body).encode("utf-8"))


def _n_updates(run: RunScores, replaced: Baseline) -> int:
    if (run.metric, set(run.sample_ids)) != (replaced.metric, set(replaced.sample_ids)):
        return 0
    same_run = run.facts.run_id is not None and run.facts.run_id == replaced.run_id
    return replaced.n_updates + (not same_run)


MAX_BYTES = 1 << 28
"The largest file that is read as a baseline: 10 million samples with scores of all digits take less."

_TYPES: dict[str, tuple[type, ...]] = {
    "eval_name": (str,),
    "model": (str,),
    "metric": (str,),
    "higher_is_better": (bool,),
    "data_sha256": (str, type(None)),
    "scorer": (dict, type(None)),
    "n": (int,),
    "score": (int, float),
    "stderr": (int, float, type(None)),
}

_PACKED = frozenset({"sample_ids", "scores", "clusters", "where"})


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        DataError: the file is missing, is no baseline, has another format, or is damaged.
    """
    fix = "make it anew: evals gate RUN --baseline PATH --update"
    try:
        return _made_of(_body_in(path), str(path))
    except OSError as error:
        raise DataError(f"the baseline cannot be read: {error.strerror}", where=str(path), fix=fix) from error
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, zlib.error) as error:
        raise DataError(f"this is no baseline: {_reason(error)}", where=str(path), fix=fix) from error


def _body_in(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES >> 20} MiB")
    refuse_special(path)
    body = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    if not isinstance(body, dict):
        raise ValueError("it is no JSON object")
    if body["format"] != FORMAT:
        raise ValueError(f"it has format {body['format']}, known is {FORMAT}")
    return body


def _made_of(body: dict[str, Any], where: str) -> Baseline:
    """The baseline of a JSON object. What it claims is checked before it takes memory."""
    head = {name: value for name, value in body.items() if name not in ("format", "samples", "scores", "clusters")}
    for name, kinds in _TYPES.items():
        if type(head[name]) not in kinds:
            raise ValueError(f"{name!r} is {short(head[name])}")
    if type(head.get("n_updates", 0)) is not int:
        raise ValueError(f"'n_updates' is {short(head['n_updates'])}")
    n = head["n"]
    if not 0 < n <= MAX_SAMPLES:
        raise ValueError(f"it says that it has {n} samples")
    clusters = body["clusters"]
    return Baseline(
        **head,
        scores=unpack_scores(body["scores"], n),
        sample_ids=tuple(unpack_ids(body["samples"], n)),
        clusters=None if clusters is None else unpack_numbers(clusters, n),
        where=where,
    )


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no score")


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)


def baseline_path(place: Path, eval_name: str) -> Path:
    """The path of an eval's baseline: `place` itself if it names a `.json` file, else `<place>/<eval>.json`."""
    if place.suffix == ".json":
        return place
    safe = "".join(c if c.isalnum() or c in "._-+" else "-" for c in eval_name)
    return place / f"{safe}.json"


def find_baseline(place: Path, eval_name: str) -> Baseline:
    """Read the baseline of an eval. place: a `.json` file, or a folder of them.

    Raises:
        DataError: there is none; the message names those that are there.
    """
    path = baseline_path(place, eval_name)
    if path.is_file():
        return read_baseline(path)
    there = sorted(p.stem for p in place.glob("*.json")) if place.is_dir() else []
    raise DataError(
        f"there is no baseline of {eval_name}",
        where=str(path),
        notes=[did_you_mean(eval_name, there), f"in {place}: {listed(there)}" if there else ""],
        fix=f"take this run as the baseline: evals gate RUN --baseline {place} --update",
    )
