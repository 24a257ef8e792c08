"""The event loop of the process, in a thread of its own, and the way to it from synchronous code."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_POLL_S = 0.5
"A waiting thread wakes this often, so that Ctrl-C reaches it on every platform."

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_owner: tuple[int, threading.Thread] | None = None


def engine_loop() -> asyncio.AbstractEventLoop:
    """The event loop. It starts at the first call, and again at the first call in a forked child."""
    global _loop, _owner
    if _loop is not None and _owner is not None and _owner[0] == os.getpid():
        return _loop  # without the lock: a child forked while another thread holds it would wait for ever
    with _lock:
        if _loop is None or _owner is None or _owner[0] != os.getpid():
            _loop = asyncio.new_event_loop()
            # A daemon: a plug-in that hangs on the loop must not keep the process from ending.
            thread = threading.Thread(target=_serve, args=(_loop,), name="evals-engine", daemon=True)
            _owner = (os.getpid(), thread)
            thread.start()
        return _loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop for ever, also after a task raised SystemExit or KeyboardInterrupt, which ends `run_forever`."""
    asyncio.set_event_loop(loop)
    while True:
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            continue
        return


def on_engine_loop() -> bool:
    """Whether the caller runs on the thread of the engine's loop."""
    return _owner is not None and threading.current_thread() is _owner[1]


def submit(coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
    """Start `coroutine` on the engine's loop, in the context of the caller (run, recorder, sample)."""
    return asyncio.run_coroutine_threadsafe(coroutine, engine_loop())


def run_sync(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run `coroutine` on the engine's loop, and wait for its value. An exception here cancels the coroutine.

    Raises:
        RuntimeError: the caller is on the thread of the loop, where waiting would never end.
    """
    if on_engine_loop():
        coroutine.close()
        raise RuntimeError(
            "a synchronous call was made on the engine's event loop and would wait for itself. "
            "In an async function write `await complete(fn, prompt)` instead of `fn(prompt)`. "
            "Start a run on a thread of its own (`asyncio.to_thread`)."
        )
    future = submit(coroutine)
    try:
        return wait_for(future)
    except BaseException:
        future.cancel()
        raise


def wait_for(future: concurrent.futures.Future[T]) -> T:
    """The value of `future`, waiting in short steps so that signals are handled meanwhile."""
    while True:
        try:
            return future.result(timeout=_POLL_S)
        except concurrent.futures.TimeoutError:
            # The same exception says that the step is over, or that the coroutine itself raised a TimeoutError.
            if future.done():
                return future.result()


def callable_anywhere(method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    """`method`, an async method, made callable from synchronous code too.

    On an event loop a call returns an awaitable; elsewhere it blocks and returns the value. The result has the
    attribute `is_async`, by which the engine tells it from a plain method.
    """

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        coroutine = method(self, *args, **kwargs)
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            return run_sync(coroutine)
        return coroutine if running is engine_loop() else asyncio.wrap_future(submit(coroutine))

    call.is_async = True  # type: ignore[attr-defined]
    return call
