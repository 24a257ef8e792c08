"""Door: `SolverCompletionFn` under the path of openai/evals."""

from __future__ import annotations

from evals.solvers.solver_completion_fn import SolverCompletionFn as SolverCompletionFn
