"""Backends, a prompt in and completions out; YAML names them here: `class: evals.completion_fns:NAME`.

No move of a file breaks that path. A class loads when it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.lazy import lazy_names

if TYPE_CHECKING:
    from evals.completion_fns.anthropic.backend import AnthropicCompletionFn as AnthropicCompletionFn
    from evals.completion_fns.backend import Backend as Backend
    from evals.completion_fns.cached import CachedCompletionFn as CachedCompletionFn
    from evals.completion_fns.cot import ChainOfThoughtCompletionFn as ChainOfThoughtCompletionFn
    from evals.completion_fns.dummy import DummyCompletionFn as DummyCompletionFn
    from evals.completion_fns.function import FunctionCompletionFn as FunctionCompletionFn
    from evals.completion_fns.google.backend import GoogleCompletionFn as GoogleCompletionFn
    from evals.completion_fns.langchain_llm import LangChainChatModelCompletionFn as LangChainChatModelCompletionFn
    from evals.completion_fns.langchain_llm import LangChainLLMCompletionFn as LangChainLLMCompletionFn
    from evals.completion_fns.langchain_math import LangChainMathChainCompletionFn as LangChainMathChainCompletionFn
    from evals.completion_fns.openai.models import AzureOpenAIChatCompletionFn as AzureOpenAIChatCompletionFn
    from evals.completion_fns.openai.models import OpenAIChatCompletionFn as OpenAIChatCompletionFn
    from evals.completion_fns.openai.models import OpenAICompletionFn as OpenAICompletionFn
    from evals.completion_fns.openai.models import OpenAIResponsesCompletionFn as OpenAIResponsesCompletionFn
    from evals.completion_fns.replay import ReplayCompletionFn as ReplayCompletionFn
    from evals.completion_fns.retrieval import RetrievalCompletionFn as RetrievalCompletionFn
    from evals.completion_fns.scripted import ScriptedCompletionFn as ScriptedCompletionFn
    from evals.local_models.hf.completion_fn import HfCompletionFn as HfCompletionFn
    from evals.local_models.pocket.completion_fn import PocketCompletionFn as PocketCompletionFn
    from evals.solvers.solver_completion_fn import SolverCompletionFn as SolverCompletionFn

_HOMES = {
    "AnthropicCompletionFn": "evals.completion_fns.anthropic.backend",
    "AzureOpenAIChatCompletionFn": "evals.completion_fns.openai.models",
    "Backend": "evals.completion_fns.backend",
    "CachedCompletionFn": "evals.completion_fns.cached",
    "ChainOfThoughtCompletionFn": "evals.completion_fns.cot",
    "DummyCompletionFn": "evals.completion_fns.dummy",
    "FunctionCompletionFn": "evals.completion_fns.function",
    "GoogleCompletionFn": "evals.completion_fns.google.backend",
    "HfCompletionFn": "evals.local_models.hf.completion_fn",
    "LangChainChatModelCompletionFn": "evals.completion_fns.langchain_llm",
    "LangChainLLMCompletionFn": "evals.completion_fns.langchain_llm",
    "LangChainMathChainCompletionFn": "evals.completion_fns.langchain_math",
    "OpenAIChatCompletionFn": "evals.completion_fns.openai.models",
    "OpenAICompletionFn": "evals.completion_fns.openai.models",
    "OpenAIResponsesCompletionFn": "evals.completion_fns.openai.models",
    "PocketCompletionFn": "evals.local_models.pocket.completion_fn",
    "ReplayCompletionFn": "evals.completion_fns.replay",
    "RetrievalCompletionFn": "evals.completion_fns.retrieval",
    "ScriptedCompletionFn": "evals.completion_fns.scripted",
    "SolverCompletionFn": "evals.solvers.solver_completion_fn",
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(globals(), _HOMES)
