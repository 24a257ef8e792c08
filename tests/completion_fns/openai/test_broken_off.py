"""Completions that the server broke off, and errors that come with status 200: never scored as answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from evals.completion_fns.openai.finish_reasons import in_openai_words
from evals.completion_fns.openai.models import OpenAIChatCompletionFn, OpenAICompletionFn, OpenAIResponsesCompletionFn
from evals.completion_fns.openai.results import OpenAIChatCompletionResult
from evals.engine.failures import CallFailed, Kind
from evals.testing.http_server import HttpReply, HttpRequest, ServerThread

Failing = Callable[[Any, Any], CallFailed]


class _Fixed:
    def __init__(self, reply: Any) -> None:
        self.body = json.dumps(reply).encode()

    def answer(self, request: HttpRequest) -> HttpReply:
        return HttpReply(self.body)

    def finished(self) -> None: ...


@pytest.fixture
def failing() -> Failing:
    """The failure of a call that gets this JSON with status 200."""

    def fail(cls: Any, reply: Any) -> CallFailed:
        async def call() -> None:
            fn = cls("m", f"http://127.0.0.1:{port}/v1")
            try:
                await fn.complete("hi")
            finally:
                await fn.aclose()

        server = ServerThread(_Fixed(reply))
        port = server.start()
        try:
            with pytest.raises(CallFailed) as caught:
                asyncio.run(call())
        finally:
            server.stop()
        return caught.value

    return fail


def chat(text: str, reason: str, **choice: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": reason, **choice}]}


@pytest.mark.parametrize(
    "reason", ["error", "abort", "network_error", "insufficient_system_resource", "ERROR", "cancelled"]
)
def test_a_part_of_an_answer_that_the_server_broke_off_is_tried_again(reason: str, failing: Failing):
    found = failing(OpenAIChatCompletionFn, chat("The capital is", reason))
    assert found.kind is Kind.SERVER
    assert reason in found.message
    assert failing(OpenAICompletionFn, {"choices": [{"text": "4", "finish_reason": reason}]}).kind is Kind.SERVER


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 502, "message": "Upstream error"}, Kind.SERVER),
        ({"code": 429, "message": "Upstream is busy"}, Kind.RATE_LIMIT),
        ({"code": "403", "message": "requires moderation"}, Kind.CONTENT_FILTER),
        ({"message": "Upstream error"}, Kind.SERVER),
    ],
)
def test_the_error_of_a_choice_says_what_follows(error: dict[str, Any], kind: Kind, failing: Failing):
    found = failing(OpenAIChatCompletionFn, chat("Par", "error", error=error))
    assert (found.kind, found.message) == (kind, error["message"])


@pytest.mark.parametrize(
    ("native", "kind", "words"),
    [
        ({"error": {"code": 429, "message": "Upstream is busy"}}, Kind.RATE_LIMIT, "Upstream is busy"),
        ({"native_finish_reason": "error"}, Kind.SERVER, "broken off"),
        ({"error": {"code": 502, "message": "died"}, "native_finish_reason": "error"}, Kind.SERVER, "died"),
    ],
)
def test_a_gateway_that_calls_a_broken_answer_finished_is_looked_through(
    native: dict[str, Any], kind: Kind, words: str, failing: Failing
):
    found = failing(OpenAIChatCompletionFn, chat("The capital is", "stop", provider_specific_fields=native))
    assert found.kind is kind
    assert words in found.message


@pytest.mark.parametrize(
    ("native", "reason"),
    [("model_length", "length"), ("SAFETY", "content_filter"), ("end_turn", "stop"), (None, "stop"), (3, "stop")],
)
def test_a_reason_that_a_gateway_did_not_know_is_read_beside_its_own(native: Any, reason: str):
    fields = {"native_finish_reason": native}
    assert OpenAIChatCompletionResult(chat("", "stop", provider_specific_fields=fields)).finish_reasons == [reason]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"status": "failed", "error": {"code": "server_error", "message": "stream closed"}}, Kind.SERVER),
        ({"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "slow"}}, Kind.RATE_LIMIT),
        (
            {"status": "failed", "error": {"code": "invalid_prompt", "message": "flagged by our usage policy"}},
            Kind.CONTENT_FILTER,
        ),
        ({"status": "cancelled", "error": None}, Kind.SERVER),
        ({"status": "queued", "error": None}, Kind.BAD_REPLY),
    ],
)
def test_a_response_that_failed_is_no_answer_though_it_has_output(fields: dict[str, Any], kind: Kind, failing: Failing):
    part = {"type": "output_text", "text": "Par"}
    output = [{"type": "message", "role": "assistant", "content": [part]}]
    assert failing(OpenAIResponsesCompletionFn, {"output": output, **fields}).kind is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "context_length_exceeded", "message": "too long"}, Kind.CONTEXT_LENGTH),
        ({"code": "insufficient_quota", "message": "no"}, Kind.QUOTA),
        ({"code": "429", "message": "busy"}, Kind.RATE_LIMIT),
        ("strange", Kind.SERVER),
    ],
)
def test_an_error_with_status_200_has_its_class(error: Any, kind: Kind, failing: Failing):
    assert failing(OpenAIChatCompletionFn, {"error": error}).kind is kind


def test_a_wrong_path_with_status_200_ends_the_run_with_a_word_on_the_base_url(failing: Failing):
    found = failing(OpenAIChatCompletionFn, {"error": "Unexpected endpoint or method. (POST /chat/completions)"})
    assert found.kind is Kind.UNKNOWN_MODEL
    assert "is the base URL right? Most end in /v1" in str(found)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("model_length", "length"),
        ("model_context_window_exceeded", "length"),
        ("MAX_TOKENS", "length"),
        ("max_tokens", "length"),
        ("sensitive", "content_filter"),
        ("SAFETY", "content_filter"),
        ("tool_use", "tool_calls"),
        ("stop", "stop"),
        ("eos", "eos"),
        (None, None),
        (3, None),
    ],
)
def test_finish_reasons_of_other_providers_are_in_openais_words(theirs: Any, ours: str | None):
    assert in_openai_words(theirs) == ours
    reply = {"choices": [{"message": {"content": "Par"}, "finish_reason": theirs}]}
    assert OpenAIChatCompletionResult(reply).finish_reasons == [ours]


def test_an_empty_answer_at_the_limit_of_any_server_is_cut_off():
    from evals.engine.cut_off import is_cut_off

    assert is_cut_off(OpenAIChatCompletionResult(chat("", "model_length")))
    assert not is_cut_off(OpenAIChatCompletionResult(chat("", "stop")))


def whole_or_cut(n_tokens: int, **more: Any) -> dict[str, Any]:
    """A response as transformers serve 5.23.0 sends it: `completed`, whether the text ended or the limit was reached."""
    message = {"type": "message", "role": "assistant", "status": "completed"}
    content = [{"type": "output_text", "text": "l?7r)j8OOOOOOOOO", "annotations": []}]
    usage = {"input_tokens": 24, "output_tokens": n_tokens, "total_tokens": 24 + n_tokens}
    return {
        "object": "response",
        "status": "completed",
        "output": [{**message, "content": content}],
        "usage": usage,
        **more,
    }


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (whole_or_cut(40), "length"),
        (whole_or_cut(39), "stop"),
        (whole_or_cut(40, incomplete_details=None), "stop"),
        (whole_or_cut(40, status="failed", incomplete_details=None, error=None), None),
        ({**whole_or_cut(40), "usage": None}, "stop"),
        ({**whole_or_cut(40), "usage": {"output_tokens": "40"}}, "stop"),
    ],
)
def test_a_response_that_used_up_its_limit_is_cut_off_where_the_server_has_no_word_for_it(reply, reason):
    async def call() -> Any:
        fn = OpenAIResponsesCompletionFn("m", f"http://127.0.0.1:{port}/v1")
        try:
            return await fn.complete("hi", max_tokens=40)
        finally:
            await fn.aclose()

    server = ServerThread(_Fixed(reply))
    port = server.start()
    try:
        if reason is None:
            with pytest.raises(CallFailed):
                asyncio.run(call())
        else:
            assert asyncio.run(call()).finish_reasons == [reason]
    finally:
        server.stop()
