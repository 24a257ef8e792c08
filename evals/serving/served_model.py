"""A model behind the server: requests that arrive together are computed together, on a thread of the model's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evals.engine.batching import Batcher
from evals.local_models.language_model import Generated, LanguageModel, Sampling, ScoredToken, TokenIds, check_room

OnToken = Callable[[int, ScoredToken], None]
"Called on the computing thread with each token that is drawn, and with the number of its completion among the `n`."

DEFAULT_BATCH_SIZE = 32
"Requests that are computed together, at most, where the model's class does not say."


class ServedModel:
    """Completions and log probabilities for one request each; requests that wait are put into one batch.

    name: what clients call the model. batch_size: requests that are computed together, at most.
    """

    def __init__(self, name: str, model: LanguageModel, batch_size: int = DEFAULT_BATCH_SIZE) -> None:
        self.name, self.model = name, model
        self.work = BatchWork(model)
        self._batcher = Batcher(self.work, batch_size)

    async def generate(self, prompt: TokenIds, sampling: Sampling, on_token: OnToken | None = None) -> list[Generated]:
        """The `n` completions of a prompt.

        Raises:
            ContextExceeded: prompt and `max_tokens` do not fit into the context.
        """
        check_room(len(prompt), sampling.max_tokens, self.model.n_ctx)
        return await self._batcher.call("generate_batch", (prompt, sampling, on_token))  # type: ignore[no-any-return]

    async def score(self, tokens: TokenIds, top_logprobs: int) -> list[ScoredToken]:
        """The log probability of each token, given those before it, with so many alternatives.

        Raises:
            ContextExceeded: the tokens do not fit into the context.
        """
        check_room(len(tokens), 0, self.model.n_ctx)
        return await self._batcher.call("score_batch", (tokens, top_logprobs))  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the thread."""
        self._batcher.close()


class BatchWork:
    """What is computed for a batch of requests, on the thread of the model; and how many batches there were."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.n_batches = 0
        self.largest_batch = 0
        "Requests in the largest batch so far."

    def generate_batch(self, requests: Sequence[tuple[TokenIds, Sampling, OnToken | None]]) -> list[list[Generated]]:
        """The completions of each request."""
        self._count(len(requests))
        callbacks = [on_token for _, _, on_token in requests]

        def on_token(request: int, draw: int, token: ScoredToken) -> None:
            callback = callbacks[request]
            if callback is not None:
                callback(draw, token)

        plain = [(prompt, sampling) for prompt, sampling, _ in requests]
        return self._model.generate(plain, on_token if any(callbacks) else None)

    def score_batch(self, requests: Sequence[tuple[TokenIds, int]]) -> list[list[ScoredToken]]:
        """The scored tokens of each request, with as many alternatives as the request that wants most."""
        self._count(len(requests))
        most = max(top for _, top in requests)
        return self._model.score([tokens for tokens, _ in requests], most)

    def _count(self, n: int) -> None:
        self.n_batches += 1
        self.largest_batch = max(self.largest_batch, n)
