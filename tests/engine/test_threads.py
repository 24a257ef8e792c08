"""Threads and exceptions that would end more than the sample they belong to."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from evals.completion import Completions
from evals.engine.threads import DaemonThreads, Escaped, contained
from evals.eval import Eval
from evals.record import LocalRecorder, RecorderBase
from evals.record.reader import read_record
from evals.specs import RunSpec

DANGEROUS = [
    SystemExit(1),
    KeyboardInterrupt(),
    StopIteration(),
    GeneratorExit(),
    asyncio.CancelledError(),
    concurrent.futures.CancelledError(),
    BaseException("of a plug-in"),
    RecursionError("maximum recursion depth exceeded"),
]


class Fn:
    """Answers at once; for the prompts of every fifth sample it raises."""

    is_local = True

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def answer(self, prompt: str) -> Completions:
        if int(prompt) % 5 == 0:
            raise self.error
        return Completions(["yes"])


class Plain(Fn):
    def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
        return self.answer(prompt)


class Coroutine(Plain):
    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        return self.answer(prompt)


class Batched(Coroutine):
    batch_size = 1

    def complete_batch(self, requests: list[tuple[Any, Any]]) -> list[Completions]:
        return [self.answer(prompt) for prompt, _ in requests]


class Counting(Eval):
    def run(self, recorder: RecorderBase) -> dict[str, Any]:
        return {"n": len(self.eval_all_samples(recorder, self.get_samples()))}


class Waiting(Counting):
    async def eval_sample(self, sample: Any, rng: Any) -> int:
        await self.complete(sample["input"])
        return 1


class Gathering(Counting):
    async def eval_sample(self, sample: Any, rng: Any) -> int:
        await asyncio.gather(self.complete(sample["input"]), asyncio.sleep(0))
        return 1


class Blocking(Counting):
    def eval_sample(self, sample: Any, rng: Any) -> int:
        self.completion_fn(prompt=sample["input"])
        return 1


def rows(folder: Path, n: int) -> str:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps({"input": str(i)}) + "\n" for i in range(n)))
    return str(path)


@pytest.mark.parametrize("error", DANGEROUS, ids=lambda error: type(error).__module__ + "." + type(error).__name__)
@pytest.mark.parametrize("cls", [Waiting, Gathering, Blocking])
@pytest.mark.parametrize("fn", [Plain, Coroutine, Batched])
def test_whatever_is_raised_fails_its_own_sample_and_no_other(
    error: BaseException, cls: type[Counting], fn: type[Fn], tmp_path: Path
) -> None:
    """SystemExit ended the event loop, StopIteration left futures waiting for ever, cancellations lost samples."""
    recorder = LocalRecorder(tmp_path / "r.jsonl", RunSpec(["fn"], "e.dev.v0", "e", "dev", {}, ""))
    evaluation = cls([fn(error)], samples_jsonl=rows(tmp_path, 20), eval_registry_path=tmp_path)
    assert evaluation.run(recorder) == {"n": 16}
    recorder.close()
    failed = [sample for sample in read_record(tmp_path / "r.jsonl").samples() if sample.error is not None]
    assert {int(sample.sample_id.rsplit(".", 1)[1]) for sample in failed} == {0, 5, 10, 15}
    for sample in failed:
        assert sample.error is not None
        assert type(error).__name__ in f"{sample.error['type']} {sample.error['message']}"


def test_what_is_harmless_stays_what_it_is() -> None:
    harmless = ValueError("x")
    assert contained(harmless) is harmless
    escaped = contained(SystemExit(3))
    assert isinstance(escaped, Escaped)
    assert isinstance(escaped.__cause__, SystemExit)


def test_no_more_threads_than_jobs_at_a_time_and_none_beyond_the_size() -> None:
    pool, gate = DaemonThreads(3, "test-pool"), threading.Event()
    held = [pool.submit(gate.wait, 120) for _ in range(5)]
    names = {thread.name for thread in threading.enumerate() if thread.name.startswith("test-pool")}
    assert len(names) == 3
    gate.set()
    assert all(future.result(120) for future in held)
    assert pool.submit(threading.current_thread).result(120).name in names
    pool.shutdown()


def test_jobs_that_wait_are_cancelled_when_the_threads_are_given_back() -> None:
    pool, gate, begun = DaemonThreads(1, "test-pool"), threading.Event(), threading.Event()
    running = pool.submit(lambda: begun.set() or gate.wait(120))
    waiting = pool.submit(gate.wait, 120)
    assert begun.wait(120)
    pool.shutdown()
    gate.set()
    assert running.result(120)
    assert waiting.cancelled()
    with pytest.raises(RuntimeError):
        pool.submit(gate.wait)


def test_the_process_ends_though_a_thread_hangs() -> None:
    code = (
        "import threading, time\n"
        "from evals.engine.threads import DaemonThreads\n"
        "begun = threading.Event()\n"
        "DaemonThreads(1, 'x').submit(lambda: begun.set() or time.sleep(600))\n"
        "begun.wait(120)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300, env=dict(os.environ))
