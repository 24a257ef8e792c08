"""Servers that cut a long prompt without a word, told by their count of its tokens."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from evals.completion_fns.openai.cut_prompts import looks_cut
from evals.completion_fns.openai.models import OpenAIChatCompletionFn
from evals.testing.http_server import HttpReply, HttpRequest, ServerThread

ENGLISH = "The quick brown fox jumps over the lazy dog. " * 1000  # 45,000 bytes, some 10,000 tokens


@pytest.mark.parametrize(
    ("prompt", "n_tokens", "is_cut"),
    [
        (ENGLISH, 2051, True),
        (ENGLISH, 10_000, False),
        ([{"role": "user", "content": ENGLISH}], 2051, True),
        ([{"role": "user", "content": [{"type": "text", "text": ENGLISH}]}], 2051, True),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": ENGLISH}}]}], 2051, False),
        ("\u4e2d\u6587" * 10_000, 2051, True),
        ("\u4e2d\u6587" * 10_000, 15_000, False),
        ([{"role": "assistant", "content": None}], 2051, False),
        ([1, 2, 3], 2051, False),
        (["a", "b"], 2051, False),
    ],
)
def test_a_count_that_no_vocabulary_reaches_shows_a_cut_prompt(prompt: Any, n_tokens: int, is_cut: bool):
    assert looks_cut(prompt, n_tokens) is is_cut


class _Ollama:
    def answer(self, request: HttpRequest) -> HttpReply:
        message = {"role": "assistant", "content": "What would you like to know?"}
        usage = {"prompt_tokens": 2051, "completion_tokens": 7, "total_tokens": 2058}
        return HttpReply(
            json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}).encode()
        )

    def finished(self) -> None: ...


def test_a_run_is_told_once(caplog: pytest.LogCaptureFixture):
    async def calls(fn: Any) -> None:
        for _ in range(3):
            await fn.complete(ENGLISH)
        await fn.aclose()

    server = ServerThread(_Ollama())
    port = server.start()
    try:
        with caplog.at_level(logging.WARNING):
            asyncio.run(calls(OpenAIChatCompletionFn("m", f"http://127.0.0.1:{port}/v1")))
    finally:
        server.stop()
    (said,) = [record.getMessage() for record in caplog.records]
    assert "2,051 tokens for a prompt of 45,000 bytes" in said
    assert "OLLAMA_CONTEXT_LENGTH" in said
