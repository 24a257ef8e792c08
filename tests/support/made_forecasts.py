"""A forecast for tests, with whatever differs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evals.forecasts.document import FittedPoint, Forecast, data_hash

POINTS = (
    FittedPoint("small", 1e18, 3.0, n=1000, stderr=0.01, observed_at="2026-01-01T00:00:00.000000Z"),
    FittedPoint("middle", 1e19, 2.5, n=1000),
    FittedPoint("larger", 1e20, 2.2, n=1000),
)


def forecast(name: str = "loss-of-large", **changes: Any) -> Forecast:
    """A forecast of 2.0 in 1.9 to 2.1 for `large` at 1e22 FLOPs, made on the second of March 2026."""
    made = Forecast(
        name=name,
        created_at="2026-03-02T12:00:00.000000Z",
        quantity="nats_per_token",
        unit="nats/token",
        target_model="large",
        target_compute_flops=1e22,
        prediction=2.0,
        low=1.9,
        high=2.1,
        confidence=0.9,
        decades=2.0,
        law="power law",
        formula="L(C) = a C^b",
        parameters={"a": 2.2, "b": -0.07},
        fitted=POINTS,
        data_sha256=data_hash(POINTS),
        sources={"table.csv": "0" * 64},
        code={"oaieval": "0.1.0"},
    )
    return replace(made, **changes)
