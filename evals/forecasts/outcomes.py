"""Reads what came of a forecast: from a record or a table of the target, or as a number."""

from __future__ import annotations

import datetime
import math
from pathlib import Path

from evals.comparison.ladder import Ladder, Rung, file_hash
from evals.comparison.ladder_files import PASS_RATE, read_ladder
from evals.errors import DataError, UsageError
from evals.forecasts.document import Forecast, Outcome
from evals.forecasts.making import outcome_value
from evals.registry.lookup import Registry


def read_outcome_file(forecast: Forecast, path: str, registry: Registry, now: str) -> Outcome:
    """The outcome of a file: the target's row of a table, or a record of the target. now: UTC.

    Raises:
        EvalsError: the file cannot be read, or has no value of the forecast's quantity for its target.
    """
    passes = forecast.quantity == PASS_RATE
    rung = _target_of(read_ladder([path], None if passes else forecast.quantity, registry, passes=passes), forecast)
    value, n_never_passed = outcome_value(rung, forecast)
    return Outcome(
        forecast_seal=forecast.seal,
        value=value,
        scored_at=now,
        observed_at=rung.observed_at,
        compute_flops=rung.compute_flops,
        model=rung.model,
        n=rung.n,
        stderr=rung.stderr,
        n_never_passed=n_never_passed,
        source=Path(path).name,
        source_sha256=file_hash(path),
    )


def _target_of(ladder: Ladder, forecast: Forecast) -> Rung:
    named = ladder.find(forecast.target_model)
    if named is not None:
        return named
    wanted = forecast.target_compute_flops
    alike = [one for one in ladder.rungs if math.isclose(one.compute_flops, wanted, rel_tol=1e-6)]
    if len(alike) == 1:
        return alike[0]
    if len(ladder.rungs) == 1:
        return ladder.rungs[0]
    raise DataError(
        f"no row is that of {forecast.target_model}", where=ladder.rungs[0].where.rpartition(":")[0],
        fix="name the model as the forecast does, or give the value: --value X",
    )  # fmt: skip


def outcome_of_value(forecast: Forecast, value: float, observed_at: str | None, now: str) -> Outcome:
    """An outcome that is given as a number, seen at `observed_at` (UTC) where that is known.

    Raises:
        UsageError: the value is no number, or the time cannot be read.
    """
    if not math.isfinite(value):
        raise UsageError(f"--value {value}: a number")
    return Outcome(forecast.seal, value, now, observed_at=None if observed_at is None else _time(observed_at))


def _time(text: str) -> str:
    try:
        when = datetime.datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        raise UsageError(f"--observed-at {text}: no time", fix="write 2026-11-30T12:00:00, in UTC") from None
    if when.tzinfo is not None:
        when = when.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return when.isoformat(timespec="microseconds") + "Z"
