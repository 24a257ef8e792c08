"""The session of a run: limits, budgets, cache, counts and threads that all its calls share."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import random
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from evals.engine.deadlines import Deadlines
from evals.engine.limits import AdaptiveLimit, RateLimit
from evals.engine.retry import Breaker, Timeouts
from evals.engine.settings import EngineSettings
from evals.engine.threads import DaemonThreads
from evals.engine.traits import traits_of
from evals.errors import BudgetReached, EvalsError, Interrupted
from evals.record.grading import current_grader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evals.completion import Completions, ContinuationScores
    from evals.engine.batching import Batcher
    from evals.engine.cache import CompletionCache
    from evals.engine.stand_in import StandIn

T = TypeVar("T")

CLOSE_WITHIN_S = 5.0
"Seconds that the client of a backend may take to close."


@dataclass
class CallCounts:
    """Numbers of calls, tokens and dollars of a run so far."""

    n_calls: int = 0
    "Calls that were answered, by a server or by the cache."
    n_cached: int = 0
    n_uncounted: int = 0
    "Evaluations by a plug-in that calls a bare function itself: how often it did so is not known."
    n_retries: int = 0
    in_flight: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    n_unpriced: int = 0
    "Calls whose price is not known."
    n_stated: int = 0
    "Calls whose reply stated its cost, as the price is not known."
    failures: collections.Counter[str] = field(default_factory=collections.Counter)
    "Failed attempts by kind, also those that a later attempt made good."

    def become(self, parts: Sequence[CallCounts]) -> None:
        """Take over the sums of `parts`, the counts of several processes."""
        for one in fields(self):
            values = [getattr(part, one.name) for part in parts]
            empty: Any = collections.Counter() if one.name == "failures" else 0
            setattr(self, one.name, sum(values, empty))

    @property
    def total_tokens(self) -> int:
        """Prompt and completion tokens together, without those of cached completions."""
        return self.prompt_tokens + self.completion_tokens


def _key_of(fn: Any) -> str:
    """The key of limits and time-outs for the current call to `fn`; a grader shares none with the evaluated model."""
    key, name = traits_of(fn).limit_key, current_grader()
    return key if name is None else f"grader {name}: {key}"


class Session:
    """What the calls of one run share.

    Methods are called on the engine's loop. `counts`, `labels` and `ended_by` may be read from any thread.
    """

    def __init__(
        self,
        settings: EngineSettings | None = None,
        cache: CompletionCache | None = None,
        *,
        any_accepted: bool = False,
        can_end: bool = True,
        close_within_s: float = CLOSE_WITHIN_S,
    ) -> None:
        """any_accepted: the first part of a resumed run had answers. can_end: False for calls made by hand.

        close_within_s: seconds that the client of a backend may take to close.
        """
        self.settings = settings or EngineSettings()
        self.cache = cache
        self.counts = CallCounts()
        self.stand_in: StandIn | None = None
        "Takes every call in place of its model, for estimates."
        self.rng = random.Random()
        self.on_growth: Callable[[], None] | None = None
        self.labels: set[str] = set()
        "Keys of labels (group, category, cluster, ...) that some sample was recorded with."
        self.ended_by: EvalsError | None = None
        "The reason why no further sample starts; None while the run goes on."
        self.spending: Callable[[float, int], tuple[float, int]] | None = None
        """Told what this process has spent (dollars, tokens); gives what all processes of the run have spent."""
        self._any_accepted = any_accepted
        self._can_end = can_end
        self._close_within_s = close_within_s
        self._is_closed = False
        self._pauses: set[asyncio.Future[None]] = set()
        self._deadlines: Deadlines | None = None
        self._timeouts: dict[str, Timeouts] = {}
        self._limits: dict[str, AdaptiveLimit] = {}
        self._breakers: dict[str, Breaker] = {}
        self._batchers: dict[int, Batcher] = {}
        self._rates: dict[str | None, tuple[RateLimit | None, RateLimit | None]] = {}
        self._threads: DaemonThreads | None = None
        self._call_threads: DaemonThreads | None = None
        self._delegate_threads: DaemonThreads | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing: dict[int, Any] = {}

    def _rate(self, per_minute: float | None) -> RateLimit | None:
        return None if per_minute is None else RateLimit(per_minute, self.pause)

    def limit_of(self, fn: Any) -> AdaptiveLimit | None:
        """The limit on calls in flight to the server and model of `fn`; None if `fn` calls no network (`is_local`)."""
        traits = traits_of(fn)
        if traits.is_local:
            return None
        key = _key_of(fn)
        if key not in self._limits:
            ceiling = min(self.settings.ceiling, traits.max_concurrency or self.settings.ceiling)
            self._limits[key] = AdaptiveLimit(self.settings.start_concurrency, ceiling, self.pause)
        return self._limits[key]

    def breaker_of(self, fn: Any) -> Breaker:
        """The breaker of the server and model of `fn`."""
        key = _key_of(fn)
        if key not in self._breakers:
            self._breakers[key] = Breaker(self.settings, self._any_accepted)
        return self._breakers[key]

    def timeouts_of(self, fn: Any) -> Timeouts:
        """How long the backend of `fn` takes, for each apart: a quick grader says nothing about a slow model."""
        key = _key_of(fn)
        if key not in self._timeouts:
            self._timeouts[key] = Timeouts(self.settings)
        return self._timeouts[key]

    def deadlines(self) -> Deadlines:
        """The time-outs of the calls in flight. A forked child has another loop, so it gets others."""
        loop = asyncio.get_running_loop()
        if self._deadlines is None or self._deadlines.loop is not loop:
            self._deadlines = Deadlines(loop)
        return self._deadlines

    async def pause(self, seconds: float) -> None:
        """Wait some seconds before a call, or before its next attempt. Ends early when the run is asked to stop.

        Raises:
            EvalsError: the run was asked to stop, before or during the wait: the call is not made.
        """
        self.check_going_on()
        # A future that `end` can resolve, and no plain sleep: Ctrl-C took up to the server's Retry-After to be noticed.
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pauses.add(woken)
        try:
            await asyncio.wait([woken], timeout=seconds)
        finally:
            self._pauses.discard(woken)
        self.check_going_on()

    def check_going_on(self) -> None:
        """Raise the reason if the run was asked to stop: calls in flight finish, but no further attempt begins."""
        if isinstance(self.ended_by, Interrupted | BudgetReached):
            raise self.ended_by

    def check_open(self) -> None:
        """Raise the reason if the run was stopped at once: threads that outlived it make no more calls."""
        if self._is_closed and self.ended_by is not None:
            raise self.ended_by

    @property
    def is_closed(self) -> bool:
        """Whether calls in flight were given up too."""
        return self._is_closed

    @property
    def width(self) -> int:
        """How many samples should be evaluated at a time: the size of the largest limit."""
        sizes = [limit.size for limit in self._limits.values()]
        return max(sizes, default=self.settings.start_concurrency)

    def grown(self) -> None:
        """A limit has grown: tell the pass, so that it starts more workers."""
        if self.on_growth is not None:
            self.on_growth()

    async def take_rates(self, n_prompt_bytes: int) -> None:
        """Wait until the limits on requests and tokens a minute allow another call. The prompt counts as bytes/4.

        The evaluated models share one pair of limits; each grader has its own.
        """
        requests, tokens = self._current_rates()
        if requests is not None:
            await requests.take(1.0)
        if tokens is not None:
            await tokens.take(n_prompt_bytes / 4)

    def settle_tokens(self, n_prompt_bytes: int, n_tokens: int) -> None:
        """Replace the estimate of `take_rates` by the tokens that the call used."""
        _, tokens = self._current_rates()
        if tokens is not None:
            tokens.settle(n_tokens - n_prompt_bytes / 4)

    def _current_rates(self) -> tuple[RateLimit | None, RateLimit | None]:
        name = current_grader()
        if name not in self._rates:
            settings = self.settings
            self._rates[name] = self._rate(settings.requests_per_minute), self._rate(settings.tokens_per_minute)
        return self._rates[name]

    @property
    def limits_tokens(self) -> bool:
        """Whether tokens a minute are limited, so that the size of prompts has to be known."""
        return self.settings.tokens_per_minute is not None

    def sample_threads(self) -> DaemonThreads:
        """Threads for `eval_sample` methods that are not async, and for other blocking code of evals."""
        if self._threads is None:
            self._threads = DaemonThreads(self.settings.ceiling, "evals-sample")
        return self._threads

    def call_threads(self) -> DaemonThreads:
        """Threads for completion functions that only have `__call__`.

        They are apart from the threads of samples: a sample waits for its call, so with common threads all of them
        could be taken by samples, and no call would run.
        """
        if self._call_threads is None:
            self._call_threads = DaemonThreads(self.settings.ceiling, "evals-call")
        return self._call_threads

    def delegate_threads(self) -> DaemonThreads:
        """Threads for completion functions that wait for calls of others (solvers); apart for the same reason."""
        if self._delegate_threads is None:
            self._delegate_threads = DaemonThreads(self.settings.ceiling, "evals-delegate")
        return self._delegate_threads

    def batcher_of(self, fn: Any) -> Batcher:
        """The batcher of `fn`. Not by server and model: each object computes its own batches."""
        from evals.engine.batching import Batcher

        if id(fn) not in self._batchers:
            self._batchers[id(fn)] = Batcher(fn, traits_of(fn).batch_size or 1)
        return self._batchers[id(fn)]

    def uses(self, fn: Any) -> None:
        """Remember a backend, so that `aclose` closes its client."""
        if traits_of(fn).has_aclose:
            self._closing.setdefault(id(fn), fn)

    async def aclose(self) -> None:
        """Close clients, batchers, threads and the cache. The session cannot be used afterwards."""
        for batcher in self._batchers.values():
            batcher.close()
        for fn in self._closing.values():
            with contextlib.suppress(Exception):
                await asyncio.wait_for(fn.aclose(), self._close_within_s)
        for pool in (self._threads, self._call_threads, self._delegate_threads):
            if pool is not None:
                pool.shutdown()
        if self.cache is not None:
            self.cache.close()

    def spent(self, result: Completions | ContinuationScores) -> None:
        """Count the tokens and the cost of a call, and end the run if a budget is reached.

        Cached completions cost nothing. Calls in flight finish and are paid beyond the budget.
        """
        counts, usage = self.counts, result.usage if isinstance(result.usage, dict) else {}
        if not result.cached:
            counts.prompt_tokens += _tokens(usage, "prompt_tokens", "input_tokens")
            counts.completion_tokens += _tokens(usage, "completion_tokens", "output_tokens")
            counts.cost_usd += result.cost_usd or 0.0
            counts.n_unpriced += result.cost_usd is None
            counts.n_stated += getattr(result, "cost_source", None) is not None
        settings = self.settings
        if settings.max_cost_usd is None and settings.max_tokens_total is None:
            return
        spent = counts.cost_usd, counts.total_tokens
        cost_usd, n_tokens = spent if self.spending is None else self.spending(*spent)
        if settings.max_cost_usd is not None and cost_usd >= settings.max_cost_usd:
            self.end(BudgetReached(f"the budget of ${settings.max_cost_usd:g} is spent (${cost_usd:.4f})"))
        if settings.max_tokens_total is not None and n_tokens >= settings.max_tokens_total:
            self.end(BudgetReached(f"the budget of {settings.max_tokens_total:,} tokens is spent"))

    def end(self, why: EvalsError, *, now: bool = False) -> None:
        """Start no further sample. now: also cancel samples and calls in flight. Of several reasons the first stays."""
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
        """End at once because a call raised `error`, unless the session has ended for that same reason."""
        if error is not self.ended_by:
            self.end(error, now=True)

    def owns(self, task: asyncio.Task[Any]) -> None:
        """Tie a task to the session, so that `end(now=True)` cancels it."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _tokens(usage: dict[str, Any], *keys: str) -> int:
    for key in keys:
        if isinstance(usage.get(key), int):
            return int(usage[key])
    return 0
