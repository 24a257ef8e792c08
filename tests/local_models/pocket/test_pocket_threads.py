"""Threads: numpy's products are kept to one while a model computes, and parts of a batch are shared out."""

from __future__ import annotations

import threading

import pytest
from random_models import random_model

from evals.local_models.language_model import Sampling
from evals.local_models.pocket.threads import WORTH_THREADS, _library, computing, in_parallel
from evals.local_models.pocket.weights import Config

LARGE = Config(n_vocab=300, n_ctx=64, n_layer=4, n_head=2, d_model=64, d_ff=256)


def test_numpy_has_one_thread_while_anybody_computes_and_then_what_it_had():
    library = _library()
    if library is None:
        pytest.skip("numpy uses another library than its own OpenBLAS")
    before = library.get()
    with computing() as n_threads:
        assert library.get() == 1
        with computing() as inner:
            assert (library.get(), inner) == (1, n_threads)
        assert library.get() == 1
    assert library.get() == before
    assert 1 <= n_threads <= before


def test_what_was_set_comes_back_after_an_error():
    library = _library()
    before = library.get() if library else 0
    with pytest.raises(KeyError), computing():
        raise KeyError
    assert (library.get() if library else 0) == before


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
