"""Turns completion functions into solvers and solvers into completion functions, so that both run every eval."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeGuard

from evals.completion import CompletionFn
from evals.completion_fns.function import as_completion_fn

if TYPE_CHECKING:
    from evals.solvers.solver import Solver


def as_completion_fn_or_solver(given: Any) -> Any:
    """An object from Python code as something that evals take: a solver as it is, all else as a completion function.

    Raises:
        UsageError: it is a class, or nothing that can be asked.
    """
    return given if _is_solver(given) else as_completion_fn(given)


def _is_solver(given: Any) -> TypeGuard[Solver]:
    # There is no solver before its module is loaded, and most runs start and end without it.
    module = sys.modules.get("evals.solvers.solver")
    return module is not None and isinstance(given, module.Solver)


def maybe_wrap_with_compl_fn(ambiguous_executor: Any) -> CompletionFn:
    """A solver as a completion function; a completion function comes back as it is.

    Raises:
        ValueError: it is neither.
    """
    if _is_solver(ambiguous_executor):
        from evals.solvers.solver_completion_fn import SolverCompletionFn

        return SolverCompletionFn(solver=ambiguous_executor)
    if not callable(ambiguous_executor):
        raise ValueError(f"Expected a completion function or a solver, got {ambiguous_executor!r}")
    return ambiguous_executor  # type: ignore[no-any-return]


def maybe_wrap_with_solver(ambiguous_executor: Any) -> Solver:
    """A completion function as a solver; a solver comes back as it is.

    Raises:
        ValueError: it is neither.
    """
    from evals.completion_fns.dummy import DummyCompletionFn
    from evals.engine.traits import traits_of
    from evals.solvers.completion_fn_solver import CompletionFnSolver
    from evals.solvers.solver import DummySolver, Solver
    from evals.solvers.solver_completion_fn import SolverCompletionFn

    if isinstance(ambiguous_executor, Solver):
        return ambiguous_executor
    if isinstance(ambiguous_executor, SolverCompletionFn):
        return ambiguous_executor.solver
    if isinstance(ambiguous_executor, DummyCompletionFn):
        return DummySolver()
    if not callable(ambiguous_executor):
        raise ValueError(f"Expected a completion function or a solver, got {ambiguous_executor!r}")
    if traits_of(ambiguous_executor).speaks_openai:
        return _openai_solver(ambiguous_executor)
    return CompletionFnSolver(ambiguous_executor)


def _openai_solver(fn: Any) -> Solver:
    from evals.solvers.providers.openai.openai_solver import OpenAISolver

    return OpenAISolver.over(fn)
