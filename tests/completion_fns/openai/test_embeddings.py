"""Embeddings: one for each text, in order, or a broken reply."""

from __future__ import annotations

from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.openai.embeddings import EmbeddingResult, vectors_of
from evals.engine.failures import CallFailed


def reply(*rows: Any) -> dict[str, Any]:
    return {"object": "list", "data": list(rows), "model": "m", "usage": {"prompt_tokens": 2, "total_tokens": 2}}


def test_embeddings_come_in_the_order_of_the_texts_whatever_that_of_the_reply() -> None:
    result = EmbeddingResult(reply({"index": 1, "embedding": [0.5, 1]}, {"index": 0, "embedding": [-1.0, 1e-9]}))
    assert vectors_of(result, 2) == [[-1.0, 1e-9], [0.5, 1]]


@pytest.mark.parametrize(
    "rows",
    [
        [{"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": []}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": "AAAA"}],
        [{"index": 0, "embedding": [1.0]}, {"index": None}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [True]}],
    ],
)
def test_a_reply_without_an_embedding_for_each_text_is_broken(rows: list[Any]) -> None:
    with pytest.raises(CallFailed, match="does not hold 2 embeddings"):
        vectors_of(EmbeddingResult(reply(*rows)), 2)


def test_a_reply_that_has_no_list_of_embeddings_says_so() -> None:
    assert EmbeddingResult.problem_of({"choices": []}) == "it has no list of embeddings"
    assert EmbeddingResult.problem_of(reply()) is None
    with pytest.raises(CallFailed):
        vectors_of(Completions([]), 1)
