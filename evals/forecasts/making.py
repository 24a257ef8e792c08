"""Makes a forecast of a fit, with all that is to be sealed, and reads what came of its quantity."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict
from pathlib import Path

import evals.scaling
from evals import __version__
from evals.comparison.ladder import Rung
from evals.errors import DataError, UsageError
from evals.forecasts.document import FittedPoint, Forecast, canonical, data_hash
from evals.forecasts.fitting import Fit, mean_negative_log, problem_ids
from evals.forecasts.targets import Split
from evals.texts.number_text import counted_with


def make_forecast(fit: Fit, name: str, found: Split, created_at: str) -> Forecast:
    """The forecast of a split's target by a fit, with all that is to be sealed. created_at: UTC.

    Raises:
        UsageError: the target is among the fitted rungs, or no larger than they are.
        DataError: too few rungs for an interval.
    """
    target_model, target_compute_flops = found.target_model, found.target_compute_flops
    assert target_model is not None
    assert target_compute_flops is not None
    for rung in fit.ladder.rungs:
        if rung.model == target_model:
            raise UsageError(f"{target_model} is among the fitted models", where=rung.where, fix="fit without it")
    largest = float(fit.ladder.compute[-1])
    if target_compute_flops <= largest:
        raise UsageError(
            f"the target's {target_compute_flops:.4g} FLOPs are not beyond the largest fitted model ({largest:.4g})",
            fix="a forecast is for a larger model; give its compute with --target-compute",
        )
    said = fit.predict(target_compute_flops)
    if not said.interval.defined:
        raise DataError(
            f"{counted_with(len(fit.ladder.rungs), 'model', 'leaves', 'leave')} nothing over to show the noise, so "
            "there is no interval",
            fix="add a model",
        )
    points = tuple(
        FittedPoint(rung.model, rung.compute_flops, float(value), rung.n, rung.stderr, rung.observed_at)
        for rung, value in zip(fit.ladder.rungs, fit.values, strict=True)
    )
    return Forecast(
        name=name,
        created_at=created_at,
        quantity=fit.ladder.quantity,
        unit=fit.ladder.unit,
        target_model=target_model,
        target_compute_flops=target_compute_flops,
        prediction=said.value,
        low=said.interval.low,
        high=said.interval.high,
        confidence=said.interval.confidence,
        decades=said.decades,
        law=fit.name,
        formula=fit.formula,
        parameters={**fit.law.parameters, "compute_unit_flops": fit.law.compute_unit},
        fitted=points,
        data_sha256=data_hash(points),
        sources=dict(fit.ladder.sources),
        code={"oaieval": __version__, "scaling_sha256": code_hash()},
        options={**asdict(fit.options), "dropped": [rung.model for rung in fit.dropped]},
        warnings=(*said.warnings, *fit.cautions(target_compute_flops)),
        target_was_known=found.target is not None,
        problems=_problems(fit),
    )


def _problems(fit: Fit) -> dict[str, int | str | list[str]]:
    ids = problem_ids(fit)
    return {"n": len(ids), "sha256": hashlib.sha256(canonical(ids)).hexdigest(), "ids": list(ids)} if ids else {}


def code_hash() -> str:
    """SHA-256 over the source of `evals.scaling`: which code made a forecast, where the version does not say it."""
    digest = hashlib.sha256()
    for path in sorted(Path(str(evals.scaling.__file__)).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def outcome_value(rung: Rung, forecast: Forecast) -> tuple[float, int]:
    """What came of a forecast's quantity for this rung, and how many problems make it a lower bound only.

    Raises:
        DataError: the rung lacks a problem of the forecast, or has no value.
    """
    ids = forecast.problems.get("ids")
    if ids:
        return mean_negative_log(rung, ids)
    if math.isnan(rung.value):
        raise DataError("this file has no value of the forecast's quantity", where=rung.where)
    return rung.value, 0
