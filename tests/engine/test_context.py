"""The context of a run: which session, plan and sample code belongs to, across threads and tasks."""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

from evals.engine.context import current_calls, current_plan, current_session, in_thread, use_session
from evals.engine.loop import run_sync
from evals.engine.plan import RunPlan
from evals.engine.session import Session
from evals.record import DummyRecorder


def test_outside_a_run_calls_share_one_session_that_no_failure_ends():
    assert current_session() is current_session()
    assert (current_plan(), current_calls()) == (None, None)


def test_a_session_is_current_inside_its_block_alone():
    outside, session, plan = current_session(), Session(), RunPlan()
    with use_session(session, plan):
        assert (current_session(), current_plan()) == (session, plan)
        inner = Session()
        with use_session(inner):
            assert (current_session(), current_plan()) == (inner, plan)
        assert current_session() is session
    assert current_session() is outside


def test_threads_belong_to_the_run_whose_context_they_got():
    with use_session(session := Session()):
        context = contextvars.copy_context()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(context.run, current_session).result(60) is session
        assert pool.submit(current_session).result(60) is not session


def test_each_evaluation_counts_its_own_draws():
    recorder = DummyRecorder(None)
    with use_session(Session()), recorder.sample("a.b.0", 2):
        calls = current_calls()
        assert calls is not None
        assert [calls.next_draw("x"), calls.next_draw("y"), calls.next_draw("x")] == [0, 0, 1]
        assert calls.repeat == 2
        with recorder.as_default_recorder("inner"):
            assert current_calls() is calls
        with recorder.sample("a.b.1"):
            inner = current_calls()
            assert inner is not None
            assert (inner.repeat, inner.next_draw("x")) == (0, 0)


def test_plain_code_is_awaited_on_a_thread_in_no_sample_s_way():
    async def both() -> tuple[str, str]:
        here = threading.current_thread().name
        return here, await in_thread(lambda: threading.current_thread().name)

    with use_session(Session()):
        loop, thread = run_sync(both())
    assert loop == "evals-engine"
    assert thread.startswith("evals-sample")
