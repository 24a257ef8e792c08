"""Completion functions for the OpenAI API and servers that speak it; openai/evals has its classes at this path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.lazy import lazy_names

if TYPE_CHECKING:
    from evals.completion_fns.openai.models import AzureOpenAIChatCompletionFn as AzureOpenAIChatCompletionFn
    from evals.completion_fns.openai.models import OpenAIChatCompletionFn as OpenAIChatCompletionFn
    from evals.completion_fns.openai.models import OpenAICompletionFn as OpenAICompletionFn
    from evals.completion_fns.openai.models import OpenAIResponsesCompletionFn as OpenAIResponsesCompletionFn
    from evals.completion_fns.openai.results import OpenAIBaseCompletionResult as OpenAIBaseCompletionResult
    from evals.completion_fns.openai.results import OpenAIChatCompletionResult as OpenAIChatCompletionResult
    from evals.completion_fns.openai.results import OpenAICompletionResult as OpenAICompletionResult
    from evals.completion_fns.openai.results import OpenAIResponsesCompletionResult as OpenAIResponsesCompletionResult

_HOMES = {
    "AzureOpenAIChatCompletionFn": "evals.completion_fns.openai.models",
    "OpenAIChatCompletionFn": "evals.completion_fns.openai.models",
    "OpenAICompletionFn": "evals.completion_fns.openai.models",
    "OpenAIResponsesCompletionFn": "evals.completion_fns.openai.models",
    "OpenAIBaseCompletionResult": "evals.completion_fns.openai.results",
    "OpenAIChatCompletionResult": "evals.completion_fns.openai.results",
    "OpenAICompletionResult": "evals.completion_fns.openai.results",
    "OpenAIResponsesCompletionResult": "evals.completion_fns.openai.results",
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(globals(), _HOMES)
