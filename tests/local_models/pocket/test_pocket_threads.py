"""Threads: numpy's products are kept to one while a model computes, and parts of a batch are shared out."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from random_models import random_model
from threadpoolctl import ThreadpoolController, threadpool_limits

from evals.local_models.language_model import Sampling
from evals.local_models.pocket.threads import WORTH_THREADS, blas_libraries, computing, in_parallel
from evals.local_models.pocket.weights import Config

LARGE = Config(n_vocab=300, n_ctx=64, n_layer=4, n_head=2, d_model=64, d_ff=256)


def n_threads_of_numpy() -> list[int]:
    """By a controller of its own, which looks at the process anew."""
    found = ThreadpoolController().select(user_api="blas").lib_controllers
    own = {library.filepath for library in blas_libraries()}
    return [library.num_threads for library in found if library.filepath in own]


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Numpy's products on two threads, whatever this machine has."""
    if not blas_libraries():
        pytest.skip("numpy uses a library that threadpoolctl does not know")
    with threadpool_limits(2, user_api="blas"):
        yield


def test_the_library_is_the_one_in_numpy_s_package_where_it_brings_one():
    packages = [Path(np.__file__).parent, Path(np.__file__).parent.parent / "numpy.libs"]
    brought = {str(path) for folder in packages for path in folder.rglob("*openblas*") if ".so" in path.name}
    assert not brought or {library.filepath for library in blas_libraries()} <= brought


def test_numpy_has_one_thread_while_anybody_computes_and_then_what_it_had(two_threads):
    with computing() as n_threads:
        assert set(n_threads_of_numpy()) == {1}
        with computing() as inner:
            assert (set(n_threads_of_numpy()), inner) == ({1}, n_threads)
        assert set(n_threads_of_numpy()) == {1}
    assert set(n_threads_of_numpy()) == {2}
    assert n_threads == 2


def test_what_was_set_comes_back_after_an_error(two_threads):
    with pytest.raises(KeyError), computing():
        raise KeyError
    assert set(n_threads_of_numpy()) == {2}


def test_a_start_up_and_a_look_at_a_record_do_not_load_threadpoolctl():
    code = (
        "import sys\n"
        "import evals.local_models.pocket.completion_fn, evals.local_models.pocket.threads, evals.record.reader\n"
        "assert 'threadpoolctl' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_results_come_in_the_order_of_their_parts():
    assert list(in_parallel(lambda k: k * k, range(7), 3)) == [0, 1, 4, 9, 16, 25, 36]
    assert list(in_parallel(lambda k: k, [], 3)) == []


def test_parts_of_a_turn_run_at_the_same_time():
    met = threading.Barrier(2, timeout=60)
    assert sorted(in_parallel(lambda _: met.wait(), range(2), 2)) == [0, 1]


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_in_a_part_is_raised_after_the_others_of_its_turn_are_done(failing):
    done = []

    def work(k):
        if k == failing:
            raise ValueError(f"part {k}")
        done.append(k)

    with pytest.raises(ValueError, match=f"part {failing}"):
        list(in_parallel(work, range(2), 2))
    assert done == [1 - failing]


def test_a_model_worth_threads_gives_what_it_gives_alone():
    assert LARGE.n_parameters >= WORTH_THREADS
    model = random_model(LARGE)
    requests = [([k, 2 * k, 3], Sampling(max_tokens=12, seed=k, temperature=k % 2)) for k in range(1, 40)]
    heard = []
    together = model.generate(requests, lambda k, draw, token: heard.append((k, token.id)))
    for k, (request, (generated,)) in enumerate(zip(requests, together, strict=True)):
        ((alone,),) = model.generate([request])
        assert [token.id for token in alone.tokens] == [token.id for token in generated.tokens]
        assert [token for request_k, token in heard if request_k == k][: len(alone.tokens)] == [
            t.id for t in alone.tokens
        ]
    texts = [[k % 300 for k in range(start, start + 60)] for start in range(40)]
    for text, scored in zip(texts, model.score(texts), strict=True):
        (alone_scored,) = model.score([text])
        assert [t.logprob for t in scored] == pytest.approx([t.logprob for t in alone_scored], rel=0, abs=1e-11)
