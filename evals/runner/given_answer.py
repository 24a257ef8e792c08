"""The completion functions of `evals check`: one gives ideal answers to a scorer, one has log probabilities too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evals.completion import CompletionResult, Completions, ContinuationScore
from evals.completion_fns.backend import Backend
from evals.errors import EvalsError, UsageError
from evals.registry.lookup import Registry
from evals.specs import EvalSpec


class GivenAnswer(Backend):
    """A completion function that answers every prompt with `text`: it gives ideal answers to a scorer."""

    is_local = True
    records_sampling = False

    def __init__(self) -> None:
        self.text = ""

    async def complete(self, prompt: Any, **kwargs: Any) -> CompletionResult:
        return Completions([self.text])


class ScoringAnswer(GivenAnswer):
    """For evals that take nothing but log probabilities of texts: all texts are equally likely."""

    async def score(self, prompt: Any, continuations: Sequence[str]) -> list[ContinuationScore]:
        return [ContinuationScore(-1.0, 1) for _ in continuations]


def made_over_given(spec: EvalSpec, registry: Registry) -> tuple[Any, GivenAnswer]:
    """The eval over a completion function that gives texts, or else over one that scores texts too."""
    answer = GivenAnswer()
    try:
        return registry.make_eval(spec, [answer]), answer
    except UsageError as error:
        scoring = ScoringAnswer()
        try:
            return registry.make_eval(spec, [scoring]), scoring
        except EvalsError:
            raise error from None
