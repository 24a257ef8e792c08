"""Makes the solvers behind the registry's names `generation/...`: a strategy over any completion function."""

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
    """A solver that asks `model` and nothing more.

    model: the name of a completion function. args: of CompletionFnSolver, such as `options`.
    """
    return CompletionFnSolver(model, registry=registry, **args)


@typed_arguments
def cot(model: str, registry: Any = None, options: dict[str, Any] | None = None, **args: Any) -> Solver:
    """A solver that lets `model` reason before it answers. options: sampling arguments. args: of CoTSolver."""
    base = direct(model, registry, options=options)
    return CoTSolver(cot_solver=base, extract_solver=base, registry=registry, **args)


@typed_arguments
def hhh(model: str, registry: Any = None, options: dict[str, Any] | None = None, **args: Any) -> Solver:
    """A solver that shows `model` conversations of an assistant first. options: as of `cot`. args: of HHHSolver."""
    return HHHSolver(solver=direct(model, registry, options=options), registry=registry, **args)


@typed_arguments
def few_shot(model: str, registry: Any = None, options: dict[str, Any] | None = None, **args: Any) -> Solver:
    """A solver that shows `model` solved samples first. options: as of `cot`. args: of FewShotSolver.

    Raises:
        UsageError: `train_jsonl` is not given. DataError: it cannot be read, or has too few rows.
    """
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
    """A solver that lets `model` answer several times, at temperature 1 unless `options` says otherwise, and votes.

    args: of SelfConsistencySolver.
    """
    args["num_generations"] = int(args.get("num_generations", 5))
    base = direct(model, registry, options={"temperature": 1.0, **(options or {})})
    return SelfConsistencySolver(solver=base, registry=registry, **args)
