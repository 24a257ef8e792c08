"""Tries before the first sample whether a server gives the log probabilities that a method needs, or what else."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from evals.completion import Prompt
from evals.engine import calls
from evals.engine.context import current_session, use_session
from evals.engine.failures import CallFailed, Kind
from evals.engine.session import Session
from evals.engine.traits import traits_of
from evals.errors import UsageError
from evals.suite.choice.scoring_methods import (
    ScoringMethod,
    alternatives_of,
    asking_for_alternatives,
    is_refusal,
    request_for,
)

TRIAL_ATTEMPTS = 3
"Attempts at a trial call; what fails for another reason than the method is tried again in the run itself."

LEAST_MASS = 0.01
"""The probability of all letters as the next token below which `auto` reads replies. Models that answer with a letter
give nearly all of it to letters; those that think first, next to nothing."""

logger = logging.getLogger(__name__)


async def refusal_of(fn: Any, prompt: Prompt, call: Callable[[], Awaitable[Any]]) -> CallFailed | None:
    """The failure of a trial call which means that the server does not support what it asks for; None for any other.

    A server error that comes again and again is such a failure if the server generates after `prompt` all the same:
    some answer what they do not support with status 500.
    """
    failure = await _failure_of(fn, call)
    if failure is None:
        return None
    if is_refusal(failure):
        return failure
    if failure.kind is Kind.SERVER and await _failure_of(fn, lambda: _generate(fn, prompt)) is None:
        return failure
    return None


async def _failure_of(fn: Any, call: Callable[[], Awaitable[Any]]) -> CallFailed | None:
    current_session().uses(fn)  # the session of the run ends its client; that of the trial has no end
    settings = replace(current_session().settings, max_attempts=TRIAL_ATTEMPTS)
    with use_session(Session(settings, can_end=False)):
        try:
            await call()
        except CallFailed as failure:
            return failure
    return None


async def _generate(fn: Any, prompt: Prompt, **options: Any) -> Any:
    return await calls.complete(
        fn, prompt, **{"temperature": 0.0, "max_tokens": traits_of(fn).min_max_tokens, **options}
    )


async def first_that_works(
    fn: Any,
    prompt: Prompt,
    methods: Sequence[ScoringMethod],
    call: Callable[[ScoringMethod], Awaitable[Any]],
    needed_by: str,
) -> ScoringMethod:
    """The first of the methods that the server supports; `parsed` needs no trial. call: tries a method.

    needed_by: what of the eval asks for one of these methods, for the error.

    Raises:
        UsageError: it supports none of them; with what it offers instead.
    """
    said: CallFailed | None = None
    for method in methods:
        if method.name == "parsed":
            return method
        failure = await refusal_of(fn, prompt, lambda method=method: call(method))  # type: ignore[misc]
        if failure is None:
            return method
        logger.info("%s is not used: %s", method.name, failure.message)
        said = failure
    assert said is not None
    raise await unsupported(fn, prompt, needed_by, said)


async def unsupported(fn: Any, prompt: Prompt, needed_by: str, failure: CallFailed) -> UsageError:
    """The error for a server that does not give the log probabilities which something needs.

    needed_by: such as `style completion`. failure: of the trial call.
    """
    offered = await _offered(fn, prompt)
    where = traits_of(fn).host or type(fn).__name__
    what = "log probabilities" if "top_logprobs" in needed_by else "log probabilities of texts"
    fix = "hf/MODEL computes the same weights in this process; docs/servers.md says what each server gives"
    if offered and needed_by != "a loss":
        fix = f"style: letter ({' or '.join(name for name, _ in offered)}); or {fix}"
    return UsageError(
        f"{needed_by} needs {what}, which {where} does not give",
        notes=[
            f"the server: {failure.message}",
            "it offers: " + (", ".join(words for _, words in offered) or "nothing that was tried"),
        ],
        fix=fix,
    )


async def _offered(fn: Any, prompt: Prompt) -> list[tuple[str, str]]:
    """The ways to a score that work with this server, each by its name and in words."""
    sent = prompt if traits_of(fn).can_score or not isinstance(prompt, str) else [{"role": "user", "content": prompt}]
    found = []
    for method in asking_for_alternatives(fn) if traits_of(fn).gives_top_logprobs else ():
        if await _failure_of(fn, lambda method=method: _alternatives(fn, sent, method)) is None:  # type: ignore[misc]
            found.append(("top_logprobs", "log probabilities of the next token"))
            break
    if await _failure_of(fn, lambda: _generate(fn, sent)) is None:
        found.append(("parsed", "generated texts"))
    return found


async def _alternatives(fn: Any, prompt: Prompt, method: ScoringMethod) -> None:
    alternatives = alternatives_of(await calls.complete(fn, prompt, **request_for(fn, method)))
    if alternatives is None or len(alternatives) < 2:
        raise CallFailed(Kind.OTHER, "the reply has no alternatives of its first token")
