"""A candidate does the one job that it is given, within its limits, and what is no job ends it."""

from __future__ import annotations

import os

import pytest
from sandbox_world import candidate

from evals.sandbox.inside.wire import dumps, loads
from evals.sandbox.protocol import FunctionJob, Late, Limits, ProgramJob, SameProcessJob, job_parts, write

LIMITS = Limits(1 << 30, 30)


def first_answer(job, fds=()) -> list:
    with candidate() as channel:
        channel.send(dumps(job_parts(job)), fds)
        return loads(channel.receive())


def test_each_job_is_done_by_what_it_is_for():
    assert first_answer(FunctionJob("def f(): pass", LIMITS, "f", (), 10)) == ["loaded", "function", ""]
    tests = "def check(candidate):\n    assert candidate() == 1\n"
    assert first_answer(SameProcessJob("def f(): return 1", LIMITS, "f", tests)) == ["passed"]
    null = os.open(os.devnull, os.O_RDWR)
    try:
        assert first_answer(ProgramJob("x = 1", LIMITS), (null, null, null)) == ["ended", 0, ""]
    finally:
        os.close(null)


@pytest.mark.parametrize("text", [write(Late()), "{}", '["FunctionJob"]', '["FunctionJob",1,[2]]', "[[]]", "nonsense"])
def test_what_is_no_job_ends_the_process(text):
    with candidate() as channel:
        channel.send(text)
        with pytest.raises(EOFError):
            channel.receive()


def test_a_program_computes_for_its_processor_time_and_no_longer():
    with candidate() as channel:
        channel.send(dumps(job_parts(FunctionJob("while True: pass", Limits(1 << 30, 1), "f", (), 10))))
        with pytest.raises(EOFError):
            channel.receive()


def test_it_may_start_so_many_processes_and_open_so_many_files():
    source = "import resource\ndef f(): return [resource.getrlimit(resource.RLIMIT_NPROC), resource.getrlimit(resource.RLIMIT_AS)]\n"
    with candidate() as channel:
        channel.send(dumps(job_parts(FunctionJob(source, Limits(1 << 29, 5), "f", (), 10))))
        channel.receive()
        channel.send('["call",0,"",[]]\n[[],[]]')
        assert loads(channel.receive())[1] == [{"T": [64, 64]}, {"T": [1 << 29, 1 << 29]}]
