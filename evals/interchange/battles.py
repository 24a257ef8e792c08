"""Battles: pairwise judgements as lines of JSON, taken from records of `Preference`, and written to files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from evals.errors import DataError, RecordError
from evals.json_text import dumps, encode
from evals.record.reader import Record

JUDGED_BY = "judge"


def battles_of_record(record: Record) -> Iterator[dict[str, Any]]:
    """The battles in the record of a run of `Preference`, one a sample, with the names of models filled in.

    `model_a` is the first completion function; `judge` the graders, or else the last completion function.

    Raises:
        DataError: the record holds no battle.
    """
    names = [str(name) for name in record.spec.get("completion_fns") or ["?"]]
    graders = _graders(record)
    n_writers = len(names) if set(graders).isdisjoint(names[-1:]) else max(1, len(names) - 1)
    judge = "+".join(graders) or names[-1]
    filled = {"model_a": names[0], "model_b": names[1] if n_writers > 1 else "baseline", JUDGED_BY: judge}
    found = False
    for sample in record.samples():
        for battle in sample.data("battle"):
            if sample.error is None and isinstance(battle, Mapping):
                found = True
                known = {key: value for key, value in battle.items() if value is not None}
                yield {"question_id": sample.sample_id, **filled, **sample.labels, **known}
    if not found:
        raise DataError(
            "this record holds no judgement of pairs",
            where=str(record.path),
            fix="give records of `Preference`; two other records are judged by: evals preferences --judge GRADER A B",
        )


def _graders(record: Record) -> list[str]:
    """The names of the graders of a run."""
    config = record.spec.get("run_config")
    found = config.get("graders") if isinstance(config, Mapping) else None
    return [str(one.get("name")) for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def write_battles(path: str | Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write battles as JSON lines, and return how many.

    Raises:
        RecordError: the file cannot be written.
    """
    n = 0
    try:
        with Path(path).open("wb") as file:
            for row in rows:
                file.write(encode(dumps(row) + "\n"))
                n += 1
    except OSError as error:
        raise RecordError(f"cannot be written: {error.strerror}", where=str(path), fix="name another file") from None
    return n
