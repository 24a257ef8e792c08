"""A model behind the server: requests that arrive together are computed together, on a thread of the model's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evals.engine.batching import Batcher
from evals.local_models.language_model import Generated, LanguageModel, Sampling, ScoredToken, TokenIds, check_room

Hearing = Callable[[int, ScoredToken], None]
"Called on the computing thread with the draw and its next token."

DEFAULT_BATCH_SIZE = 32


class ServedModel:
    """`generate` and `score` for one request each. name: what clients call the model."""

    def __init__(self, name: str, model: LanguageModel, batch_size: int = DEFAULT_BATCH_SIZE) -> None:
        self.name, self.model = name, model
        self.work = _Work(model)
        self._batcher = Batcher(self.work, batch_size)

    async def generate(self, prompt: TokenIds, sampling: Sampling, on_token: Hearing | None = None) -> list[Generated]:
        """`n` completions of a prompt. on_token: hears every token as it is drawn.

        Raises:
            ContextExceeded: prompt and `max_tokens` do not fit.
        """
        check_room(len(prompt), sampling.max_tokens, self.model.n_ctx)
        return await self._batcher.call("generate_batch", (prompt, sampling, on_token))  # type: ignore[no-any-return]

    async def score(self, tokens: TokenIds, top_logprobs: int) -> list[ScoredToken]:
        """Each token given those before it. Raises ContextExceeded where they do not fit."""
        check_room(len(tokens), 0, self.model.n_ctx)
        return await self._batcher.call("score_batch", (tokens, top_logprobs))  # type: ignore[no-any-return]

    def close(self) -> None:
        self._batcher.close()


class _Work:
    """What the batcher calls, and how large its batches were."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.n_batches = 0
        self.largest_batch = 0

    def generate_batch(self, requests: Sequence[tuple[TokenIds, Sampling, Hearing | None]]) -> list[list[Generated]]:
        self._count(len(requests))
        listeners = [on_token for _, _, on_token in requests]

        def hear(request: int, draw: int, token: ScoredToken) -> None:
            listener = listeners[request]
            if listener is not None:
                listener(draw, token)

        plain = [(prompt, sampling) for prompt, sampling, _ in requests]
        return self._model.generate(plain, hear if any(listeners) else None)

    def score_batch(self, requests: Sequence[tuple[TokenIds, int]]) -> list[list[ScoredToken]]:
        self._count(len(requests))
        most = max(top for _, top in requests)
        return self._model.score([tokens for tokens, _ in requests], most)

    def _count(self, n: int) -> None:
        self.n_batches += 1
        self.largest_batch = max(self.largest_batch, n)
