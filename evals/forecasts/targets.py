"""Which rungs of a ladder a law is fitted to, and which model it is to forecast."""

from __future__ import annotations

from dataclasses import dataclass, replace

from evals.comparison.ladder import Ladder, Rung
from evals.errors import UsageError, did_you_mean
from evals.registry.lookup import Registry


@dataclass(frozen=True)
class Split:
    """A ladder in two: what is fitted, and what is only shown."""

    fitted: Ladder
    shown: tuple[Rung, ...]
    "Rungs that are not fitted: the target, and others between or beyond."
    target_model: str | None = None
    "None where nothing is to be forecast."
    target_compute_flops: float | None = None
    target: Rung | None = None
    "The target itself, where its value is there already."
    notes: tuple[str, ...] = ()
    target_is_bound: bool = False
    "Whether the target's value is a lower bound only: a problem of a pass-rate law that it never passed."


def split(
    ladder: Ladder, target: str | None, target_compute: float | None, within: float | None, registry: Registry
) -> Split:
    """The rungs below the target, at most `within` of its compute, and the others.

    target: the name of a model, of the ladder or a new one, or a number of FLOPs. target_compute: FLOPs of a model that
    neither the ladder nor the registry knows. within: a share in (0, 1).

    Raises:
        UsageError: no compute of the target is known, `within` is no share or has no target, or nothing is left to fit.
    """
    if within is not None and not 0 < within <= 1:
        raise UsageError(f"--within {within:g}: a share of the target's compute, such as 0.01")
    if target is None:
        if within is not None or target_compute is not None:
            raise UsageError("--within and --target-compute need a target", fix="--target MODEL, or --target FLOPS")
        return Split(ladder, ())
    flops = _number(target)
    rung = None if flops is not None else ladder.find(target)
    if flops is None:
        flops = rung.compute_flops if rung is not None else target_compute or _known_compute(target, ladder, registry)
        if rung is not None and target_compute is not None and target_compute != rung.compute_flops:
            raise UsageError(
                f"--target-compute {target_compute:g}: {target} is in these files with {rung.compute_flops:g} FLOPs",
                where=rung.where, fix="leave --target-compute out, or name another target",
            )  # fmt: skip
    elif target_compute is not None:
        raise UsageError(f"--target {target} is a number of FLOPs already", fix="leave --target-compute out")
    kept = _below(ladder, flops, within)
    fitted = replace(ladder, rungs=kept)
    shown = tuple(one for one in ladder.rungs if one not in kept)
    name = target if _number(target) is None else f"{flops:.4g} FLOPs"
    return Split(fitted, shown, name, flops, rung)


def _below(ladder: Ladder, flops: float, within: float | None) -> tuple[Rung, ...]:
    limit = flops * (within if within is not None else 1) * (1 + 1e-9)
    kept = tuple(one for one in ladder.rungs if one.compute_flops <= limit and one.compute_flops < flops)
    if not kept:
        share = f"at most {within:g} of " if within is not None else "less than "
        raise UsageError(
            f"no model has {share}the target's {flops:.4g} FLOPs",
            fix="choose a larger --within" if within is not None else "choose a larger --target",
        )
    return kept


def _known_compute(target: str, ladder: Ladder, registry: Registry) -> float:
    known = registry.model_info(target).training_flops
    if known is None:
        near = did_you_mean(target, [one.model for one in ladder.rungs])
        raise UsageError(
            f"the training compute of {target!r} is not known", notes=[near], fix="give it: --target-compute FLOPS"
        )
    return known


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None
