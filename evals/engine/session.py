"""What the calls of one run share: limits, budgets, cache, counts, threads."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import inspect
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from evals.engine.limits import AdaptiveLimit, RateLimit
from evals.engine.retry import Breaker, Timeouts
from evals.engine.settings import EngineSettings
from evals.engine.threads import DaemonThreads
from evals.errors import BudgetReached, EvalsError, Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable

    from evals.completion import Completions, ContinuationScores
    from evals.engine.batching import Batcher
    from evals.engine.cache import CompletionCache

T = TypeVar("T")

CLOSE_WITHIN_S = 5.0
"How long the client of a backend may take to end."


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

    def __init__(
        self,
        settings: EngineSettings | None = None,
        cache: CompletionCache | None = None,
        *,
        any_accepted: bool = False,
        can_end: bool = True,
    ) -> None:
        """any_accepted: an earlier part of the run had answers. can_end: False for calls made by hand, one by one."""
        self.settings = settings or EngineSettings()
        self.cache = cache
        self.counts = CallCounts()
        self.rng = random.Random()
        self.on_growth: Callable[[], None] | None = None
        self.labels: set[str] = set()
        "Kinds of labels (group, category, cluster, ...) that samples were recorded with."
        self.ended_by: EvalsError | None = None
        "Why no further sample is started; None while the run goes on."
        self._any_accepted = any_accepted
        self._can_end = can_end
        self._is_closed = False
        self._pauses: set[asyncio.Future[None]] = set()
        self._timeouts: dict[str, Timeouts] = {}
        self._limits: dict[str, AdaptiveLimit] = {}
        self._breakers: dict[str, Breaker] = {}
        self._batchers: dict[int, Batcher] = {}
        self._requests = self._rate(self.settings.requests_per_minute)
        self._tokens = self._rate(self.settings.tokens_per_minute)
        self._threads: DaemonThreads | None = None
        self._call_threads: DaemonThreads | None = None
        self._delegate_threads: DaemonThreads | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing: dict[int, Any] = {}

    def _rate(self, per_minute: float | None) -> RateLimit | None:
        return None if per_minute is None else RateLimit(per_minute, self.pause)

    def limit_of(self, fn: Any) -> AdaptiveLimit | None:
        """The gate in front of `fn`; None for one that calls no network."""
        if getattr(fn, "is_local", False):
            return None
        key = _limit_key(fn)
        if key not in self._limits:
            own = getattr(fn, "max_concurrency", None)
            ceiling = min(self.settings.ceiling, own or self.settings.ceiling)
            self._limits[key] = AdaptiveLimit(self.settings.start_concurrency, ceiling, self.pause)
        return self._limits[key]

    def breaker_of(self, fn: Any) -> Breaker:
        key = _limit_key(fn)
        if key not in self._breakers:
            self._breakers[key] = Breaker(self.settings, self._any_accepted)
        return self._breakers[key]

    def timeouts_of(self, fn: Any) -> Timeouts:
        """What was learnt of how long `fn` takes; a quick grader says nothing of a slow model."""
        key = _limit_key(fn)
        if key not in self._timeouts:
            self._timeouts[key] = Timeouts(self.settings)
        return self._timeouts[key]

    async def pause(self, seconds: float) -> None:
        """Wait before a call is made, or made again.

        Raises:
            EvalsError: the run was asked to stop, before or meanwhile: the call is not made.
        """
        self.check_going_on()
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pauses.add(woken)
        try:
            await asyncio.wait([woken], timeout=seconds)
        finally:
            self._pauses.discard(woken)
        self.check_going_on()

    def check_going_on(self) -> None:
        """Raise the reason when the run was asked to stop: calls in flight finish, none is waited for or made again."""
        if isinstance(self.ended_by, Interrupted | BudgetReached):
            raise self.ended_by

    def check_open(self) -> None:
        """Raise the reason when the run was stopped at once: no thread that outlived it makes another call."""
        if self._is_closed and self.ended_by is not None:
            raise self.ended_by

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

    def sample_threads(self) -> DaemonThreads:
        """Threads on which the `eval_sample` of plug-ins runs."""
        if self._threads is None:
            self._threads = DaemonThreads(self.settings.ceiling, "evals-sample")
        return self._threads

    def call_threads(self) -> DaemonThreads:
        """Threads for completion functions that only have `__call__`; apart, so that samples cannot starve them."""
        if self._call_threads is None:
            self._call_threads = DaemonThreads(self.settings.ceiling, "evals-call")
        return self._call_threads

    def delegate_threads(self) -> DaemonThreads:
        """Threads for those that wait for calls of others (solvers), apart from the threads of those calls."""
        if self._delegate_threads is None:
            self._delegate_threads = DaemonThreads(self.settings.ceiling, "evals-delegate")
        return self._delegate_threads

    def batcher_of(self, fn: Any) -> Batcher:
        """The one that gathers calls of `fn` into batches."""
        from evals.engine.batching import Batcher

        if id(fn) not in self._batchers:
            self._batchers[id(fn)] = Batcher(fn)
        return self._batchers[id(fn)]

    def uses(self, fn: Any) -> None:
        """Remember a backend so that `aclose` ends its client."""
        if inspect.iscoroutinefunction(getattr(fn, "aclose", None)):
            self._closing.setdefault(id(fn), fn)

    async def aclose(self) -> None:
        """End clients, batchers, threads and the cache; the session is not used again."""
        for batcher in self._batchers.values():
            batcher.close()
        for fn in self._closing.values():
            with contextlib.suppress(Exception):
                await asyncio.wait_for(fn.aclose(), CLOSE_WITHIN_S)
        for pool in (self._threads, self._call_threads, self._delegate_threads):
            if pool is not None:
                pool.shutdown()
        if self.cache is not None:
            self.cache.close()

    def spent(self, result: Completions | ContinuationScores) -> None:
        """Count what a call used; ends the run when a budget is reached."""
        counts, usage = self.counts, result.usage if isinstance(result.usage, dict) else {}
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
        if not self._can_end:
            return
        if self.ended_by is None:
            self.ended_by = why
        for woken in self._pauses:
            if not woken.done():
                woken.set_result(None)
        if now:
            self._is_closed = True
            for task in list(self._tasks):
                task.cancel()

    def end_by(self, error: EvalsError) -> None:
        """End at once because of what a call raised, unless that is the very reason why the session has ended."""
        if error is not self.ended_by:
            self.end(error, now=True)

    def owns(self, task: asyncio.Task[Any]) -> None:
        """Tie a worker's task to the session, so that `end(now=True)` cancels it."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _limit_key(fn: Any) -> str:
    """What backends with the same limits have in common. Not the object: solvers copy theirs for each sample."""
    key = getattr(fn, "limit_key", None)
    return str(key) if key else f"{type(fn).__module__}.{type(fn).__qualname__} {getattr(fn, 'model', '')}"


def _tokens(usage: dict[str, Any], *keys: str) -> int:
    for key in keys:
        if isinstance(usage.get(key), int):
            return int(usage[key])
    return 0
