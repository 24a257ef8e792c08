"""The types between an eval and a model."""

from __future__ import annotations

from typing import Any

from evals.completion import (
    AsyncCompletionFn,
    CompletionFn,
    CompletionResult,
    Completions,
    ContinuationScore,
    ContinuationScores,
)


def test_any_callable_is_a_completion_function_and_backends_need_no_base_class():
    class Backend:
        async def complete(self, prompt: Any, **kwargs: Any) -> CompletionResult:
            return Completions(["x"])

    assert isinstance(lambda prompt: None, CompletionFn)
    assert isinstance(Backend(), AsyncCompletionFn)
    assert not isinstance(Backend(), CompletionFn)


def test_completions_give_their_texts_in_order():
    result = Completions(["first", "second"], model="m")
    assert isinstance(result, CompletionResult)
    assert result.get_completions() == ["first", "second"]
    assert (result.cost_usd, result.cached, result.usage) == (None, False, None)


def test_scores_of_a_request_are_a_list_that_knows_its_cost():
    scores = ContinuationScores([ContinuationScore(-1.5, 2), ContinuationScore(-0.5, 1)], usage={"total_tokens": 9})
    assert [score.logprob for score in scores] == [-1.5, -0.5]
    assert (scores.usage, scores.cost_usd, scores.model, scores.cached) == ({"total_tokens": 9}, None, None, False)
