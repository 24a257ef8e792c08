"""The session of a run: how it is stopped, what its calls share, and how it is closed."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from typing import Any

import pytest
from flaky_calls import QUICK, Flaky, Refusing, ask, together

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.engine.calls import complete, complete_sync
from evals.engine.context import use_session
from evals.engine.failures import CallFailed, Kind
from evals.engine.loop import engine_loop, run_sync
from evals.engine.session import Session
from evals.engine.settings import EngineSettings
from evals.errors import BudgetReached, EvalsError, Interrupted


class Hanging(Backend):
    """Never answers."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended = threading.Event()

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        self.begun.set()
        try:
            await asyncio.sleep(600)
        finally:
            self.ended.set()
        raise AssertionError


def end_of(session: Session, why: EvalsError, *, now: bool = False) -> None:
    engine_loop().call_soon_threadsafe(lambda: session.end(why, now=now))


def on_thread(session: Session, fn: Any) -> tuple[threading.Thread, list[BaseException]]:
    """A plug-in's thread in a synchronous call, and what the call raised."""
    raised: list[BaseException] = []

    def call() -> None:
        try:
            complete_sync(fn, "p")
        except BaseException as error:
            raised.append(error)

    with use_session(session):
        context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(call,), daemon=True)
    thread.start()
    return thread, raised


@pytest.mark.parametrize("why", [Interrupted("stopped"), BudgetReached("spent")], ids=["interrupt", "budget"])
def test_a_call_that_waits_for_its_next_attempt_is_given_up_when_the_run_stops(why: EvalsError) -> None:
    """Ctrl-C and a time budget took up to the server's Retry-After, minutes, to be heard."""
    session, fn = Session(), Refusing(Kind.RATE_LIMIT, retry_after_s=600)
    thread, raised = on_thread(session, fn)
    assert fn.begun.wait(120)
    end_of(session, why)
    thread.join(120)
    assert not thread.is_alive()
    assert raised == [why]


def test_a_call_that_waits_for_its_turn_by_the_minute_is_given_up_too() -> None:
    session = Session(EngineSettings(requests_per_minute=0.1))
    with use_session(session):
        run_sync(complete(Refusing(Kind.SERVER), "well"))
    thread, raised = on_thread(session, Refusing(Kind.SERVER))
    end_of(session, Interrupted("stopped"))
    thread.join(120)
    assert not thread.is_alive()
    assert isinstance(raised[0], Interrupted)


def test_a_thread_s_call_ends_with_the_run_and_no_other_is_made() -> None:
    session, fn = Session(), Hanging()
    thread, raised = on_thread(session, fn)
    assert fn.begun.wait(120)
    why = Interrupted("stopped")
    end_of(session, why, now=True)
    thread.join(120)
    assert raised
    assert fn.ended.wait(120)
    with use_session(session), pytest.raises(Interrupted):
        complete_sync(Refusing(Kind.SERVER), "well")


def test_calls_by_hand_go_on_after_a_failure_that_would_have_ended_a_run() -> None:
    with pytest.raises(CallFailed):
        complete_sync(Refusing(Kind.AUTH), "p")
    assert complete_sync(Refusing(Kind.AUTH), "well").get_completions() == ["yes"]


class Slow(Backend):
    def __init__(self, model: str, latency_s: float) -> None:
        self.model = model
        self.latency_s = latency_s

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        return Completions(["x"])


def test_what_a_quick_grader_takes_shortens_no_time_out_of_a_slow_model() -> None:
    session, grader, model = Session(QUICK), Slow("grader", 0.0), Slow("model", 60.0)
    for _ in range(50):
        session.timeouts_of(grader).succeeded(0.1)
    assert session.timeouts_of(grader).attempt_s(0) == 30.0
    assert session.timeouts_of(model).attempt_s(0) == 600.0


def test_copies_of_a_completion_function_share_their_limit() -> None:
    """Solvers are copied for each sample: limits by object grew with the samples, and limited nothing."""
    session = Session()
    assert session.limit_of(Hanging()) is session.limit_of(Hanging())
    assert session.limit_of(Slow("a", 0)) is not session.limit_of(Slow("b", 0))


def test_a_client_that_does_not_close_holds_nobody_up_for_long() -> None:
    class Stuck(Slow):
        async def aclose(self) -> None:
            await asyncio.sleep(600)

    session = Session(close_within_s=0.05)
    together(session, Stuck("m", 0.0), "p")
    began_s = time.monotonic()
    run_sync(session.aclose())
    assert time.monotonic() - began_s < 300, "and not the 600 s that closing would take"


def test_a_token_budget_ends_the_session():
    session, _ = ask(Flaky(usage={"prompt_tokens": 90, "completion_tokens": 20}), EngineSettings(max_tokens_total=100))
    assert isinstance(session.ended_by, BudgetReached)
