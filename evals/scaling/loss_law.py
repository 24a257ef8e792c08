"""The loss law L(C) = a C^b + c: loss against training compute, with a constant that more compute never removes.

Form and use: GPT-4 Technical Report, section 3.1 (arXiv:2303.08774); Henighan et al. 2020, arXiv:2010.14701. The fit
minimises the sum of w rho(log L - log(a C^b + c)), as Hoffmann et al. 2022 (arXiv:2203.15556) do, summed and not
averaged: an average makes the optimiser stop early, see Besiroglu et al. 2024, arXiv:2404.10102.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import f as f_distribution
from scipy.stats import t as t_distribution

from evals.scaling.batched_laws import Laws, drawn_laws, fit_many
from evals.scaling.batched_least_squares import HUBER_DELTA as HUBER_DELTA
from evals.scaling.batched_least_squares import Rho
from evals.scaling.results import aicc as aicc
from evals.scaling.results import finite, interval_dict, percentiles, rms_of
from evals.scaling.runs import MIN_RUNS as MIN_RUNS
from evals.scaling.runs import BadTable, Runs
from evals.stats.arrays import Array, check_confidence
from evals.stats.estimate import Interval
from evals.stats.standard_error import z_quantile

N_PARAMETERS = 3
ON_BOUND = 1e-3
"A constant below this share of the smallest loss counts as none, one above 1 minus this as all of it."
N_PROFILE = 400
N_DRAWS = 1000
SHORT = 1.0
"Decades of compute below which a warning says that the runs lie close together."


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
    runs: Runs
    n_parameters: int
    "3, or 2 where the constant was given."
    rho: Rho
    aicc_other: float
    "AICc of the rival: of c = 0 for a law whose constant was fitted, of a fitted constant for one that was given."
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    "Of a, b and c by bootstrap, and `c_profile`: every constant whose best law is not significantly worse."
    dropped: int = 0
    "Smallest runs that were left out, because the caller said so."
    warnings: tuple[str, ...] = ()
    "What a reader must know before the law is used, in sentences."

    formula = "L(C) = a (C / C_max)^b + c"

    @property
    def name(self) -> str:
        """What the law is called, in words."""
        if self.n_parameters == N_PARAMETERS:
            return "power law with a constant"
        return f"power law with the given constant {self.c:g}" if self.c else "power law without a constant"

    @property
    def parameters(self) -> dict[str, float]:
        """a, b and c by name."""
        return {"a": self.a, "b": self.b, "c": self.c}

    def loss(self, compute: ArrayLike) -> Array:
        """The law's loss at each compute, in FLOPs."""
        relative = np.asarray(compute, dtype=np.float64) / self.compute_unit
        return np.asarray(self.a * relative**self.b + self.c, dtype=np.float64)

    def predict(self, compute: ArrayLike) -> Array:
        """The same as `loss`: every law of this package has it."""
        return self.loss(compute)

    def to_dict(self) -> dict[str, Any]:
        """The law as plain values for JSON; None stands for what is not defined."""
        return {
            "law": self.name,
            "formula": self.formula,
            "parameters": self.parameters,
            "compute_unit_flops": self.compute_unit,
            "intervals": {name: interval_dict(interval) for name, interval in self.intervals.items()},
            "n": self.n,
            "n_parameters": self.n_parameters,
            "rho": self.rho,
            "rms_log": self.rms_log,
            "aicc": finite(self.aicc),
            "aicc_other": finite(self.aicc_other),
            "constant_on_bound": self.constant_on_bound,
            "decades": self.runs.decades,
            "dropped_smallest": self.dropped,
            "warnings": list(self.warnings),
        }


def fit_loss_law(
    compute: ArrayLike,
    loss: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    rho: Rho = "squared",
    c: float | None = None,
    drop_smallest: int = 0,
    confidence: float | None = None,
    n_draws: int = N_DRAWS,
    rng: np.random.Generator | None = None,
    units: Sequence[str] | None = None,
    flop_conventions: Sequence[str] | None = None,
) -> LossLaw:
    """The law that fits the runs best.

    compute, loss: shape (n,), in any order. weights: shape (n,), proportional to 1 / variance of log loss. rho:
    `huber` lets single runs that went astray weigh less. c: a constant that is known (0 for a pure power law); without
    it at least MIN_RUNS different amounts of compute are needed. drop_smallest: so many of the smallest runs are left
    out, for a ladder whose first rungs have not left their transient (`transient.early_transient` finds them).
    confidence: with it the law has intervals, from `n_draws` bootstrap draws (seed 0 unless `rng` is given) and from
    the profile of c. units, flop_conventions: one word a run; all must be equal.

    Raises:
        BadTable: too few runs, values that are not positive and finite, more than one unit, or a known constant that
            is not below every loss. It is a ValueError too.
    """
    whole = Runs.of(compute, loss, weights, units=units, flop_conventions=flop_conventions)
    law = fit_runs(whole.but_first(drop_smallest), rho, c, notes=whole.notes, dropped=drop_smallest)
    if confidence is None:
        return law
    intervals = law_intervals(law, confidence, n_draws, rng or np.random.default_rng(0))
    return replace(law, intervals=intervals, warnings=(*law.warnings, *_said_of_intervals(law, intervals)))


def fit_runs(
    runs: Runs, rho: Rho = "squared", c: float | None = None, *, notes: tuple[str, ...] = (), dropped: int = 0
) -> LossLaw:
    """The law of a table that was checked before; without intervals."""
    check_enough(runs, c)
    free, fixed = _fits(runs, rho, c)
    chosen, other = (free, fixed) if c is None else (fixed, free)
    assert chosen is not None
    residuals = np.log(runs.loss / chosen.predict(runs.relative)[0])
    smallest = float(runs.loss.min())
    constant = float(chosen.c[0])
    law = LossLaw(
        a=float(chosen.a[0]),
        b=float(chosen.b[0]),
        c=constant,
        compute_unit=float(runs.compute[-1]),
        rms_log=rms_of(residuals, runs.weights),
        n=len(residuals),
        aicc=aicc(rms_of(residuals, runs.weights), len(residuals), N_PARAMETERS if c is None else 2),
        constant_on_bound=c is None and not ON_BOUND < constant / smallest < 1 - ON_BOUND,
        residuals=residuals,
        runs=runs,
        n_parameters=N_PARAMETERS if c is None else 2,
        rho=rho,
        aicc_other=_aicc_of(other, runs, 2 if c is None else N_PARAMETERS),
        dropped=dropped,
    )
    return replace(law, warnings=(*notes, *_warnings(law, free)))


def check_enough(runs: Runs, c: float | None) -> None:
    """Raises BadTable where the runs hold no law, or the known constant lies not below every loss."""
    needed = MIN_RUNS if c is None else N_PARAMETERS
    if runs.n_distinct < needed:
        fix = "train runs of other sizes"
        if runs.n_distinct >= N_PARAMETERS:
            fix += ", or fit without a constant: --law power, in Python c=0.0"
        said = (
            "all runs have the same compute"
            if runs.n_distinct == 1
            else f"{runs.n_distinct} different amounts of compute"
        )
        raise BadTable(f"{said}, but the fit needs {needed}", fix=fix)
    if c is not None and not 0 <= c < runs.loss.min():
        said = f"the constant {c} is not between 0 and the smallest loss {runs.loss.min():.6g}"
        raise BadTable(said, fix="a loss below the floor means another floor, or another unit")


def _fits(runs: Runs, rho: Rho, c: float | None) -> tuple[Laws | None, Laws]:
    """The law with a free constant, None below four amounts of compute, and the one with c, or with none."""
    losses = runs.loss[None, :]
    free = fit_many(runs.relative, losses, runs.weights, rho=rho) if runs.n_distinct >= MIN_RUNS else None
    return free, fit_many(runs.relative, losses, runs.weights, rho=rho, c=np.array([c or 0.0]))


def _aicc_of(laws: Laws | None, runs: Runs, n_parameters: int) -> float:
    if laws is None:
        return math.inf
    return aicc(rms_of(np.log(runs.loss / laws.predict(runs.relative)[0]), runs.weights), len(runs.loss), n_parameters)


def law_intervals(law: LossLaw, confidence: float, n_draws: int, rng: np.random.Generator) -> dict[str, Interval]:
    """Intervals of a, b and c: percentiles of bootstrap draws, and the profile of c where it was fitted.

    The distance of the draws from the law is widened by the ratio of Student's quantile with n - p degrees of freedom
    to the normal one, in log a, log -b and c.
    """
    check_confidence(confidence)
    fixed = None if law.n_parameters == N_PARAMETERS else law.c
    laws, _ = drawn_laws(
        law.runs, law.loss(law.runs.compute), n_draws, rng, rho=law.rho, c=fixed, n_parameters=law.n_parameters
    )
    half = (1 + confidence) / 2
    wide = float(t_distribution.ppf(half, max(law.n - law.n_parameters, 1))) / z_quantile(half)
    ends = (("a", law.a), ("b", law.b))
    logs = {"a": laws.u - math.log(law.a), "b": laws.z - math.log(-law.b)}
    with np.errstate(over="ignore", invalid="ignore"):  # the exponent of a loss that does not fall: not defined
        found = {name: percentiles(value * np.exp(logs[name] * wide), confidence) for name, value in ends}
    if fixed is None:
        found["c"] = percentiles(np.maximum(law.c + (laws.c - law.c) * wide, 0.0), confidence)
    if fixed is None:
        found["c_profile"] = profile_of_constant(law, confidence)
    return found


def profile_of_constant(law: LossLaw, confidence: float) -> Interval:
    """Every constant whose best law is not significantly worse than the best of all.

    By the F ratio of the squared residuals with 1 and n - 3 degrees of freedom (Bates and Watts 1988, Nonlinear
    Regression Analysis). Ends at 0 or at the smallest loss where the data do not bound it. Always of squared residuals.
    """
    runs, degrees = law.runs, max(law.n - N_PARAMETERS, 1)
    smallest = float(runs.loss.min())
    tried = np.unique(np.append(np.linspace(0, smallest * (1 - 1e-6), N_PROFILE), law.c))
    losses = np.broadcast_to(runs.loss, (len(tried), law.n))
    squares = fit_many(runs.relative, losses, runs.weights, c=tried).objective
    allowed = squares.min() * (1 + f_distribution.ppf(confidence, 1, degrees) / degrees)
    inside = np.flatnonzero(squares <= allowed)
    low, high = (_crossing(tried, squares, allowed, int(inside[end]), step) for end, step in ((0, -1), (-1, 1)))
    return Interval(low, high, confidence)


def _crossing(tried: Array, squares: Array, allowed: float, inside: int, step: int) -> float:
    """Where the squares reach what is allowed, on the straight line to the next constant outside; else the last one."""
    outside = inside + step
    if not 0 <= outside < len(tried):
        return float(tried[inside])
    share = (allowed - squares[inside]) / (squares[outside] - squares[inside])
    return float(tried[inside] + share * (tried[outside] - tried[inside]))


def _warnings(law: LossLaw, free: Laws | None) -> tuple[str, ...]:
    said = []
    if law.constant_on_bound:
        bound = "0" if law.c < law.runs.loss.min() / 2 else "the smallest loss"
        said.append(f"the constant ran into its bound, {bound}: these runs hold no constant of their own")
    if law.n_parameters == N_PARAMETERS and law.aicc_other < law.aicc and math.isfinite(law.aicc):
        said.append(f"no constant is the better law by AICc ({law.aicc_other:.1f} against {law.aicc:.1f})")
    if law.n_parameters < N_PARAMETERS and free is not None and law.aicc_other < law.aicc - 2:
        said.append(
            f"misfit: with a constant of {float(free.c[0]):.4g} in place of {law.c:.4g} the law is better by AICc "
            f"({law.aicc_other:.1f} against {law.aicc:.1f})"
        )
    if law.loss(law.runs.compute[0]) / law.loss(law.compute_unit) < 1.001:
        said.append(
            "the loss does not fall with compute: there is no law to extrapolate (a score that rises is fitted as "
            "1 - score)"
        )
    if law.runs.decades < SHORT:
        said.append(
            f"the runs span {law.runs.decades:.1f} decades of compute: exponent and constant are hardly told apart"
        )
    said.extend(_said_of_units(law))
    return tuple(said)


def _said_of_units(law: LossLaw) -> list[str]:
    """Runs that lie off by a factor of ln 2 from a law that holds the others: bits among nats."""
    off = np.abs(np.abs(law.residuals) - math.log(1 / math.log(2))) < 0.1
    if not off.any() and law.rms_log < 0.08:
        return []
    robust = fit_many(law.runs.relative, law.runs.loss[None, :], law.runs.weights, rho="huber", c=np.zeros(1))
    away = np.log(law.runs.loss / robust.predict(law.runs.relative)[0])
    off = np.abs(np.abs(away) - math.log(1 / math.log(2))) < 0.08
    if not off.any() or off.mean() > 0.5 or np.abs(away[~off]).max() > 0.15:
        return []
    at = ", ".join(f"{flops:.3g}" for flops in law.runs.compute[off])
    return [f"the loss at {at} FLOPs is off by a factor near ln 2 = 0.69: are some losses in bits and some in nats?"]


def _said_of_intervals(law: LossLaw, intervals: Mapping[str, Interval]) -> list[str]:
    profile = intervals.get("c_profile")
    smallest = float(law.runs.loss.min())
    if profile is None or profile.width < smallest / 3:
        return []
    return [
        f"the constant is hardly identified: {law.c:.3g}, but {profile.low:.3g} to {profile.high:.3g} fit as well "
        f"at {profile.confidence:.0%}"
    ]
