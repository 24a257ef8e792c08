"""Calls any completion function, with cache, limits, time-outs, retries, budgets and recording."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evals.chat import with_pictures_by_digest
from evals.completion import (
    CompletionResult,
    Completions,
    ContinuationScore,
    ContinuationScores,
    without_thoughts,
)
from evals.engine.attempts import are_completions, are_scores, attempts
from evals.engine.context import SampleCalls, current_calls, current_session
from evals.engine.cut_off import refuse_cut_off
from evals.engine.failures import CallFailed, Kind
from evals.engine.loop import engine_loop, run_sync, submit
from evals.engine.pictures import with_pictures
from evals.engine.prompt_form import in_form
from evals.engine.session import Session
from evals.engine.traits import traits_of
from evals.record.current import record_cond_logp, record_sampling
from evals.record.grading import current_grader, grading_by
from evals.record.recorders import default_recorder
from evals.registry.whose_code import class_line

if TYPE_CHECKING:
    from evals.engine.cache import Draw
    from evals.engine.threads import DaemonThreads


async def complete(
    fn: Any, prompt: Any, *, grading: bool = False, grader: str | None = None, **kwargs: Any
) -> CompletionResult:
    """The completions of `prompt` by any kind of completion function. May be awaited on any event loop.

    fn with `async complete`: that is one attempt, and a `sampling` event is recorded here. fn that is only callable, as
    in openai/evals: it runs on a thread and records by itself. fn with `delegates`: it only calls other completion
    functions, and the limits, time-outs, retries and cache of those apply, not its own.
    grading: the call judges a completion, so the run's sampling overrides (`--temperature`) and its condition of images
    do not apply, and it has limits and a line of costs of its own, under the name `grader` (by default the model's).
    The same holds for all calls that it makes.

    The thoughts of a reasoning model are cut off what is returned (`evals.texts.thoughts`), not off what is recorded.

    sampling: `prompt`, `sampled`, `model`, `usage`; of a grader `grader`, its name; where thoughts were cut off
    `answers`; where known `finish_reasons`, `latency_s`, `cost_usd`, `logprobs`, `request`, `reasoning`; for a hit of
    the cache `cached`, `cached_latency_s`, `cached_cost_usd`, `cached_at_temperature`.

    Raises:
        CallFailed: no attempt succeeded, or the answer was cut off before it began; the sample is an error, not a
            wrong answer.
        EvalsError: the run was asked to stop, or something failed that no other call would survive.
    """
    # A plug-in may have a loop of its own, but clients, limits and cache belong to the engine's: the call goes there.
    if asyncio.get_running_loop() is not engine_loop():
        there = submit(_from_outside(fn, prompt, grading=grading, grader=grader, **kwargs))
        return await asyncio.wrap_future(there)
    if not grading:
        return await _complete(fn, prompt, kwargs, grading=current_grader() is not None)
    with grading_by(grader or grader_name(fn)):
        return await _complete(fn, prompt, kwargs, grading=True)


def grader_name(fn: Any) -> str:
    """What a grader is called that was given no name: its model, else its class."""
    return traits_of(fn).model or type(fn).__name__


async def _complete(fn: Any, prompt: Any, kwargs: dict[str, Any], *, grading: bool) -> CompletionResult:
    session = current_session()
    session.check_open()
    if session.settings.overrides and not grading:
        kwargs = {**kwargs, **session.settings.overrides}
    session.uses(fn)
    traits = traits_of(fn)
    prompt, kwargs = in_form(fn, prompt, kwargs)
    if session.stand_in is not None and not traits.delegates:
        return session.stand_in.complete(fn, prompt, kwargs, grading=grading)
    if not traits.delegates and not isinstance(prompt, str):
        prompt = await with_pictures(session, prompt, grading=grading)
    result = await (_asked if traits.has_complete else _called)(session, fn, prompt, kwargs)
    # The only place where thoughts are cut off: classes, rules, solvers and graders see answers alone.
    answer: CompletionResult = without_thoughts(result)
    if not traits.delegates:
        refuse_cut_off(answer, traits.host)
    return answer


async def _called(session: Session, fn: Any, prompt: Any, kwargs: dict[str, Any]) -> CompletionResult:
    """The completions of a function that is only callable; it records by itself."""
    result: CompletionResult
    if traits_of(fn).delegates:
        result = await _on_thread(session.delegate_threads(), fn, prompt, kwargs)
    else:
        work = lambda: _on_thread(session.call_threads(), fn, prompt, kwargs)  # noqa: E731
        result = await attempts(session, fn, work, prompt, are_completions)
    return result


async def _asked(session: Session, fn: Any, prompt: Any, kwargs: dict[str, Any]) -> CompletionResult:
    """The completions of a backend with `complete`, as they came; they are recorded here."""
    traits = traits_of(fn)
    result: CompletionResult
    if traits.delegates:
        result = await fn.complete(prompt, **kwargs)
    elif session.cache is None:
        result = await _fresh(session, fn, prompt, kwargs)
    else:
        result = await _through_cache(session, fn, prompt, kwargs)
    if traits.records_sampling and default_recorder() is not None:
        _record(result, prompt, kwargs.get("temperature"))
    return result


def complete_sync(fn: Any, prompt: Any, **kwargs: Any) -> CompletionResult:
    """`complete` for synchronous code. Blocks.

    Raises:
        RuntimeError: called on the thread of the engine's loop.
        CallFailed, EvalsError: as `complete`.
    """
    return run_sync(_from_outside(fn, prompt, **kwargs))


async def _from_outside(fn: Any, prompt: Any, **kwargs: Any) -> CompletionResult:
    """A call from another thread or loop, as a task that is cancelled with the session of its caller."""
    task = asyncio.current_task()
    assert task is not None
    current_session().owns(task)
    return await complete(fn, prompt, **kwargs)


async def score(fn: Any, prompt: Any, continuations: Sequence[str]) -> list[ContinuationScore]:
    """The log probability (in nats) of each continuation after `prompt`, in order.

    cond_logp: one event for all continuations: `prompt`, `completion` and `logp` (lists), `n_tokens` (a list), `way`
    (`echo` or `score`); where known `model`, `usage`, `cost_usd`.

    Raises:
        CallFailed: the backend cannot score, or no attempt succeeded.
        EvalsError: as `complete`.
    """
    session = current_session()
    if session.stand_in is not None:
        return session.stand_in.score(fn, prompt, continuations)
    session.uses(fn)
    traits = traits_of(fn)
    if traits.has_score_batch:
        work = lambda: session.batcher_of(fn).call("score_batch", (prompt, continuations))  # noqa: E731
    elif traits.has_score:
        work = lambda: fn.score(prompt, continuations)  # noqa: E731
    else:
        raise CallFailed(Kind.OTHER, f"{type(fn).__name__} gives no log probabilities of continuations")
    scores: list[ContinuationScore] = await attempts(session, fn, work, prompt, are_scores)
    if default_recorder() is not None:
        _record_scores(fn, prompt, continuations, scores)
    return scores


def _record_scores(fn: Any, prompt: Any, continuations: Sequence[str], scores: Sequence[ContinuationScore]) -> None:
    """Record the `cond_logp` event of `score`. `way` is `echo` if a server scored by echoing the prompt."""
    extra = {}
    if isinstance(scores, ContinuationScores):
        costs = {"model": scores.model, "usage": scores.usage, "cost_usd": scores.cost_usd}
        extra = {key: value for key, value in costs.items() if value is not None}
    record_cond_logp(
        prompt,
        list(continuations),
        [score.logprob for score in scores],
        n_tokens=[score.n_tokens for score in scores],
        way=traits_of(fn).score_way,
        **extra,
    )


async def _fresh(session: Session, fn: Any, prompt: Any, kwargs: dict[str, Any]) -> CompletionResult:
    traits = traits_of(fn)
    if traits.has_complete_batch:
        # The seed of a draw comes from sample, repeat and request, so that results depend on no batch and no timing.
        options = fn.seeded(prompt, kwargs) if traits.has_seeded else kwargs
        work: Callable[[], Awaitable[Any]] = lambda: session.batcher_of(fn).call("complete_batch", (prompt, options))  # noqa: E731
    else:
        work = lambda: fn.complete(prompt, **kwargs)  # noqa: E731
    result: CompletionResult = await attempts(session, fn, work, prompt, are_completions)
    return result


async def _through_cache(session: Session, fn: Any, prompt: Any, kwargs: dict[str, Any]) -> CompletionResult:
    from evals.engine.cache import request_key

    assert session.cache is not None
    key = request_key(fn, prompt, kwargs)
    if key is None:
        return await _fresh(session, fn, prompt, kwargs)
    was_asked = False

    async def ask() -> CompletionResult:
        nonlocal was_asked
        was_asked = True
        return await _fresh(session, fn, prompt, kwargs)

    result = await session.cache.through(key, draw_of(key, fn, kwargs, current_calls() or SampleCalls()), ask)
    if not was_asked:
        # The server accepted this request in an earlier run, so one refusal does not mean that it refuses all.
        session.breaker_of(fn).any_accepted = True
        session.counts.n_calls += 1
        session.counts.n_cached += 1
    return result


def draw_of(key: str, fn: Any, kwargs: dict[str, Any], calls: SampleCalls) -> Draw:
    """The next draw of a request in its sample. n draws stay n completions, and so do those of n equal samples."""
    from evals.engine.cache import Draw, is_greedy

    number = f"{calls.repeat}.{calls.next_draw(key)}"
    own = number if calls.sample_id is None else f"{number} {calls.sample_id}"
    return Draw(own, number if is_greedy(fn, kwargs) else None)


async def _on_thread(pool: DaemonThreads, fn: Any, prompt: Any, kwargs: dict[str, Any]) -> Any:
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    result = await loop.run_in_executor(pool, lambda: context.run(fn, prompt=prompt, **kwargs))
    return await result if inspect.isawaitable(result) else result


def _record(result: CompletionResult, prompt: Any, temperature: float | None) -> None:
    """Record the `sampling` event of `complete`.

    A hit of the cache has the latency and cost of the first call under `cached_...`. If it was drawn at a temperature
    above 0, that is recorded, because two runs that share the draw are not independent.
    """
    if not isinstance(result, Completions):
        record_sampling(prompt=prompt, sampled=result.get_completions())
        return
    extra: dict[str, Any] = {"model": result.model, "usage": result.usage}
    reasons = result.finish_reasons
    if reasons != ["stop"] and any(reason not in (None, "stop") for reason in reasons):
        extra["finish_reasons"] = reasons
    costs = {"latency_s": result.latency_s and round(result.latency_s, 4), "cost_usd": result.cost_usd}
    if result.cached:
        extra["cached"] = True
        costs = {f"cached_{key}": value for key, value in costs.items()}
        temperature = _temperature_sent(result.request or {}, temperature)
        if temperature:
            extra["cached_at_temperature"] = temperature
    known = {**costs, "logprobs": result.logprobs, "request": result.request, "reasoning": result.reasoning}
    extra.update({key: value for key, value in known.items() if value is not None})
    if result.cost_source is not None and not result.cached:
        extra["cost_source"] = result.cost_source
    if result.tool_calls:
        extra["tool_calls"] = result.tool_calls
    sent = with_pictures_by_digest(prompt if result.prompt is None else result.prompt)
    record_sampling(prompt=sent, sampled=result.texts, **extra)


def _temperature_sent(request: Mapping[str, Any], asked: float | None) -> float | None:
    """The temperature of a request; the default of servers, which is 1, where the model's rules took it out."""
    if "temperature" in (request.get("adapted") or {}):
        return 1.0
    sent: float | None = request.get("temperature", asked)
    return sent


def first_completion(result: CompletionResult, fn: Any = None) -> str:
    """The first completion of a result. fn: the completion function that gave it, for messages.

    Raises:
        CallFailed: the result holds no completion, or one that is no text.
    """
    given: list[Any] = result.get_completions()
    for completion in given:
        if isinstance(completion, str):
            return completion
        failure = CallFailed(Kind.BAD_REPLY, f"a completion is of the type {type(completion).__name__}, not a text")
        failure.where = class_line(fn)
        raise failure
    raise CallFailed(Kind.BAD_REPLY, "the reply holds no completion")
