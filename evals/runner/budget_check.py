"""Refuses a budget in dollars for models whose price is not known."""

from __future__ import annotations

from evals.completion_fns.cost import unpriced_tier
from evals.engine.traits import traits_of
from evals.errors import UsageError
from evals.eval import Eval
from evals.registry.lookup import Registry
from evals.runner.request import RunRequest


def check_budget(evaluation: Eval, request: RunRequest, registry: Registry) -> None:
    """Raise UsageError where the run has a budget in dollars, and a model that it calls has no price."""
    if request.settings.max_cost_usd is None:
        return
    fns = [*evaluation.completion_fns, *evaluation.further_completion_fns]
    names = [*request.completion_fns, *(traits_of(fn).model for fn in fns[len(request.completion_fns) :])]
    for name, fn in zip(names, fns, strict=False):
        if not isinstance(name, str) or traits_of(fn).is_local:
            continue
        tier = unpriced_tier(fn)
        if registry.model_info(name).input_usd_per_million is None or tier:
            at = f" at service_tier={tier}" if tier else ""
            raise UsageError(
                f"--max_cost needs the price of {name}{at}, which is not known",
                fix="add an entry with `prices` under completion_fns/ in a registry, or use --max_tokens_total",
            )
