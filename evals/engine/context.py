"""The context of code inside a run: its session, its plan, and the sample that it evaluates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from evals.engine.plan import RunPlan
from evals.engine.session import Session
from evals.record.recorders import RecordContext, RecorderBase, SampleScope, current_context

T = TypeVar("T")


class SampleCalls:
    """Counts how often one sample has drawn each request, for the keys of the cache."""

    __slots__ = ("draws", "has_images", "repeat", "sample_id")

    def __init__(self, repeat: int = 0, sample_id: str | None = None) -> None:
        self.repeat = repeat
        self.sample_id = sample_id
        self.draws: dict[str, int] = {}
        self.has_images = False
        "Whether a prompt of the evaluated model held an image, in whatever condition it was sent."

    def next_draw(self, key: str) -> int:
        """How often this sample has drawn the request `key` before; counts the new draw."""
        draw = self.draws.get(key, 0)
        self.draws[key] = draw + 1
        return draw


class RunContext(RecordContext):
    """A RecordContext that also holds the session, the plan and the calls of the sample.

    plan: None if an eval or a call is run by hand. calls: None outside a sample. A context never leaves its process.
    """

    __slots__ = ("calls", "plan", "session")

    def __init__(self, around: RecordContext, session: Session, plan: RunPlan | None) -> None:
        super().__init__(around.recorder, around.sample_id, around.scope)
        self.session = session
        self.plan = plan
        self.calls: SampleCalls | None = around.calls if isinstance(around, RunContext) else None

    def at(self, recorder: RecorderBase, sample_id: str | None, scope: SampleScope | None) -> RunContext:
        """A context inside this one, for another recorder or sample; a new scope starts new counts of draws."""
        inner = RunContext.__new__(RunContext)  # once a sample: half the time of two constructors
        inner.recorder, inner.sample_id, inner.scope = recorder, sample_id, scope
        inner.session, inner.plan, inner.calls = self.session, self.plan, self.calls
        if scope is not None and scope is not self.scope:
            inner.calls = SampleCalls(scope.repeat or 0, sample_id)
        return inner


_fallback: Session | None = None


def current_session() -> Session:
    """The session of the run. Outside a run: one session of the process with default settings, for calls by hand."""
    global _fallback
    context = current_context.get()
    if isinstance(context, RunContext):
        return context.session
    if _fallback is None:
        _fallback = Session(can_end=False)
    return _fallback


def current_plan() -> RunPlan | None:
    """The plan of the run; None outside a run."""
    context = current_context.get()
    return context.plan if isinstance(context, RunContext) else None


def current_calls() -> SampleCalls | None:
    """The counts of the sample that this code evaluates; None outside a sample."""
    context = current_context.get()
    return context.calls if isinstance(context, RunContext) else None


@contextmanager
def use_session(session: Session, plan: RunPlan | None = None) -> Iterator[Session]:
    """Make `session` current inside the block, and in tasks and threads that start in it.

    plan: by default the current plan stays.
    """
    token = current_context.set(RunContext(current_context.get(), session, plan or current_plan()))
    try:
        yield session
    finally:
        current_context.reset(token)


async def in_thread(work: Callable[[], T]) -> T:
    """The value of `work()`, which runs on a thread: for code that waits, for example for another process."""
    return await asyncio.get_running_loop().run_in_executor(current_session().sample_threads(), work)
