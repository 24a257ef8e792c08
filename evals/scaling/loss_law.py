"""The loss law L(C) = a C^b + c: loss against training compute, with a constant that more compute never removes.

Form and use: GPT-4 Technical Report, section 3.1 (arXiv:2303.08774); Henighan et al. 2020, arXiv:2010.14701. The fit
minimises the sum of rho(log L - log(a C^b + c)), as Hoffmann et al. 2022 (arXiv:2203.15556) do, summed and not
averaged: an average makes the optimiser stop early, see Besiroglu et al. 2024, arXiv:2404.10102.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares
from scipy.special import expit, logit

from evals.stats.arrays import Array

Rho = Literal["squared", "huber"]

HUBER_DELTA = 1e-3
"In log loss; the value of Hoffmann et al. 2022."
N_PARAMETERS = 3
MIN_RUNS = 4
"Distinct amounts of compute that three parameters need, so that anything is left to show the misfit."
N_GRID = 60
ON_BOUND = 1e-3
"A constant below this share of the smallest loss counts as none, one above 1 minus this as all of it."


@dataclass(frozen=True)
class Runs:
    """Training runs that one law can describe: same data, same tokenizer, same way of counting FLOPs."""

    compute: Array
    "Shape (n,): FLOPs, ascending."
    loss: Array
    "Shape (n,): nats or bits per token or byte, all the same; positive."

    @classmethod
    def of(cls, compute: ArrayLike, loss: ArrayLike) -> Runs:
        """Checked and sorted by compute.

        Raises ValueError for other shapes, or values that are not positive and finite.
        """
        flops, losses = np.asarray(compute, dtype=np.float64), np.asarray(loss, dtype=np.float64)
        if flops.ndim != 1 or flops.shape != losses.shape:
            raise ValueError(f"compute and loss: one number a run each, got shapes {flops.shape} and {losses.shape}")
        for name, values in (("compute", flops), ("loss", losses)):
            bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
            if len(bad):
                raise ValueError(f"{name} of run {bad[0]} is {values[bad[0]]}; every one is positive and finite")
        order = np.argsort(flops, kind="stable")
        return cls(flops[order], losses[order])

    @property
    def n_distinct(self) -> int:
        return len(np.unique(self.compute))

    def but_last(self, k: int) -> Runs:
        """Without the k largest runs."""
        return Runs(self.compute[: len(self.compute) - k], self.loss[: len(self.loss) - k])


@dataclass(frozen=True)
class LossLaw:
    """L(C) = a (C / compute_unit)^b + c."""

    a: float
    "What more compute can still remove at `compute_unit`; unit of the loss."
    b: float
    "Negative."
    c: float
    "The irreducible loss; 0 in a pure power law."
    compute_unit: float
    "FLOPs; the largest compute of the fit."
    rms_log: float
    "Root of the mean squared residual of log loss: 0.01 is a misfit of about 1 %."
    n: int
    aicc: float
    "Akaike's criterion for small samples, Gaussian errors in log loss; smaller is better, inf below 6 runs."
    constant_on_bound: bool
    "c ran into 0 or into the smallest loss: the data do not hold a constant of their own."
    residuals: Array
    "Shape (n,): log of the loss minus log of the law, by ascending compute."

    def loss(self, compute: ArrayLike) -> Array:
        """The law's loss at each compute, in FLOPs."""
        relative = np.asarray(compute, dtype=np.float64) / self.compute_unit
        return np.asarray(self.a * relative**self.b + self.c, dtype=np.float64)


def fit_loss_law(compute: ArrayLike, loss: ArrayLike, *, rho: Rho = "squared", c: float | None = None) -> LossLaw:
    """The law that fits the runs best.

    compute, loss: shape (n,). rho: `huber` lets single runs that went astray weigh less. c: a constant that is known (0
    for a pure power law); without it at least MIN_RUNS different amounts of compute are needed.

    Raises:
        ValueError: too few runs, or a known constant that is not below every loss.
    """
    runs = Runs.of(compute, loss)
    needed = MIN_RUNS if c is None else N_PARAMETERS
    if runs.n_distinct < needed:
        fix = "train more runs" + ("" if c is not None else ", or give the constant: c=0.0")
        raise ValueError(f"{runs.n_distinct} different amounts of compute, but the fit needs {needed}: {fix}")
    if c is not None:
        if not 0 <= c < runs.loss.min():
            raise ValueError(f"the constant {c} is not between 0 and the smallest loss {runs.loss.min():.6g}")
        return _law(runs, *_polish_power(runs, c, rho), c=c, n_parameters=2)
    starts = [(*_linear(runs, share * runs.loss.min()), share) for share in _grid()]
    u, z, v = min(((_objective(runs, s, rho), s) for s in starts), key=lambda scored: scored[0])[1]
    best = polish(runs, (u, z, float(logit(v))), rho)
    power = _polish_power(runs, 0.0, rho)
    if _objective(runs, (*power, 0.0), rho) <= _objective(runs, (best[0], best[1], float(expit(best[2]))), rho):
        return _law(runs, *power, c=0.0, n_parameters=N_PARAMETERS)
    return _law(runs, best[0], best[1], c=float(expit(best[2]) * runs.loss.min()), n_parameters=N_PARAMETERS)


def _grid() -> Array:
    """Shares of the smallest loss to try as the constant, denser towards 1, where the linear fit changes fastest."""
    return np.asarray(1 - np.geomspace(1 - 1e-6, 1e-3, N_GRID), dtype=np.float64)


def _linear(runs: Runs, c: float) -> tuple[float, float]:
    """log a and log(-b) of the straight line through log(L - c) against log C: with c known the law is linear."""
    x = np.log(runs.compute / runs.compute[-1])
    slope, intercept = np.polyfit(x, np.log(runs.loss - c), 1)
    return float(intercept), math.log(max(-slope, 1e-4))


def _log_ratio(runs: Runs, u: float, z: float, share: float) -> tuple[Array, Array, Array]:
    """Residuals of log loss, the reducible part, and the law itself."""
    x = np.log(runs.compute / runs.compute[-1])
    reducible = np.exp(np.clip(u - math.exp(min(z, 50.0)) * x, -700, 700))
    law = reducible + share * runs.loss.min()
    return np.log(runs.loss) - np.log(law), reducible, law


def _objective(runs: Runs, at: tuple[float, float, float], rho: Rho) -> float:
    residuals = np.abs(_log_ratio(runs, *at)[0])
    if rho == "squared":
        return float((residuals**2).sum())
    beyond = HUBER_DELTA * (2 * residuals - HUBER_DELTA)
    return float(np.where(residuals <= HUBER_DELTA, residuals**2, beyond).sum())


def polish(runs: Runs, start: tuple[float, float, float], rho: Rho = "squared") -> tuple[float, float, float]:
    """(log a, log -b, logit of c / smallest loss) at the nearest minimum, from a start of the same three."""

    def residuals(p: Array) -> Array:
        return _log_ratio(runs, p[0], p[1], float(expit(p[2])))[0]

    def jacobian(p: Array) -> Array:
        _, reducible, law = _log_ratio(runs, p[0], p[1], float(expit(p[2])))
        x = np.log(runs.compute / runs.compute[-1])
        part = reducible / law
        share = float(expit(p[2]))
        inside = runs.loss.min() * share * (1 - share) / law
        return np.stack([-part, part * math.exp(min(p[1], 50.0)) * x, -inside], axis=1)

    u, z, v = _least_squares(residuals, jacobian, start, rho)
    return u, z, v


def _polish_power(runs: Runs, c: float, rho: Rho) -> tuple[float, float]:
    """(log a, log -b) with the constant held at c."""
    share = c / float(runs.loss.min())

    def residuals(p: Array) -> Array:
        return _log_ratio(runs, p[0], p[1], share)[0]

    def jacobian(p: Array) -> Array:
        _, reducible, law = _log_ratio(runs, p[0], p[1], share)
        x = np.log(runs.compute / runs.compute[-1])
        part = reducible / law
        return np.stack([-part, part * math.exp(min(p[1], 50.0)) * x], axis=1)

    u, z = _least_squares(residuals, jacobian, _linear(runs, c), rho)
    return u, z


def _least_squares(residuals: object, jacobian: object, start: tuple[float, ...], rho: Rho) -> tuple[float, ...]:
    how = {"method": "trf", "loss": "huber", "f_scale": HUBER_DELTA} if rho == "huber" else {"method": "lm"}
    tight = 1e-12
    found = least_squares(residuals, start, jac=jacobian, xtol=tight, ftol=tight, gtol=tight, max_nfev=500, **how)
    return tuple(float(value) for value in found.x)


def _law(runs: Runs, u: float, z: float, *, c: float, n_parameters: int) -> LossLaw:
    smallest = float(runs.loss.min())
    residuals = _log_ratio(runs, u, z, c / smallest)[0]
    rms = float(np.sqrt(np.mean(residuals**2)))
    on_bound = n_parameters == N_PARAMETERS and not ON_BOUND < c / smallest < 1 - ON_BOUND
    return LossLaw(
        a=math.exp(u),
        b=-math.exp(z),
        c=c,
        compute_unit=float(runs.compute[-1]),
        rms_log=rms,
        n=len(residuals),
        aicc=aicc(rms, len(residuals), n_parameters),
        constant_on_bound=on_bound,
        residuals=residuals,
    )


def aicc(rms: float, n: int, n_parameters: int) -> float:
    """Akaike's criterion with the correction for small samples; the noise counts as one parameter more.

    Hurvich and Tsai 1989, Biometrika 76:297. Infinite where n does not exceed the parameters by 2 or more.
    """
    k = n_parameters + 1
    if n - k - 1 <= 0:
        return math.inf
    return 2 * n * math.log(max(rms, 1e-150)) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
