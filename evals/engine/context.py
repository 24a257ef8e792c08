"""Where code under a run is: its session, its plan, and the sample that is being evaluated."""

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
    """The calls of one sample: which repeat it is, and how often each request was drawn."""

    __slots__ = ("draws", "repeat")

    def __init__(self, repeat: int = 0) -> None:
        self.repeat = repeat
        self.draws: dict[str, int] = {}

    def next_draw(self, key: str) -> int:
        """How often the request `key` was drawn before in this sample."""
        draw = self.draws.get(key, 0)
        self.draws[key] = draw + 1
        return draw


class RunContext(RecordContext):
    """What calls need to know beside where events go. One process's: another makes its own from the request.

    plan: None where an eval or a call is run by hand. calls: None outside a sample.
    """

    __slots__ = ("calls", "plan", "session")

    def __init__(self, around: RecordContext, session: Session, plan: RunPlan | None) -> None:
        super().__init__(around.recorder, around.sample_id, around.scope)
        self.session = session
        self.plan = plan
        self.calls: SampleCalls | None = around.calls if isinstance(around, RunContext) else None

    def at(self, recorder: RecorderBase, sample_id: str | None, scope: SampleScope | None) -> RunContext:
        inner = RunContext(self, self.session, self.plan)
        inner.recorder, inner.sample_id, inner.scope = recorder, sample_id, scope
        if scope is not None and scope is not self.scope:
            inner.calls = SampleCalls(scope.repeat or 0)
        return inner


_fallback: Session | None = None


def current_session() -> Session:
    """The run's session; outside a run one that serves calls made by hand, with the defaults."""
    global _fallback
    context = current_context.get()
    if isinstance(context, RunContext):
        return context.session
    if _fallback is None:
        _fallback = Session(can_end=False)
    return _fallback


def current_plan() -> RunPlan | None:
    """The runner's plan; None outside a run."""
    context = current_context.get()
    return context.plan if isinstance(context, RunContext) else None


def current_calls() -> SampleCalls | None:
    """The calls of the sample that is being evaluated; None outside one."""
    context = current_context.get()
    return context.calls if isinstance(context, RunContext) else None


@contextmanager
def use_session(session: Session, plan: RunPlan | None = None) -> Iterator[Session]:
    """Make `session` the current one in this context and in all that it starts; the plan stays unless one is given."""
    token = current_context.set(RunContext(current_context.get(), session, plan or current_plan()))
    try:
        yield session
    finally:
        current_context.reset(token)


async def in_thread(work: Callable[[], T]) -> T:
    """Await plain code that waits for something, such as another process, without holding the loop."""
    return await asyncio.get_running_loop().run_in_executor(current_session().sample_threads(), work)
