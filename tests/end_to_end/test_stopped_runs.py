"""Runs that are stopped while they wait, or while a plug-in hangs, end at once; children and pipes end none."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import lines_of, report_of, signal_twice, wait_for_run

from evals.testing.openai_server import LoopbackServer

PLUGINS = """
import multiprocessing
import time
from evals.eval import Eval

class Base(Eval):
    def run(self, recorder):
        return {"n": len(self.eval_all_samples(recorder, self.get_samples()))}

class Hung(Base):
    def eval_sample(self, sample, rng):
        open("begun", "w").close()
        while True:
            try:
                time.sleep(600)
            except BaseException:
                pass

class Forking(Base):
    def eval_sample(self, sample, rng):
        context = multiprocessing.get_context("fork")
        reader, writer = context.Pipe(duplex=False)
        fn, prompt = self.completion_fn, sample["input"]
        child = context.Process(target=lambda: writer.send(fn(prompt=prompt).get_completions()[0]))
        child.start()
        writer.close()
        # Not join and is_alive: start() in another thread may reap this child between them, which then looks alive.
        if not reader.poll(120):
            child.kill()
            raise RuntimeError("the child hangs")
        return reader.recv()
"""


@pytest.fixture
def plugins(workplace, sums) -> Callable[[str], None]:
    def bind(name: str) -> None:
        (workplace.folder / "stopping_plugins.py").write_text(PLUGINS)
        workplace.environment["PYTHONPATH"] = f"{workplace.folder}:{workplace.environment.get('PYTHONPATH', '')}"
        workplace.add_eval("sums", sums(8), f"stopping_plugins:{name}")

    return bind


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_one_signal_ends_a_run_that_waits_for_a_rate_limit(workplace, sums, number, code):
    workplace.add_eval("sums", sums(8))
    with LoopbackServer(error_rate=1.0, faults=["429"], retry_after_s=300) as server:
        process = workplace.start("m", "sums", base_url=server.base_url)
        wait_for_run(process, lambda: server.n_requests >= 8)
        process.send_signal(number)
        _, err = process.communicate(timeout=300)
    assert process.returncode == code, err
    assert not [line for line in lines_of(workplace.record()) if line.get("failed")], "given up is not failed"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_second_signal_ends_the_process_though_a_plug_in_hangs(workplace, plugins):
    plugins("Hung")
    process = workplace.start("dummy", "sums")
    wait_for_run(process, (workplace.folder / "begun").exists)
    signal_twice(process, signal.SIGINT)
    process.communicate(timeout=300)
    assert process.returncode == 130


@pytest.mark.skipif(not hasattr(signal, "SIGALRM") or sys.platform == "darwin", reason="fork")
def test_children_that_plug_ins_fork_can_call_models(workplace, plugins):
    plugins("Forking")
    with LoopbackServer("42") as server:
        done = workplace.oaieval("m", "sums", "--concurrency", "4", base_url=server.base_url)
        assert server.n_requests == 8
    assert done.returncode == 0, done.stderr
    assert report_of(workplace.record())["n"] == 8


@pytest.mark.skipif(sys.platform == "win32", reason="pipes")
def test_a_reader_who_goes_away_ends_no_run(workplace, sums):
    workplace.add_eval("sums", sums(30))
    with LoopbackServer("42", latency_s=0.4) as server:
        process = workplace.start("m", "sums", "--concurrency", "5", base_url=server.base_url)
        assert process.stderr is not None
        process.stderr.readline()
        process.stderr.close()
        assert process.stdout is not None
        process.stdout.read()
        process.wait(timeout=300)
        process.stdout.close()
    assert report_of(workplace.record())["n"] == 30


def test_a_cache_that_is_no_cache_is_an_error_before_the_first_call(workplace, sums, tmp_path: Path):
    workplace.add_eval("sums", sums(3))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "completions.sqlite").write_bytes(b"no database" * 1000)
    with LoopbackServer("42") as server:
        done = workplace.oaieval(
            "m", "sums", "--cache", base_url=server.base_url, EVALS_CACHE_DIR=str(tmp_path / "cache")
        )
        assert server.n_requests == 0
    assert done.returncode == 2
    assert "the cache cannot be opened" in done.stderr
    assert not list(tmp_path.glob("evallogs/*.jsonl")), "no record is begun"
