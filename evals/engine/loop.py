"""The process's one event loop, in a thread of its own, and the bridge to it from ordinary code."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_POLL_S = 0.5
"How often a waiting thread looks up, so that Ctrl-C reaches it on every platform."

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_owner: tuple[int, threading.Thread] | None = None


def engine_loop() -> asyncio.AbstractEventLoop:
    """The loop; started at first use, and again in a forked child."""
    global _loop, _owner
    if _loop is not None and _owner is not None and _owner[0] == os.getpid():
        return _loop  # without the lock, which a child forked meanwhile would inherit as held
    with _lock:
        if _loop is None or _owner is None or _owner[0] != os.getpid():
            _loop = asyncio.new_event_loop()
            thread = threading.Thread(target=_serve, args=(_loop,), name="evals-engine", daemon=True)
            _owner = (os.getpid(), thread)
            thread.start()
        return _loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop for good: a task of a plug-in that raises SystemExit would end it, and with it every run."""
    asyncio.set_event_loop(loop)
    while True:
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            continue
        return


def on_engine_loop() -> bool:
    """Whether the caller runs on the engine's own thread."""
    return _owner is not None and threading.current_thread() is _owner[1]


def submit(coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
    """Start `coroutine` on the loop, in the caller's context (recorder, sample id)."""
    return asyncio.run_coroutine_threadsafe(coroutine, engine_loop())


def run_sync(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run `coroutine` on the loop and wait for its value.

    Raises:
        RuntimeError: called on the loop's own thread, where waiting would never end.
    """
    if on_engine_loop():
        coroutine.close()
        raise RuntimeError(
            "a synchronous call was made on the engine's event loop and would wait for itself: "
            "in an async function write `await complete(fn, prompt)` instead of `fn(prompt)`, and let a run be "
            "started by a thread of its own (`asyncio.to_thread`)"
        )
    future = submit(coroutine)
    try:
        return wait_for(future)
    except BaseException:
        future.cancel()
        raise


def wait_for(future: concurrent.futures.Future[T]) -> T:
    """The future's value, waiting in short steps so that signals are handled meanwhile."""
    while True:
        try:
            return future.result(timeout=_POLL_S)
        except concurrent.futures.TimeoutError:
            if future.done():
                return future.result()
