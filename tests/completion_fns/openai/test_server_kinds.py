"""Requests to servers that differ from the API in the ways of real ones, and what is made of their replies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from evals.completion import ContinuationScore
from evals.completion_fns.openai.model_rules import fewer_completions
from evals.completion_fns.openai.models import OpenAIChatCompletionFn, OpenAICompletionFn, OpenAIResponsesCompletionFn
from evals.engine.failures import CallFailed, Kind
from evals.testing.http_server import HttpReply, HttpRequest, ServerThread
from evals.testing.server_kinds import BEGIN, KINDS, KindServer, ServerKind, logprob_of, tokens_of

TEXTS = [" sat on a mat.", " lay", " é\n"]


def by_hand(prompt: str, continuation: str, first: str = BEGIN) -> float:
    """The score from the model itself: the sum over the tokens of the continuation."""
    before = tokens_of(prompt)[-1] if prompt else first
    return sum(logprob_of(token, last) for last, token in pairwise([before, *tokens_of(continuation)]))


def done(fn: Any, work: Callable[[Any], Awaitable[Any]]) -> Any:
    async def once() -> Any:
        try:
            return await work(fn)
        finally:
            await fn.aclose()

    return asyncio.run(once())


def scored(server: KindServer, prompt: str, continuations: list[str]) -> list[ContinuationScore]:
    async def until_answered(fn: Any) -> Any:
        for _ in range(3):
            try:
                return await fn.score(prompt, continuations)
            except CallFailed as failure:
                if failure.kind is not Kind.SERVER:
                    raise
                last = failure
        raise last

    return done(OpenAICompletionFn("m", server.base_url), until_answered)


@pytest.mark.parametrize("kind", ["openai", "vllm", "llama-cpp-python"])
def test_scores_are_those_of_the_model_on_every_server_that_echoes_right(kind: str):
    with KindServer(kind) as server:
        found = scored(server, "the cat", TEXTS)
        assert all(body["max_tokens"] > 0 for body in server.bodies)
    assert [score.logprob for score in found] == pytest.approx([by_hand("the cat", text) for text in TEXTS])
    assert [score.n_tokens for score in found] == [len(tokens_of(text)) for text in TEXTS]


@pytest.mark.parametrize("kind", ["vllm", "llama-cpp-python"])
def test_the_first_token_of_a_text_counts_where_the_model_has_a_begin_token(kind: str):
    with KindServer(kind) as server:
        (found,) = scored(server, "", ["the cat"])
    assert found == ContinuationScore(pytest.approx(by_hand("", "the cat")), 2, False)


def test_an_echo_that_is_shifted_by_one_is_refused_with_both_numbers():
    with KindServer("llama-cpp-python, no begin token") as server:
        with pytest.raises(
            CallFailed, match=r"not its model's: after '.*' it generates '.*' with -.* nats and echoes it"
        ) as caught:
            scored(server, "the cat", TEXTS)
        n_asked = len(server.bodies)
        assert n_asked <= 6
    assert caught.value.kind is Kind.OTHER


@pytest.mark.parametrize("kind", ["llama-server", "transformers"])
def test_a_server_that_ignores_echo_is_told_by_its_tokens(kind: str):
    with KindServer(kind) as server, pytest.raises(CallFailed, match="does not score prompts"):
        scored(server, "the cat", TEXTS)


def test_the_test_is_made_once_and_its_verdict_is_kept():
    async def thrice(fn: Any) -> list[str]:
        said = []
        for _ in range(3):
            try:
                await fn.score("the cat", TEXTS)
            except CallFailed as failure:
                said.append(failure.message)
        return said

    with KindServer("llama-cpp-python, no begin token") as server:
        said = done(OpenAICompletionFn("m", server.base_url), thrice)
        n_asked = len(server.bodies)
    assert len(set(said)) == 1
    assert len(said) == 3
    assert n_asked <= 6


def test_several_prompts_are_sent_one_by_one_where_the_server_refuses_lists():
    kind = ServerKind(list_error=(422, "prompt: Input should be a valid string"))
    with KindServer(kind) as server:
        found = scored(server, "the cat", TEXTS)
        sent = [body["prompt"] for body in server.bodies]
    assert [score.logprob for score in found] == pytest.approx([by_hand("the cat", text) for text in TEXTS])
    assert sum(isinstance(prompt, list) for prompt in sent) == 1


def test_one_server_error_to_several_prompts_is_tried_again_and_the_second_one_splits_them():
    async def twice(fn: Any) -> tuple[Kind, Any]:
        with pytest.raises(CallFailed) as caught:
            await fn.score("the cat", TEXTS)
        return caught.value.kind, await fn.score("the cat", TEXTS)

    with KindServer("llama-cpp-python") as server:
        kind, found = done(OpenAICompletionFn("m", server.base_url), twice)
        lists = [body["prompt"] for body in server.bodies if isinstance(body["prompt"], list)]
    assert kind is Kind.SERVER
    assert [score.n_tokens for score in found] == [len(tokens_of(text)) for text in TEXTS]
    assert len(lists) == 2


def test_a_text_that_fills_the_context_is_scored_without_a_token_more():
    text = "a" + " b" * (KINDS["vllm"].context - 2)
    with KindServer("vllm") as server:
        (found,) = scored(server, "", [text])
    assert found.n_tokens == len(tokens_of(text))


@pytest.mark.parametrize(("n", "sizes"), [(5, [5, 2, 2, 1]), (4, [4]), (9, [9, 4, 4, 1])])
def test_n_above_the_slots_of_a_server_is_asked_for_in_smaller_parts(n: int, sizes: list[int]):
    with KindServer("llama-server") as server:
        fn = OpenAICompletionFn("m", server.base_url)
        result = done(fn, lambda fn: fn.complete("the", n=n, temperature=0.8))
        asked = [body["n"] for body in server.bodies]
    assert len(result.texts) == n
    assert asked[0] == sizes[0]
    assert sorted(asked[1:], reverse=True) == sizes[1:]


@pytest.mark.parametrize(
    ("message", "n", "fewer"),
    [
        ("Invalid 'n': integer above maximum value. Expected a value <= 8, but got 10 instead.", 10, 8),
        ("n_cmpl cannot be greater than the number of slots, please increase -np", 5, 2),
        ("'n' : number must be at most 1", 3, 1),
        ("Only one completion choice is allowed", 3, 1),
        ("n must be 1", 2, 1),
        ("n must be between 1 and 4", 6, 4),
        ("`n` > 1 is not supported by this model", 2, 1),
        ("temperature must be at most 1", 5, None),
        ("Invalid 'n': integer above maximum value. Expected a value <= 8, but got 10 instead.", 5, None),
        ("n must be 1", 1, None),
    ],
)
def test_what_an_error_says_about_n(message: str, n: int, fewer: int | None):
    assert fewer_completions(message, n) == fewer


@pytest.mark.parametrize("cls", [OpenAIChatCompletionFn, OpenAICompletionFn, OpenAIResponsesCompletionFn])
def test_a_stop_text_that_the_server_leaves_in_is_cut_here(cls: Any):
    with KindServer("transformers") as server:
        plain = done(cls("m", server.base_url), lambda fn: fn.complete("the", max_tokens=16)).texts[0]
        stop = tokens_of(plain)[1][-1]
        cut = done(cls("m", server.base_url), lambda fn: fn.complete("the", max_tokens=16, stop=[stop]))
    assert stop in plain
    assert cut.texts == [plain[: plain.index(stop)]]
    assert cut.finish_reasons == ["stop"]


class Says:
    """A server that gives one message to every request."""

    def __init__(self, content: str) -> None:
        self._reply = HttpReply(
            b'{"choices": [{"message": {"content": %s}, "finish_reason": "length"}]}' % json.dumps(content).encode()
        )

    def answer(self, request: HttpRequest) -> HttpReply:
        return self._reply

    def finished(self) -> None:
        """Nothing is counted."""


@pytest.mark.parametrize(
    ("content", "text", "reason"),
    [
        ("Paris\nand more", "Paris", "stop"),
        ("<think>It is\nin France.</think>Paris\nand", "<think>It is\nin France.</think>Paris", "stop"),
        ("<think>It is\nin France", "<think>It is\nin France", "length"),
        ("Paris", "Paris", "length"),
    ],
)
def test_a_stop_text_within_thoughts_ends_no_answer(content: str, text: str, reason: str):
    server = ServerThread(Says(content))
    url = f"http://127.0.0.1:{server.start()}/v1"
    try:
        result = done(OpenAIChatCompletionFn("m", url), lambda fn: fn.complete("q", stop=["\n"]))
    finally:
        server.stop()
    assert (result.texts, result.finish_reasons) == ([text], [reason])


def test_the_responses_endpoint_is_told_not_to_stream():
    with KindServer("transformers") as server:
        result = done(OpenAIResponsesCompletionFn("m", server.base_url), lambda fn: fn.complete("the", max_tokens=16))
        assert server.bodies[0]["stream"] is False
    assert result.texts[0]
    assert "stream" not in (result.request or {})


class StreamsUnasked(Says):
    """A server that streams its replies unless a request says that it should not."""

    def answer(self, request: HttpRequest) -> HttpReply:
        if b'"stream":false' in request.body:
            return super().answer(request)
        return HttpReply(b"data: {}\n\ndata: [DONE]\n\n", content_type="text/event-stream; charset=utf-8")


def test_a_server_that_streams_unasked_is_asked_again_for_a_whole_reply():
    server = ServerThread(StreamsUnasked("Paris"))
    url = f"http://127.0.0.1:{server.start()}/v1"
    try:
        assert done(OpenAIChatCompletionFn("m", url), lambda fn: fn.complete("q")).texts == ["Paris"]
    finally:
        server.stop()


def test_one_text_in_a_list_is_sent_as_a_text():
    with KindServer("transformers") as server:
        assert done(OpenAICompletionFn("m", server.base_url), lambda fn: fn.complete(["the"])).texts[0]
        assert server.bodies[0]["prompt"] == "the"
