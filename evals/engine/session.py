"""What the calls of one run share: limits, budgets, cache, counts, threads; found through a context variable."""

from __future__ import annotations

import asyncio
import collections
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evals.engine.failures import CallFailed
from evals.engine.limits import AdaptiveLimit, RateLimit
from evals.engine.retry import Breaker, Timeouts
from evals.engine.settings import EngineSettings
from evals.errors import BudgetReached, EvalsError, Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evals.cache import CompletionCache
    from evals.completion import Completions
    from evals.engine.batching import Batcher


@dataclass
class CallCounts:
    """What the calls of a run came to so far."""

    n_calls: int = 0
    n_cached: int = 0
    n_retries: int = 0
    in_flight: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    n_unpriced: int = 0
    "Calls whose cost is not known."
    failures: collections.Counter[str] = field(default_factory=collections.Counter)
    "Failed attempts by kind, those that a retry mended included."

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class Session:
    """One per run. Everything but `stop_soon`, `stop_now` and reading `counts` happens on the engine's loop."""

    def __init__(self, settings: EngineSettings | None = None, cache: CompletionCache | None = None) -> None:
        self.settings = settings or EngineSettings()
        self.cache = cache
        self.counts = CallCounts()
        self.timeouts = Timeouts(self.settings)
        self.rng = random.Random()
        self.on_growth: Callable[[], None] | None = None
        self.on_retry: Callable[[CallFailed], None] | None = None
        self.saw_labels = False
        "Whether samples were recorded with labels (group, category, cluster, ...)."
        self.ended_by: EvalsError | None = None
        "Why no further sample is started; None while the run goes on."
        self._limits: dict[str, AdaptiveLimit] = {}
        self._breakers: dict[str, Breaker] = {}
        self._batchers: dict[int, Batcher] = {}
        self._requests = _rate(self.settings.requests_per_minute)
        self._tokens = _rate(self.settings.tokens_per_minute)
        self._threads: ThreadPoolExecutor | None = None
        self._call_threads: ThreadPoolExecutor | None = None
        self._delegate_threads: ThreadPoolExecutor | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._used_fns: dict[int, Any] = {}

    def limit_of(self, fn: Any) -> AdaptiveLimit | None:
        """The gate in front of `fn`; None for one that calls no network."""
        if getattr(fn, "is_local", False):
            return None
        key = _limit_key(fn)
        if key not in self._limits:
            own = getattr(fn, "max_concurrency", None)
            ceiling = min(self.settings.ceiling, own or self.settings.ceiling)
            self._limits[key] = AdaptiveLimit(self.settings.start_concurrency, ceiling)
        return self._limits[key]

    def breaker_of(self, fn: Any) -> Breaker:
        return self._breakers.setdefault(_limit_key(fn), Breaker(self.settings))

    @property
    def width(self) -> int:
        """How many samples should be under way at once."""
        sizes = [limit.size for limit in self._limits.values()]
        return max(sizes, default=self.settings.start_concurrency)

    def grown(self) -> None:
        if self.on_growth is not None:
            self.on_growth()

    async def take_rates(self, n_prompt_bytes: int) -> None:
        """Wait until the requests and tokens a minute allow another call."""
        if self._requests is not None:
            await self._requests.take(1.0)
        if self._tokens is not None:
            await self._tokens.take(n_prompt_bytes / 4)

    def settle_tokens(self, n_prompt_bytes: int, n_tokens: int) -> None:
        if self._tokens is not None:
            self._tokens.settle(n_tokens - n_prompt_bytes / 4)

    @property
    def limits_tokens(self) -> bool:
        return self._tokens is not None

    def sample_threads(self) -> ThreadPoolExecutor:
        """Threads on which the `eval_sample` of plug-ins runs."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.settings.ceiling, thread_name_prefix="evals-sample")
        return self._threads

    def call_threads(self) -> ThreadPoolExecutor:
        """Threads for completion functions that only have `__call__`; apart, so that samples cannot starve them."""
        if self._call_threads is None:
            self._call_threads = ThreadPoolExecutor(self.settings.ceiling, thread_name_prefix="evals-call")
        return self._call_threads

    def delegate_threads(self) -> ThreadPoolExecutor:
        """Threads for those that wait for calls of others (solvers), apart from the threads of those calls."""
        if self._delegate_threads is None:
            self._delegate_threads = ThreadPoolExecutor(self.settings.ceiling, thread_name_prefix="evals-delegate")
        return self._delegate_threads

    def batcher_of(self, fn: Any) -> Batcher:
        """The one that gathers calls of `fn` into batches."""
        from evals.engine.batching import Batcher

        return self._batchers.setdefault(id(fn), Batcher(fn))

    def uses(self, fn: Any) -> None:
        """Remember a backend so that `aclose` ends its client."""
        self._used_fns.setdefault(id(fn), fn)

    async def aclose(self) -> None:
        """End clients, batchers, threads and the cache; the session is not used again."""
        for batcher in self._batchers.values():
            batcher.close()
        for fn in self._used_fns.values():
            if hasattr(fn, "aclose"):
                await fn.aclose()
        for pool in (self._threads, self._call_threads, self._delegate_threads):
            if pool is not None:
                pool.shutdown(wait=False, cancel_futures=True)
        if self.cache is not None:
            self.cache.close()

    def spent(self, result: Completions) -> None:
        """Count what a call used; ends the run when a budget is reached."""
        counts, usage = self.counts, result.usage or {}
        if not result.cached:
            counts.prompt_tokens += _tokens(usage, "prompt_tokens", "input_tokens")
            counts.completion_tokens += _tokens(usage, "completion_tokens", "output_tokens")
            counts.cost_usd += result.cost_usd or 0.0
            counts.n_unpriced += result.cost_usd is None
        settings = self.settings
        if settings.max_cost_usd is not None and counts.cost_usd >= settings.max_cost_usd:
            self.end(BudgetReached(f"the budget of ${settings.max_cost_usd:g} is spent (${counts.cost_usd:.4f})"))
        if settings.max_tokens_total is not None and counts.total_tokens >= settings.max_tokens_total:
            self.end(BudgetReached(f"the budget of {settings.max_tokens_total:,} tokens is spent"))

    def end(self, why: EvalsError, *, now: bool = False) -> None:
        """Start no further sample; with `now`, cancel those in flight too. The first reason stays."""
        if self.ended_by is None:
            self.ended_by = why
        if now:
            for task in list(self._tasks):
                task.cancel()

    @property
    def interrupted(self) -> bool:
        """Whether somebody asked the run to stop: calls in flight may finish, none is tried again."""
        return isinstance(self.ended_by, Interrupted)

    def owns(self, task: asyncio.Task[Any]) -> None:
        """Tie a worker's task to the session, so that `end(now=True)` cancels it."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _rate(per_minute: float | None) -> RateLimit | None:
    return None if per_minute is None else RateLimit(per_minute)


def _limit_key(fn: Any) -> str:
    return str(getattr(fn, "limit_key", None) or f"{type(fn).__module__}.{type(fn).__qualname__}#{id(fn)}")


def _tokens(usage: dict[str, Any], *keys: str) -> int:
    for key in keys:
        if isinstance(usage.get(key), int):
            return int(usage[key])
    return 0


_current: ContextVar[Session | None] = ContextVar("evals_session", default=None)
_fallback: Session | None = None


def current_session() -> Session:
    """The run's session; outside a run one that serves calls made by hand, with the defaults."""
    global _fallback
    session = _current.get()
    if session is not None:
        return session
    if _fallback is None:
        _fallback = Session()
    return _fallback


@contextmanager
def use_session(session: Session) -> Iterator[Session]:
    """Make `session` the current one in this context and in all that it starts."""
    token = _current.set(session)
    try:
        yield session
    finally:
        _current.reset(token)
