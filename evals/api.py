"""Door: completion functions and matching under the path of openai/evals."""

from __future__ import annotations

from evals.chat import WrappedPrompt as Prompt
from evals.completion import ChatPrompt as OpenAICreateChatPrompt
from evals.completion import CompletionFn as CompletionFn
from evals.completion import CompletionResult as CompletionResult
from evals.completion import Prompt as OpenAICreatePrompt
from evals.completion_fns.dummy import DummyCompletionFn as DummyCompletionFn
from evals.completion_fns.dummy import DummyCompletionResult as DummyCompletionResult
from evals.record.current import record_match as record_match
from evals.suite.match.match import record_and_check_match as record_and_check_match

__all__ = [
    "CompletionFn",
    "CompletionResult",
    "DummyCompletionFn",
    "DummyCompletionResult",
    "OpenAICreateChatPrompt",
    "OpenAICreatePrompt",
    "Prompt",
    "record_and_check_match",
    "record_match",
]
