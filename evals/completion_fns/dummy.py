"""A completion function that always gives the same answer: for trying an eval without a model."""

from __future__ import annotations

from typing import Any

from evals.completion import CompletionResult
from evals.registry.typed_arguments import typed_arguments

DUMMY_COMPLETION = "This is a dummy response."
"The answer, as in openai/evals."


class DummyCompletionResult(CompletionResult):
    """One completion: DUMMY_COMPLETION."""

    def get_completions(self) -> list[str]:
        return [DUMMY_COMPLETION]


@typed_arguments
class DummyCompletionFn:
    """Answers `This is a dummy response.` to every prompt. It takes any argument and records no sampling."""

    is_local = True
    records_sampling = False
    gives_results = True

    def __init__(self, **kwargs: Any) -> None:
        pass

    def __call__(self, prompt: Any, **kwargs: Any) -> DummyCompletionResult:
        return DummyCompletionResult()

    async def complete(self, prompt: Any, **kwargs: Any) -> DummyCompletionResult:
        return DummyCompletionResult()
