"""Completion functions with a fixed answer, for tests of evals and plug-ins."""

from __future__ import annotations

from typing import Any

from evals.completion import CompletionResult
from evals.registry.typed_arguments import typed_arguments


class TestCompletionResult(CompletionResult):
    """One completion, given to the constructor."""

    __test__ = False

    def __init__(self, completion: str) -> None:
        self.completion = completion

    def get_completions(self) -> list[str]:
        return [self.completion]


@typed_arguments
class TestCompletionFn:
    """Answers every prompt with `completion`, whatever the arguments; it records nothing."""

    __test__ = False
    gives_results = True

    def __init__(self, completion: str) -> None:
        self.completion = completion

    def __call__(self, prompt: Any, **kwargs: Any) -> TestCompletionResult:
        return TestCompletionResult(self.completion)
