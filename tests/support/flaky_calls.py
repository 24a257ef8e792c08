"""Completion functions that fail on purpose, and calls of them through the engine."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.engine.calls import complete
from evals.engine.context import use_session
from evals.engine.failures import CallFailed, Kind
from evals.engine.loop import run_sync
from evals.engine.session import Session
from evals.engine.settings import EngineSettings

QUICK = EngineSettings(first_backoff_s=0.001, max_backoff_s=0.002)
"Retries without a noticeable wait."


class Flaky(Backend):
    """Fails with the given kinds first, then answers; remembers what it was asked."""

    def __init__(self, *kinds: Kind, answer: str = "yes", usage: dict[str, int] | None = None) -> None:
        self.kinds = list(kinds)
        self.answer = answer
        self.usage = usage
        self.asked: list[dict[str, Any]] = []

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        self.asked.append(kwargs)
        if self.kinds:
            raise CallFailed(self.kinds.pop(0), "on purpose", retry_after_s=0.001)
        return Completions([self.answer], prompt=prompt, model="flaky", usage=self.usage)

    def cache_identity(self) -> dict[str, Any]:
        return {"class": "Flaky", "answer": self.answer}


def ask(fn: Any, settings: EngineSettings = QUICK, **kwargs: Any) -> tuple[Session, Any]:
    session = Session(settings)
    with use_session(session):
        return session, run_sync(complete(fn, "hello", **kwargs))


class Refusing(Backend):
    """Fails with `kind`; answers "well" after `delay_s`."""

    def __init__(self, kind: Kind, retry_after_s: float | None = None, delay_s: float = 0.0) -> None:
        self.kind = kind
        self.retry_after_s = retry_after_s
        self.delay_s = delay_s
        self.n_calls = 0
        self.begun = threading.Event()

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        self.n_calls += 1
        self.begun.set()
        if prompt == "well":
            await asyncio.sleep(self.delay_s)
            return Completions(["yes"])
        raise CallFailed(self.kind, "on purpose", retry_after_s=self.retry_after_s)


def together(session: Session, fn: Any, *prompts: str) -> list[Any]:
    async def ask() -> list[Any]:
        return await asyncio.gather(*(complete(fn, prompt) for prompt in prompts), return_exceptions=True)

    with use_session(session):
        return run_sync(ask())
