"""Retrieval: the nearest passages before the prompt, and the embeddings that find them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals.completion import CompletionResult, Completions
from evals.completion_fns.retrieval import (
    EmbeddingBackend,
    RetrievalCompletionFn,
    find_top_k_closest_embeddings,
    load_embeddings,
)
from evals.engine.calls import complete_sync
from evals.engine.failures import CallFailed, Kind
from evals.errors import DataError, UsageError
from evals.record import RecorderBase
from evals.testing.http_server import HttpReply, HttpRequest, ServerThread


class Listener:
    """Answers in turn and keeps what it was asked: a synchronous plug-in."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[Any] = []

    def __call__(self, prompt: Any, **kwargs: Any) -> CompletionResult:
        self.asked.append((prompt, kwargs))
        return Completions([self.answers[len(self.asked) - 1]])


class Embeddings:
    """The `/embeddings` endpoint: the vector of a text says how often it has an `a` and a `b`."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []

    def answer(self, request: HttpRequest) -> HttpReply:
        body = json.loads(request.body)
        self.bodies.append(body)
        if request.path != "/v1/embeddings":
            return HttpReply(b"{}", 404)
        vector = [body["input"].count("a"), body["input"].count("b")]
        return HttpReply(json.dumps({"data": [{"embedding": vector}]}).encode())

    def finished(self) -> None:
        """Nothing is counted."""


@pytest.fixture
def passages(tmp_path: Path) -> Path:
    path = tmp_path / "passages.csv"
    path.write_text('text,embedding\nof a,"[1, 0]"\nof both,"[1, 1]"\nof b,"[0, 2]"\n', encoding="utf-8")
    return path


def test_retrieval_puts_the_nearest_passages_before_the_prompt(monkeypatch: pytest.MonkeyPatch, passages: Path):
    app = Embeddings()
    server = ServerThread(app)
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.start()}/v1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    fn = Listener(" yes ")
    recorder = RecorderBase(None)
    try:
        with recorder.as_default_recorder("x"):
            retrieval = RetrievalCompletionFn(fn, passages, "Use: ", k=2, embedding_model="e-1")
            assert retrieval([{"role": "user", "content": "bbb a"}]).get_completions() == ["yes"]
    finally:
        server.stop()
    chat = [{"role": "system", "content": "Use: of b of both"}, {"role": "user", "content": "bbb a"}]
    assert fn.asked == [(chat, {})]
    assert app.bodies == [{"model": "e-1", "input": "bbb a"}]
    assert [event.data["embedding_type"] for event in recorder.get_events("embedding")] == ["e-1"]


def test_a_server_without_embeddings_is_a_classified_failure(monkeypatch: pytest.MonkeyPatch, passages: Path):
    server = ServerThread(Embeddings())
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.start()}/v2")
    try:
        with pytest.raises(CallFailed) as caught:
            complete_sync(RetrievalCompletionFn(Listener("a"), passages), "a")
    finally:
        server.stop()
    assert caught.value.kind is Kind.UNKNOWN_MODEL


def test_the_nearest_have_the_largest_cosine():
    rng = np.random.default_rng(1)
    rows, wanted = rng.normal(size=(50, 8)), rng.normal(size=8)
    cosines = [float(np.dot(row, wanted)) / float(np.linalg.norm(row) * np.linalg.norm(wanted)) for row in rows]
    expected = sorted(range(50), key=lambda index: -cosines[index])[:5]
    assert find_top_k_closest_embeddings(wanted, rows, 5) == expected


def test_a_broken_table_of_embeddings_is_named_with_its_row(tmp_path: Path):
    path = tmp_path / "passages.csv"
    path.write_text('text,embedding\na,"[1]"\nb,oops\n', encoding="utf-8")
    with pytest.raises(DataError, match="row has no text with an embedding") as caught:
        load_embeddings(path)
    assert "row 2" in str(caught.value)


def test_a_missing_key_is_found_before_the_first_call(monkeypatch: pytest.MonkeyPatch, passages: Path):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
        RetrievalCompletionFn(Listener("a"), passages).preflight()


@pytest.mark.parametrize("body", [b"{}", b'{"data": []}', b"no JSON"])
def test_a_reply_without_an_embedding_is_a_broken_one(monkeypatch: pytest.MonkeyPatch, body: bytes):
    class Strange(Embeddings):
        def answer(self, request: HttpRequest) -> HttpReply:
            return HttpReply(body)

    server = ServerThread(Strange())
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.start()}/v1")

    async def once() -> None:
        fn = EmbeddingBackend("e-1")
        try:
            await fn.complete("a")
        finally:
            await fn.aclose()

    try:
        with pytest.raises(CallFailed, match="the reply has no embedding") as caught:
            asyncio.run(once())
    finally:
        server.stop()
    assert caught.value.kind is Kind.BAD_REPLY
