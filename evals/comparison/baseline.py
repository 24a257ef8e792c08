"""Baselines: the scores of one run, sample by sample, in a JSON file that is small enough to commit."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evals.comparison.scores import RunScores
from evals.errors import DataError, did_you_mean, listed
from evals.json_text import encode
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
            "samples": _pack_ids([self.sample_ids[i] for i in order]),
            "scores": _pack_scores(self.scores[order]),
            "clusters": None if self.clusters is None else _pack([self.clusters[i] for i in order]),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(json.dumps(body, indent=1, ensure_ascii=False) + "\n"))


def _n_updates(run: RunScores, replaced: Baseline) -> int:
    if (run.metric, set(run.sample_ids)) != (replaced.metric, set(replaced.sample_ids)):
        return 0
    same_run = run.facts.run_id is not None and run.facts.run_id == replaced.run_id
    return replaced.n_updates + (not same_run)


_PACKED = frozenset({"sample_ids", "scores", "clusters", "where"})


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        DataError: the file is missing, is no baseline, has another format, or is damaged.
    """
    fix = "make it anew: evals gate RUN --baseline PATH --update"
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body["format"] != FORMAT:
            raise DataError(
                f"this baseline has format {body['format']}, known is {FORMAT}",
                where=str(path),
                fix=fix,
            )
        scores = _unpack_scores(body.pop("scores"))
        ids = _unpack_ids(body.pop("samples"))
        clusters = body.pop("clusters")
        head = {name: value for name, value in body.items() if name != "format"}
        made = Baseline(
            **head,
            sample_ids=tuple(ids),
            scores=scores,
            clusters=None if clusters is None else tuple(_unpack(clusters)),
            where=str(path),
        )
    except OSError as error:
        raise DataError(f"the baseline cannot be read: {error.strerror}", where=str(path), fix=fix) from error
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise DataError(f"this is no baseline: {error}", where=str(path), fix=fix) from error
    if not len(made.scores) == len(made.sample_ids) == made.n:
        raise DataError("the baseline is damaged: ids and scores differ in number", where=str(path), fix=fix)
    return made


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


def _pack_ids(ids: list[str]) -> list[str]:
    """Ids as ranges: `gsm8k.test.0-1318` for a whole dataset."""
    packed: list[str] = []
    first: int | None = None
    for position, name in enumerate(ids):
        head, index, _ = id_order(name)
        following = id_order(ids[position + 1]) if position + 1 < len(ids) else None
        if index < 0:
            packed.append(f"={name}")
            continue
        first = index if first is None else first
        if following is None or following[:2] != (head, index + 1):
            packed.append(f"{head}.{first}-{index}")
            first = None
    return packed


def _unpack_ids(packed: Iterable[str]) -> list[str]:
    ids: list[str] = []
    for text in packed:
        if text.startswith("="):
            ids.append(text[1:])
            continue
        head, _, span = text.rpartition(".")
        first, last = span.split("-")
        ids.extend(f"{head}.{index}" for index in range(int(first), int(last) + 1))
    return ids


def _pack_scores(scores: Array) -> dict[str, Any]:
    """Scores of 0 and 1 as bits; others as numbers with all their digits, since equal runs must not differ."""
    if np.all((scores == 0) | (scores == 1)):
        bits = np.packbits(scores.astype(bool)).tobytes()
        return {"bits": base64.b64encode(zlib.compress(bits, 9)).decode(), "n": len(scores)}
    return {"values": [float(score) for score in scores]}


def _unpack_scores(packed: dict[str, Any]) -> Array:
    if "values" in packed:
        return np.asarray(packed["values"], dtype=float)
    bits = np.frombuffer(zlib.decompress(base64.b64decode(packed["bits"])), dtype=np.uint8)
    return np.unpackbits(bits)[: packed["n"]].astype(float)


def _pack(numbers: list[int]) -> str:
    return base64.b64encode(zlib.compress(json.dumps(numbers).encode(), 9)).decode()


def _unpack(packed: str) -> list[int]:
    numbers: list[int] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return numbers
