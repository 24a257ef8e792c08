"""Retrieval: finds the passages nearest to a prompt by embeddings, and sends them before it to another model."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.chat import ChatCompletionPrompt, CompletionPrompt
from evals.completion import CompletionResult, Completions
from evals.completion_fns.backend import Backend
from evals.completion_fns.inner_fns import make_inner_fn, registry_or_new
from evals.completion_fns.openai.backend import OpenAIBackend
from evals.completion_fns.openai.requests import RequestRules
from evals.engine import calls
from evals.engine.failures import CallFailed, Kind
from evals.engine.traits import preflight
from evals.errors import DataError
from evals.record.current import record_embedding
from evals.record.special_files import refuse_special
from evals.registry.typed_arguments import typed_arguments

if TYPE_CHECKING:
    import numpy as np

DEFAULT_RETRIEVAL_TEMPLATE = "Answer the question with the help of these passages. "

_TIMEOUT_S = 120.0


@typed_arguments
class RetrievalCompletionFn(Backend):
    """Sends a system message with `retrieval_template` and the `k` nearest passages, and after it the prompt.

    completion_fn: a name, or a completion function. embeddings_and_text_path: a CSV file with the columns `text` and
    `embedding` (a JSON list of numbers). embedding_model: the model of those embeddings; the server at OPENAI_BASE_URL
    is asked for the embedding of each prompt.

    Raises:
        DataError: the file cannot be read, or a row of it has no text with an embedding.
    """

    is_local = True
    delegates = True
    prompt_form = "chat"

    def __init__(
        self,
        completion_fn: Any,
        embeddings_and_text_path: str | Path,
        retrieval_template: str = DEFAULT_RETRIEVAL_TEMPLATE,
        k: int = 4,
        embedding_model: str = "text-embedding-ada-002",
        registry: Any = None,
        registry_path: str | None = None,
        **_kwargs: Any,
    ) -> None:
        self.completion_fn_instance = make_inner_fn(completion_fn, registry_or_new(registry, registry_path))
        self.texts, self.embeddings = load_embeddings(embeddings_and_text_path)
        self.retrieval_template = retrieval_template
        self.k = int(k)
        self.embedding_model = embedding_model
        self._embedder = EmbeddingBackend(embedding_model)

    def preflight(self) -> None:
        """The preflight of the embeddings' server and of the completion function inside."""
        preflight(self._embedder, self.completion_fn_instance)

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        question = CompletionPrompt(prompt).to_formatted_prompt()
        embedding = await calls.complete(self._embedder, question)
        assert isinstance(embedding, Embedding)
        nearest = find_top_k_closest_embeddings(embedding.vector, self.embeddings, self.k)
        context = self.retrieval_template + " ".join(self.texts[index] for index in nearest)
        chat = [{"role": "system", "content": context}, *ChatCompletionPrompt(prompt).to_formatted_prompt()]
        answer = (await calls.complete(self.completion_fn_instance, chat, **kwargs)).get_completions()[0]
        return Completions([answer.strip()], cost_usd=0.0)


class Embedding(CompletionResult):
    """The embedding of a text, in the form of a result so that the engine can pass it on. It has no completions."""

    def __init__(self, vector: list[float]) -> None:
        self.vector = vector

    def get_completions(self) -> list[str]:
        return []


class EmbeddingBackend(OpenAIBackend):
    """The `/embeddings` endpoint of an OpenAI-compatible server; leaves `embedding` events."""

    path = "/embeddings"
    records_sampling = False

    def __init__(self, model: str) -> None:
        super().__init__(model, timeout_s=_TIMEOUT_S)

    async def complete(self, prompt: Any, **kwargs: Any) -> Embedding:  # type: ignore[override]
        """The embedding of a text.

        Raises:
            CallFailed: no usable reply.
        """
        _, reply, _ = await self.exchange(self.client(), prompt, {})
        try:
            vector = json.loads(reply.body)["data"][0]["embedding"]
        except (ValueError, LookupError, TypeError) as error:
            raise CallFailed(Kind.BAD_REPLY, "the reply has no embedding", host=self.host) from error
        record_embedding(prompt=prompt, embedding_type=self.model)
        return Embedding(vector)

    def body(self, prompt: Any, options: Mapping[str, Any], rules: RequestRules) -> dict[str, Any]:
        return {"model": self.model, "input": prompt}


def load_embeddings(embeddings_and_text_path: str | Path) -> tuple[list[str], np.ndarray[Any, Any]]:
    """(texts, embeddings) of a CSV file with the columns `text` and `embedding`; embeddings: shape (n_texts, n_dims).

    Raises:
        DataError: the file cannot be read, or a row has no text with an embedding; it names the row.
    """
    import numpy as np

    path, fix = str(embeddings_and_text_path), "write a CSV file with the columns 'text' and 'embedding', a JSON list"
    texts, vectors = [], []
    csv.field_size_limit(2**30)
    refuse_special(path, pipes=True)
    try:
        with open(path, encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                texts.append(row["text"])
                vectors.append(json.loads(row["embedding"]))
        return texts, np.array(vectors, dtype=float).reshape(len(texts), -1)
    except OSError as error:
        raise DataError(f"the embeddings cannot be read: {error.strerror}", where=path) from error
    except (KeyError, ValueError, TypeError) as error:
        raise DataError("row has no text with an embedding", where=f"{path}: row {len(texts)}", fix=fix) from error


def find_top_k_closest_embeddings(embedded_prompt: Any, embs: Any, k: int) -> list[int]:
    """Indices of the `k` rows of `embs` that have the largest cosine with `embedded_prompt`, the nearest first.

    embedded_prompt: shape (n_dims,). embs: shape (n_texts, n_dims).
    """
    import numpy as np

    rows, wanted = np.asarray(embs, dtype=float), np.asarray(embedded_prompt, dtype=float)
    cosines = rows @ wanted / (np.linalg.norm(rows, axis=1) * np.linalg.norm(wanted))
    return [int(index) for index in np.argsort(-cosines, kind="stable")[:k]]
