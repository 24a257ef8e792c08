"""The base class of our backends: implement `complete`, and the synchronous openai/evals call comes with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from evals.completion import CompletionResult


class Backend(ABC):
    """A completion function whose single attempt is the coroutine `complete`.

    The engine puts limits, retries, cache and recording around it, for `await` and for plain calls alike.
    Optional attributes that the engine looks for: `is_local` (no network, no limits), `max_concurrency`,
    `limit_key` (backends with equal keys share limits), `records_sampling`, `delegates` (only calls others),
    `cache_identity()`, `batch_size` with `complete_batch` / `score_batch`, `seeded(prompt, kwargs)` (the options with a
    seed, asked for each call in its sample's context before it goes into a batch), `score`, `aclose()`.
    Evals look for: `gives_top_logprobs` (alternatives of the next token, if the server agrees), `score_way` (`echo`
    where `score` asks a server so), `min_max_tokens` (the shortest reply that can be asked for), `n_ctx` and
    `count_tokens(text)`.
    """

    is_local: bool = False
    max_concurrency: int | None = None
    records_sampling: bool = True

    def __deepcopy__(self, memo: dict[int, Any]) -> Backend:
        """Itself: solvers are copied for each sample, and must not copy clients and connections."""
        return self

    @abstractmethod
    async def complete(self, prompt: Any, **kwargs: Any) -> CompletionResult:
        """One attempt. Raises CallFailed (evals.engine.failures); does not retry, does not record."""

    def __call__(self, prompt: Any, **kwargs: Any) -> CompletionResult:
        """The completions of `prompt`, for synchronous code on any thread but the engine's."""
        from evals.engine.calls import complete_sync

        return complete_sync(self, prompt, **kwargs)
