"""Calls that wait at the same time are computed together, and one bad request fails alone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from flaky_calls import QUICK

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.engine.batching import Batcher
from evals.engine.calls import complete
from evals.engine.context import use_session
from evals.engine.failures import CallFailed
from evals.engine.loop import on_engine_loop, run_sync
from evals.engine.session import Session
from evals.engine.traits import traits_of


def test_batches_are_formed_from_calls_that_wait_together():
    class Batched(Backend):
        batch_size = 8
        is_local = True

        def __init__(self) -> None:
            self.sizes: list[int] = []

        async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
            raise AssertionError("complete_batch is there")

        def complete_batch(self, requests: Sequence[tuple[Any, dict[str, Any]]]) -> list[Any]:
            assert threading.current_thread().name.startswith("evals-batch")
            self.sizes.append(len(requests))
            time.sleep(0.002)
            return [ValueError("odd") if prompt == "13" else Completions([prompt * 2]) for prompt, _ in requests]

    fn, session = Batched(), Session(QUICK)

    async def many() -> list[Any]:
        return await asyncio.gather(*(complete(fn, str(i)) for i in range(40)), return_exceptions=True)

    with use_session(session):
        results = run_sync(many())
    assert [r.get_completions()[0] for i, r in enumerate(results) if i != 13] == [
        str(i) * 2 for i in range(40) if i != 13
    ]
    assert isinstance(results[13], CallFailed), "one bad request does not spoil its neighbours"
    assert max(fn.sizes) == 8
    assert len(fn.sizes) < 20


class Doubling:
    """Doubles numbers in batches; keeps the size of each, and waits for `gate` before the first."""

    def __init__(self, size: int | None, gate: threading.Event | None = None) -> None:
        self.batch_size = size
        self.gate = gate
        self.batches: list[list[int]] = []
        self.begun = threading.Event()

    def double(self, requests: list[int]) -> list[Any]:
        self.begun.set()
        if self.gate is not None:
            self.gate.wait(60)
        self.batches.append(list(requests))
        return [number * 2 for number in requests]

    async def triple(self, requests: list[int]) -> list[int]:
        assert on_engine_loop()
        return [number * 3 for number in requests]

    def short(self, requests: list[int]) -> list[int]:
        return [0]

    def broken(self, requests: list[int]) -> list[int]:
        raise SystemExit("out of memory")


async def all_of(batcher: Batcher, method: str, numbers: Sequence[int]) -> list[Any]:
    return await asyncio.gather(*(batcher.call(method, number) for number in numbers), return_exceptions=True)


@pytest.mark.parametrize("size", [None, 0, 1, 3, 100])
def test_each_call_gets_its_own_result_whatever_the_size(size):
    batcher = Batcher(fn := Doubling(size), traits_of(fn).batch_size or 1)
    assert run_sync(all_of(batcher, "double", range(20))) == [number * 2 for number in range(20)]
    assert max(map(len, fn.batches)) <= max(1, size or 1)
    batcher.close()


def test_two_kinds_of_work_are_never_in_one_batch():
    batcher = Batcher(Doubling(100), 100)

    async def both() -> list[Any]:
        calls = (batcher.call("triple" if number % 2 else "double", number) for number in range(10))
        return await asyncio.gather(*calls)

    assert run_sync(both()) == [number * (3 if number % 2 else 2) for number in range(10)]
    batcher.close()


def test_a_call_that_was_given_up_while_it_waited_is_not_computed():
    gate = threading.Event()
    batcher = Batcher(fn := Doubling(1, gate), 1)

    async def one_too_many() -> list[Any]:
        calls = [asyncio.ensure_future(batcher.call("double", number)) for number in range(3)]
        await asyncio.to_thread(fn.begun.wait, 60)
        calls[1].cancel()
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    first, given_up, last = run_sync(one_too_many())
    assert (first, last) == (0, 4)
    assert isinstance(given_up, asyncio.CancelledError)
    assert fn.batches == [[0], [2]]
    batcher.close()


@pytest.mark.parametrize(("method", "said"), [("short", "gave 1 results for 2 requests"), ("broken", "out of memory")])
def test_a_batch_that_fails_fails_its_own_requests_and_the_next_one_runs(method, said):
    batcher = Batcher(Doubling(2), 2)
    failures = run_sync(all_of(batcher, method, [1, 2]))
    assert [str(failure) for failure in failures if said in str(failure)] == [str(failures[0])] * 2
    assert run_sync(all_of(batcher, "double", [4])) == [8]
    batcher.close()
