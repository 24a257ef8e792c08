"""Requests to one model that arrive together are computed together, each as if it were alone."""

from __future__ import annotations

import asyncio
import threading

import pytest
from stand_in import StandIn

from evals.local_models.language_model import ContextExceeded, Sampling
from evals.serving.served_model import ServedModel

MODEL = StandIn()
SAMPLING = Sampling(max_tokens=8, temperature=1.0, seed=3, n=2)
PROMPTS = [MODEL.encode(f"prompt {k}") for k in range(40)]


def served(batch_size: int = 16) -> ServedModel:
    return ServedModel("stand-in", MODEL, batch_size)


def test_requests_that_wait_are_put_into_batches_no_larger_than_allowed():
    model = served()

    async def all_at_once() -> list[list[str]]:
        draws = await asyncio.gather(*(model.generate(prompt, SAMPLING) for prompt in PROMPTS))
        return [[generated.text for generated in each] for each in draws]

    found = asyncio.run(all_at_once())
    model.close()
    alone = [[generated.text for generated in MODEL.generate([(prompt, SAMPLING)])[0]] for prompt in PROMPTS]
    assert found == alone
    assert (model.work.largest_batch, model.work.n_batches) == (16, 3)


def test_each_request_hears_its_own_tokens_on_the_thread_of_the_model():
    model = served()
    heard: dict[int, list[tuple[int, int]]] = {0: [], 1: []}
    threads = set()

    def listener(place: int):
        def on_token(draw: int, token) -> None:
            threads.add(threading.current_thread())
            heard[place].append((draw, token.id))

        return on_token

    async def both() -> list:
        work = (model.generate(PROMPTS[place], SAMPLING, listener(place)) for place in (0, 1))
        return await asyncio.gather(*work, model.generate(PROMPTS[2], SAMPLING))

    draws = asyncio.run(both())
    model.close()
    for place in (0, 1):
        for draw, generated in enumerate(draws[place]):
            ids = [token for which, token in heard[place] if which == draw]
            assert ids[: len(generated.tokens)] == [token.id for token in generated.tokens]
    assert threading.main_thread() not in threads
    assert len(threads) == 1


def test_scores_have_as_many_alternatives_as_the_request_that_wants_most():
    model = served()

    async def both() -> list:
        return await asyncio.gather(model.score(PROMPTS[0], 1), model.score(PROMPTS[1], 4))

    first, second = asyncio.run(both())
    model.close()
    assert [token.logprob for token in first] == [token.logprob for token in MODEL.score([PROMPTS[0]])[0]]
    assert {len(token.top) for token in second} == {4}


def test_what_does_not_fit_is_refused_before_it_joins_a_batch():
    model = served()
    with pytest.raises(ContextExceeded):
        asyncio.run(model.generate(PROMPTS[0], Sampling(max_tokens=MODEL.n_ctx)))
    with pytest.raises(ContextExceeded):
        asyncio.run(model.score([1] * (MODEL.n_ctx + 1), 0))
    model.close()
    assert model.work.n_batches == 0
