"""The pass-rate law -E_P[log pass_rate(C)] = alpha C^-k over a fixed set of problems, with its intervals.

Form and use: GPT-4 Technical Report, section 3.2 (arXiv:2303.08774). The mean of logs is not the log of the mean: a
law of -log(pass@1) is another law, which a fit to one row of logs of pass@1 would be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evals.scaling.censored_passes import fit_censored
from evals.scaling.pass_rate_fits import bends, drawn_means, fit_power, mean_weights
from evals.scaling.pass_rate_result import NEAR_ZERO, Zeros, finished_law
from evals.scaling.pass_rate_result import PassRateLaw as PassRateLaw
from evals.scaling.pass_rates import Dropped, PassCounts, drop_unsolved
from evals.scaling.runs import BadTable, check_positive
from evals.stats.arrays import Array, check_confidence

Weighting = Literal["delta", "equal"]

N_DRAWS = 1000


def fit_pass_rate_law(
    compute: ArrayLike,
    passes: ArrayLike,
    draws: ArrayLike,
    *,
    models: Sequence[str] | None = None,
    problems: Sequence[str] | None = None,
    zeros: Zeros = "drop",
    weighting: Weighting = "delta",
    confidence: float = 0.95,
    n_draws: int = N_DRAWS,
    rng: np.random.Generator | None = None,
) -> PassRateLaw:
    """The law of the mean negative log pass rate, from counts of passes.

    compute: shape (n_models,), FLOPs. passes: shape (n_models, n_problems). draws: the same shape, or one number.
    zeros: what happens to a problem that some model never passed. `refuse`: an error that lists the cells, so that more
    completions can be drawn. `drop`: the problem is left out for all models, as the GPT-4 Technical Report does; this
    flatters weak models. `censored`: it stays in, and the law is fitted by the binomial likelihood with
    p = exp(-alpha_p C^-k); only problems that no model passed are left out. The target is never among the models.
    weighting: `delta` gives log y the weight y^2 / Var(y), `equal` the same to each model. rng: seed 0 by default.

    Raises BadTable: fewer than 2 amounts of compute, counts that are none, zeros that are refused, no problem left.
    """
    counts = PassCounts.of(compute, passes, draws, models=models, problems=problems)
    random = rng or np.random.default_rng(0)
    if zeros == "refuse" and counts.zeros.any():
        raise BadTable(_said_of_zeros(counts), fix='draw more completions there, or use zeros="drop" or "censored"')
    if zeros == "censored":
        return _censored_law(counts, weighting, confidence, n_draws, random)
    kept, dropped = drop_unsolved(counts)
    logs = -np.log(kept.passes / kept.draws)
    law = _law(kept.compute, logs, kept, weighting, confidence, n_draws, random)
    said = _said_of_dropped(dropped, len(counts.problems), "a model that counts never passed them")
    return replace(law, zeros=zeros, dropped=dropped, warnings=(*said, *law.warnings))


def fit_mean_log_law(
    compute: ArrayLike,
    negative_logs: ArrayLike,
    *,
    weighting: Weighting = "delta",
    confidence: float = 0.95,
    n_draws: int = N_DRAWS,
    rng: np.random.Generator | None = None,
) -> PassRateLaw:
    """The same law from the negative log probability of each item, such as -log p of the right word.

    compute: shape (n_models,). negative_logs: shape (n_models, n_items), finite and at least 0.

    Raises BadTable: other shapes or values, or fewer than 2 amounts of compute.
    """
    flops, logs = np.asarray(compute, dtype=np.float64), np.asarray(negative_logs, dtype=np.float64)
    if logs.ndim != 2 or flops.shape != logs.shape[:1]:
        raise BadTable(f"negative_logs: one row a model, one column an item, got {logs.shape} for {flops.shape}")
    check_positive(flops, "compute", "model")
    if not (np.isfinite(logs) & (logs >= 0)).all():
        m, p = np.argwhere(~(np.isfinite(logs) & (logs >= 0)))[0]
        said = f"-log p of model {m} on item {p} is {logs[m, p]:g}; every one is finite and at least 0"
        raise BadTable(said, fix="a rate of 0 has no logarithm: give counts to fit_pass_rate_law")
    order = np.argsort(flops, kind="stable")
    random = rng or np.random.default_rng(0)
    return _law(flops[order], logs[order], None, weighting, confidence, n_draws, random)


def _said_of_zeros(counts: PassCounts) -> str:
    cells = [f"{counts.models[m]} on {counts.problems[p]}" for m, p in np.argwhere(counts.zeros)]
    more = f" and {len(cells) - 4} more" if len(cells) > 4 else ""
    return f"no draw passed: {', '.join(cells[:4])}{more}; log 0 is no estimate"


def _said_of_dropped(dropped: tuple[Dropped, ...], n_before: int, why: str) -> list[str]:
    if not dropped:
        return []
    causes: dict[str, int] = {}
    for one in dropped:
        for model in one.models:
            causes[model] = causes.get(model, 0) + 1
    listed = ", ".join(f"{name} {n}" for name, n in sorted(causes.items(), key=lambda item: -item[1]))
    return [f"{len(dropped)} of {n_before} problems are left out for all models, since {why}: {listed}"]


def _law(
    compute: Array,
    logs: Array,
    counts: PassCounts | None,
    weighting: Weighting,
    confidence: float,
    n_draws: int,
    rng: np.random.Generator,
) -> PassRateLaw:
    """The law of finite negative logs, models by ascending compute."""
    check_confidence(confidence)
    _check_enough(compute, logs.shape[1])
    y, variance = logs.mean(axis=1), logs.var(axis=1) / max(logs.shape[1] - 1, 1)
    if (y == 0).all():
        raise BadTable("every model passes every problem at every draw: there is no law", fix="use harder problems")
    scale: Literal["log y", "y"] = "y" if y.min() < NEAR_ZERO else "log y"
    weights = np.ones_like(y) if weighting == "equal" else mean_weights(y, variance, scale)
    relative = np.log(compute / compute[-1])
    (u,), (z,) = fit_power(relative, y[None, :], weights, scale)
    means = drawn_means(logs, counts, n_draws, rng)
    drawn = np.stack(fit_power(relative, means, weights, scale), axis=1)
    positive = bool((y > 0).all() and (means > 0).all() and len(np.unique(compute)) > 2)
    bent = (bends(relative, y[None, :], weights)[0], bends(relative, means, weights)) if positive else None
    return finished_law(
        compute, y, np.sqrt(variance), weights, (u, z), drawn, bent, confidence, scale=scale, n_problems=logs.shape[1]
    )


def _check_enough(compute: Array, n_problems: int) -> None:
    if len(np.unique(compute)) < 2:
        raise BadTable("one amount of compute holds no law", fix="add models of other sizes")
    if not n_problems:
        raise BadTable(
            "no problem is left that every model passed", fix='use zeros="censored", or draw more completions'
        )


def _censored_law(
    counts: PassCounts, weighting: Weighting, confidence: float, n_draws: int, rng: np.random.Generator
) -> PassRateLaw:
    """The law by the binomial likelihood; problems that no model passed are left out, and a warning counts them."""
    check_confidence(confidence)
    never = counts.zeros.all(axis=0)
    kept = counts.with_problems(~never)
    dropped = tuple(Dropped(counts.problems[p], counts.models) for p in np.flatnonzero(never))
    _check_enough(kept.compute, len(kept.problems))
    fit = fit_censored(kept, n_draws, rng)
    relative = np.log(kept.compute / kept.compute[-1])
    logs = np.where(
        kept.zeros, fit.alphas * np.exp(-fit.k * relative)[:, None], -np.log(np.maximum(kept.passes, 1) / kept.draws)
    )
    y, variance = logs.mean(axis=1), logs.var(axis=1) / max(logs.shape[1] - 1, 1)
    weights = np.ones_like(y) if weighting == "equal" else mean_weights(y, variance, "log y")
    at = (math.log(fit.alphas.mean()), math.log(fit.k))
    drawn = np.log(np.stack([fit.alpha_drawn, fit.k_drawn], axis=1))
    law = finished_law(
        kept.compute, y, np.sqrt(variance), weights, at, drawn, None, confidence,
        scale="likelihood", n_problems=len(kept.problems), zeros="censored",
    )  # fmt: skip
    said = _said_of_dropped(dropped, len(counts.problems), "no model ever passed them")
    if kept.zeros.any():
        said.append(
            f"{int(kept.zeros.sum())} cells without a pass are in the likelihood, and in y as what the law says"
        )
    if fit.k_on_bound:
        said.append("the exponent ran into the end of its grid: these counts hold no law")
    return replace(law, dropped=dropped, warnings=(*said, *law.warnings))
