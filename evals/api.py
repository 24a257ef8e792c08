"""Door: completion functions and matching under the path of openai/evals."""

from __future__ import annotations

from evals.completion import CompletionFn as CompletionFn
from evals.completion import CompletionResult as CompletionResult
from evals.completion_fns.dummy import DummyCompletionFn as DummyCompletionFn
from evals.completion_fns.dummy import DummyCompletionResult as DummyCompletionResult
from evals.suite.match.match import record_and_check_match as record_and_check_match
