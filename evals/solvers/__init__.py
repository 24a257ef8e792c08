"""Solvers: strategies around completion functions. YAML names them here: `class: evals.solvers:NAME`.

No move of a file breaks that path. A class loads when it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.lazy import lazy_names

if TYPE_CHECKING:
    from evals.solvers.completion_fn_solver import CompletionFnSolver as CompletionFnSolver
    from evals.solvers.generation import cot as cot
    from evals.solvers.generation import direct as direct
    from evals.solvers.generation import few_shot as few_shot
    from evals.solvers.generation import hhh as hhh
    from evals.solvers.generation import self_consistency as self_consistency
    from evals.solvers.human_cli_solver import HumanCliSolver as HumanCliSolver
    from evals.solvers.nested.cot_solver import CoTSolver as CoTSolver
    from evals.solvers.nested.fewshot_solver import FewShotSolver as FewShotSolver
    from evals.solvers.nested.hhh_solver import HHHSolver as HHHSolver
    from evals.solvers.nested.self_consistency_solver import SelfConsistencySolver as SelfConsistencySolver
    from evals.solvers.postprocessors.postprocessors import RemovePeriod as RemovePeriod
    from evals.solvers.postprocessors.postprocessors import RemoveQuotes as RemoveQuotes
    from evals.solvers.postprocessors.postprocessors import Strip as Strip
    from evals.solvers.providers.anthropic.anthropic_solver import AnthropicSolver as AnthropicSolver
    from evals.solvers.providers.google.gemini_solver import GeminiSolver as GeminiSolver
    from evals.solvers.providers.openai.openai_solver import OpenAISolver as OpenAISolver
    from evals.solvers.providers.together.together_solver import TogetherSolver as TogetherSolver
    from evals.solvers.solver import DummySolver as DummySolver
    from evals.solvers.solver import NestedSolver as NestedSolver
    from evals.solvers.solver import Solver as Solver
    from evals.solvers.solver import SolverResult as SolverResult
    from evals.solvers.solver_completion_fn import SolverCompletionFn as SolverCompletionFn
    from evals.solvers.tool_loop import ToolLoop as ToolLoop

_HOMES = {
    "AnthropicSolver": "evals.solvers.providers.anthropic.anthropic_solver",
    "CompletionFnSolver": "evals.solvers.completion_fn_solver",
    "cot": "evals.solvers.generation",
    "CoTSolver": "evals.solvers.nested.cot_solver",
    "direct": "evals.solvers.generation",
    "DummySolver": "evals.solvers.solver",
    "few_shot": "evals.solvers.generation",
    "FewShotSolver": "evals.solvers.nested.fewshot_solver",
    "GeminiSolver": "evals.solvers.providers.google.gemini_solver",
    "hhh": "evals.solvers.generation",
    "HHHSolver": "evals.solvers.nested.hhh_solver",
    "HumanCliSolver": "evals.solvers.human_cli_solver",
    "NestedSolver": "evals.solvers.solver",
    "OpenAISolver": "evals.solvers.providers.openai.openai_solver",
    "RemovePeriod": "evals.solvers.postprocessors.postprocessors",
    "RemoveQuotes": "evals.solvers.postprocessors.postprocessors",
    "self_consistency": "evals.solvers.generation",
    "SelfConsistencySolver": "evals.solvers.nested.self_consistency_solver",
    "Solver": "evals.solvers.solver",
    "SolverCompletionFn": "evals.solvers.solver_completion_fn",
    "SolverResult": "evals.solvers.solver",
    "Strip": "evals.solvers.postprocessors.postprocessors",
    "TogetherSolver": "evals.solvers.providers.together.together_solver",
    "ToolLoop": "evals.solvers.tool_loop",
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(globals(), _HOMES)
