"""The registry's patterns for reasoning models lead to requests that such models take."""

from __future__ import annotations

import asyncio

import pytest

from evals.registry import Registry
from evals.testing.openai_server import LoopbackServer


@pytest.mark.parametrize("model", ["o1", "o1-mini-2024-09-12", "o3-2025-04-16", "o4-mini"])
def test_a_reasoning_model_is_asked_once_and_in_its_own_words(model: str):
    async def once() -> list[str]:
        result = await fn.complete("One? Two.", max_tokens=5, temperature=0, stop=["."])
        await fn.aclose()
        return result.texts

    with LoopbackServer("one. two", reasoning_models=["o*"]) as server:
        fn = Registry().make_completion_fn(model, api_base=server.base_url)
        assert asyncio.run(once()) == ["one"]
        assert server.n_requests == 1
        assert server.bodies[0]["max_completion_tokens"] == 25_005


def test_gpt_5_keeps_its_temperature():
    async def once() -> None:
        await fn.complete("hi", max_tokens=5, temperature=0.5)
        await fn.aclose()

    with LoopbackServer() as server:
        fn = Registry().make_completion_fn("gpt-5.1", api_base=server.base_url)
        asyncio.run(once())
        assert {"max_completion_tokens", "temperature"} < set(server.bodies[0])
