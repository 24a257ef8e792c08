"""The engine's loop: reached from any thread, alive after whatever a task raises, new in a forked child."""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import contextvars
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from evals.engine.loop import engine_loop, on_engine_loop, run_sync, submit
from evals.testing.waiting import wait_until

CURRENT = contextvars.ContextVar("current", default="nobody")


def test_one_loop_serves_all_threads():
    async def here() -> tuple[asyncio.AbstractEventLoop, bool]:
        return asyncio.get_running_loop(), on_engine_loop()

    seen: list[tuple[asyncio.AbstractEventLoop, bool]] = []
    threads = [threading.Thread(target=lambda: seen.append(run_sync(here()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == [(engine_loop(), True)] * 8
    assert not on_engine_loop()


def test_a_coroutine_runs_in_the_context_of_its_caller():
    async def who() -> str:
        return CURRENT.get()

    context = contextvars.copy_context()
    context.run(CURRENT.set, "me")
    assert context.run(run_sync, who()) == "me"
    assert run_sync(who()) == "nobody"


def test_a_time_out_of_the_coroutine_is_not_taken_for_the_waiting_thread_s():
    """`concurrent.futures.TimeoutError` is the built-in one from Python 3.11 on: a wait for it could go on for ever."""

    async def gives_up() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        run_sync(gives_up())


def test_waiting_on_the_loop_for_the_loop_is_an_error_that_shows_the_right_call():
    async def inner() -> None: ...

    async def outer() -> None:
        run_sync(inner())

    with pytest.raises(RuntimeError, match=r"await complete\(fn, prompt\)"):
        run_sync(outer())


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_the_loop_goes_on_after_a_task_that_would_have_ended_it(error):
    async def ends() -> None:
        raise error

    async def lives() -> str:
        return "still here"

    with contextlib.suppress(BaseException):
        submit(ends()).result(60)
    assert run_sync(lives()) == "still here"


def interrupt_once_it_waits(begun: threading.Event) -> None:
    """Raise KeyboardInterrupt in the main thread, as Ctrl-C does, when it waits for a coroutine that has begun."""

    def waits() -> bool:
        frame = sys._current_frames().get(threading.main_thread().ident or 0)
        while frame is not None and frame.f_code.co_name != "wait_for":
            frame = frame.f_back
        return frame is not None

    begun.wait(120)
    wait_until(waits)
    _thread.interrupt_main()


def test_a_coroutine_is_cancelled_when_the_waiting_thread_is_interrupted():
    begun, ended = threading.Event(), threading.Event()

    async def hangs() -> None:
        begun.set()
        try:
            await asyncio.sleep(600)
        finally:
            ended.set()

    # A shell starts jobs in the background with SIGINT ignored, and Python leaves it so.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=interrupt_once_it_waits, args=(begun,), daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            run_sync(hangs())
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended.wait(60)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_has_a_loop_of_its_own():
    """The parent's loop has no thread in the child: a call there would have waited for ever."""

    async def number() -> int:
        return 7

    run_sync(number())
    child = os.fork()
    if child == 0:
        os._exit(run_sync(number()))
    until = time.monotonic() + 60
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.01)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
        pytest.fail("the child waits for a loop that nobody runs")
    assert os.waitstatus_to_exitcode(status) == 7


def test_importing_the_loop_starts_nothing():
    code = "import threading, evals.engine.loop; print(threading.active_count())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "1"
