"""A completion function that counts its calls, for tests that nothing is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evals.completion import CompletionResult, Completions, ContinuationScore
from evals.completion_fns.backend import Backend

CALLS: list[Any] = []
"The prompts that were sent."


class CountingFn(Backend):
    """Answers every prompt with `answer`, and keeps the prompt in CALLS."""

    is_local = True

    def __init__(self, answer: str = "Yes") -> None:
        self.answer = answer

    async def complete(self, prompt: Any, **kwargs: Any) -> CompletionResult:
        CALLS.append(prompt)
        return Completions([self.answer])

    async def score(self, prompt: Any, continuations: Sequence[str]) -> list[ContinuationScore]:
        CALLS.append(prompt)
        return [ContinuationScore(-1.0, 1) for _ in continuations]
