"""A completion function with a cache of its own on disk, whether or not the run has `--cache`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evals.completion import CompletionResult
from evals.completion_fns.backend import Backend
from evals.completion_fns.inner_fns import make_inner_fn
from evals.engine.cache import CompletionCache, default_cache_dir, request_key
from evals.engine.calls import draw_of
from evals.engine.context import SampleCalls, current_calls
from evals.engine.traits import preflight, traits_of
from evals.errors import UsageError
from evals.registry.typed_arguments import typed_arguments


@typed_arguments
class CachedCompletionFn(Backend):
    """Asks `completion_fn` once for each request and draw, and keeps the answer for later runs.

    Samples with the same request share an answer at temperature 0 only.

    completion_fn: a name, or a backend that has a `cache_identity`. path: the SQLite file; by default `cached.sqlite`
    in the user's cache folder. An answer from the file is marked as `cached` in the record and costs nothing.

    Raises:
        UsageError: the completion function does not say which model and options it stands for.
    """

    def __init__(self, completion_fn: Any, path: str | Path | None = None, registry: Any = None) -> None:
        self.completion_fn = make_inner_fn(completion_fn, registry)
        self.path = Path(path).expanduser() if path is not None else default_cache_dir() / "cached.sqlite"
        inner = traits_of(self.completion_fn)
        self.max_concurrency, self.limit_key = inner.max_concurrency, inner.limit_key
        self._cache: CompletionCache | None = None
        self._fallback_calls = SampleCalls()
        if not inner.has_complete or request_key(self.completion_fn, "", {}) is None:
            raise UsageError(
                f"{completion_fn!r} cannot be cached: it does not say which model and options it stands for",
                fix="name a completion function that calls a model",
            )

    def preflight(self) -> None:
        """The preflight of the completion function inside."""
        preflight(self.completion_fn)

    async def complete(self, prompt: Any, **kwargs: Any) -> CompletionResult:
        key = request_key(self.completion_fn, prompt, kwargs)
        if key is None:
            return await self._ask(prompt, kwargs)
        if self._cache is None:
            self._cache = CompletionCache(self.path)
        calls = current_calls() or self._fallback_calls
        draw = draw_of(f"cached {key}", self.completion_fn, kwargs, calls)
        return await self._cache.through(key, draw, lambda: self._ask(prompt, kwargs))

    async def _ask(self, prompt: Any, kwargs: dict[str, Any]) -> CompletionResult:
        result: CompletionResult = await self.completion_fn.complete(prompt, **kwargs)
        return result

    async def aclose(self) -> None:
        if self._cache is not None:
            self._cache.close()
            self._cache = None
        if traits_of(self.completion_fn).has_aclose:
            await self.completion_fn.aclose()
