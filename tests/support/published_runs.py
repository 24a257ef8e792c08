"""Published tables of training runs beside the tests of `evals.scaling`, read as arrays."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "scaling"
GPT3_FLOPS = np.array([6.41e20, 2.38e21, 1.2e22, 3.14e23])
"Of ada, babbage, curie and davinci."


def rows(name: str) -> list[dict[str, str]]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def pile_losses(family: str) -> tuple[list[float], list[float]]:
    """Compute and loss of a family on the Pile."""
    found = [row for row in rows("pile_loss.csv") if row["family"] == family]
    return [float(row["compute_flops"]) for row in found], [float(row["loss_nats"]) for row in found]


def chinchilla_runs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parameters, FLOPs and losses."""
    columns = ("parameters", "compute_flops", "loss_nats")
    return tuple(np.array([float(row[name]) for row in rows("chinchilla_runs.csv")]) for name in columns)  # type: ignore[return-value]


def chinchilla_frontier() -> tuple[np.ndarray, np.ndarray]:
    """FLOPs and loss of the best run in each quarter of a decade of compute that has five runs or more."""
    _, compute, loss = chinchilla_runs()
    quarter = np.round(np.log10(compute) * 4)
    full = [one for one in np.unique(quarter) if (quarter == one).sum() >= 5]
    best = [int(np.flatnonzero(quarter == one)[np.argmin(loss[quarter == one])]) for one in full]
    return compute[best], loss[best]


def lambada(models: str) -> np.ndarray:
    """Negative logs of the right word, shape (n_models, 1000)."""
    found = rows("lambada_negative_logs.csv")
    return np.array([[float(row[name]) for row in found] for name in models.split()])
