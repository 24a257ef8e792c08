"""What the registry's `generation/...` names make: a stock solver over any completion function."""

from __future__ import annotations

from typing import Any

from evals.errors import UsageError
from evals.registry.typed_arguments import typed_arguments
from evals.solvers.completion_fn_solver import CompletionFnSolver
from evals.solvers.nested.cot_solver import CoTSolver
from evals.solvers.nested.fewshot_solver import FewShotSolver
from evals.solvers.nested.hhh_solver import HHHSolver
from evals.solvers.nested.self_consistency_solver import SelfConsistencySolver
from evals.solvers.solver import Solver


@typed_arguments
def direct(model: str, registry: Any = None, **args: Any) -> Solver:
    """Asks `model` straight out; `args` are those of CompletionFnSolver."""
    return CompletionFnSolver(model, registry=registry, **args)


@typed_arguments
def cot(model: str, registry: Any = None, options: dict[str, Any] | None = None, **args: Any) -> Solver:
    """Lets `model` think before it answers; `args` are those of CoTSolver."""
    base = direct(model, registry, options=options)
    return CoTSolver(cot_solver=base, extract_solver=base, registry=registry, **args)


@typed_arguments
def hhh(model: str, registry: Any = None, options: dict[str, Any] | None = None, **args: Any) -> Solver:
    """Shows `model` an assistant's conversations first; `args` are those of HHHSolver."""
    return HHHSolver(solver=direct(model, registry, options=options), registry=registry, **args)


@typed_arguments
def few_shot(model: str, registry: Any = None, options: dict[str, Any] | None = None, **args: Any) -> Solver:
    """Shows `model` solved samples first; `args` are those of FewShotSolver."""
    if "train_jsonl" not in args:
        raise UsageError(
            "few-shot examples are not given",
            where=f"generation/fewshot/{model}",
            fix="--completion_args train_jsonl=PATH,n_shots=N",
        )
    args["n_shots"] = int(args.get("n_shots", 4))
    return FewShotSolver(base_solver=direct(model, registry, options=options), registry=registry, **args)


@typed_arguments
def self_consistency(model: str, registry: Any = None, options: dict[str, Any] | None = None, **args: Any) -> Solver:
    """Lets `model` answer several times and vote; `args` are those of SelfConsistencySolver."""
    args["num_generations"] = int(args.get("num_generations", 5))
    base = direct(model, registry, options={"temperature": 1.0, **(options or {})})
    return SelfConsistencySolver(solver=base, registry=registry, **args)
