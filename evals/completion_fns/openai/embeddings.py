"""Embeddings of texts by the OpenAI API and servers that speak it, called like any completion function."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evals.completion import Completions
from evals.completion_fns.openai.backend import OpenAIBackend
from evals.completion_fns.openai.requests import RequestRules
from evals.completion_fns.openai.results import OpenAIBaseCompletionResult
from evals.engine.failures import CallFailed, Kind
from evals.registry.typed_arguments import typed_arguments


class EmbeddingResult(OpenAIBaseCompletionResult):
    """A reply of `/embeddings`. Each completion is one embedding, as the JSON text of its numbers, in order."""

    @staticmethod
    def problem_of(raw: dict[str, Any]) -> str | None:
        """What keeps a reply from being read: it has no list of embeddings; None if nothing does."""
        return None if isinstance(raw.get("data"), list) else "it has no list of embeddings"

    def __init__(self, raw_data: Any, prompt: Any = None) -> None:
        found = raw_data.get("data")
        rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
        rows.sort(key=lambda row: row["index"] if isinstance(row.get("index"), int) else 0)
        Completions.__init__(
            self,
            texts=[json.dumps(row.get("embedding")) for row in rows],
            prompt=prompt,
            model=raw_data.get("model"),
            usage=raw_data.get("usage"),
            finish_reasons=[None for _ in rows],
        )


@typed_arguments
class OpenAIEmbeddingFn(OpenAIBackend):
    """An embedding model, at `/embeddings`. The prompt is a list of texts. Calls are not recorded as samplings.

    The arguments are those of `OpenAIBackend`.
    """

    path = "/embeddings"
    result_type: type[OpenAIBaseCompletionResult] = EmbeddingResult
    records_sampling = False

    def body(self, prompt: Any, options: Mapping[str, Any], rules: RequestRules) -> dict[str, Any]:
        return {"model": self.model, "input": prompt, **rules.apply(options)}


def vectors_of(result: Completions, n_texts: int) -> list[list[float]]:
    """The embeddings in a result, one for each text.

    Raises:
        CallFailed: another number of them, or one that is no list of numbers.
    """
    vectors = [json.loads(text) for text in result.get_completions()]
    if len(vectors) != n_texts or not all(map(_is_vector, vectors)):
        raise CallFailed(Kind.BAD_REPLY, f"the reply does not hold {n_texts} embeddings")
    return vectors


def _is_vector(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(type(number) in (int, float) for number in value)
