"""The JSON objects of replies: what the SDK reads them as."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types import Completion, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from evals.completion_fns.openai import objects


def test_a_chat_reply_with_log_probabilities_is_read_whole():
    top = [objects.chat_alternative(" b", -1.0, b" b"), objects.chat_alternative("\ufffd", -2.0, None)]
    token = objects.chat_token("a", -0.5, b"a", top)
    choice = objects.chat_choice(0, "a", "stop", objects.chat_logprobs([token]))
    usage = objects.usage_object(7, 3, n_cached=2, n_reasoning=1)
    reply = ChatCompletion.model_validate(objects.chat_completion("id-1", 17, "m", [choice], usage), strict=True)
    assert (reply.id, reply.created, reply.model, reply.object) == ("id-1", 17, "m", "chat.completion")
    assert reply.choices[0].message.content == "a"
    logprobs = reply.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert [(t.token, t.logprob, t.bytes) for t in logprobs.content[0].top_logprobs] == [
        (" b", -1.0, [32, 98]),
        ("\ufffd", -2.0, None),
    ]
    assert reply.usage is not None
    assert reply.usage.prompt_tokens_details is not None
    assert (reply.usage.total_tokens, reply.usage.prompt_tokens_details.cached_tokens) == (10, 2)


def test_a_refusal_has_no_content():
    choice = objects.chat_choice(0, None, "stop", refusal="no")
    reply = ChatCompletion.model_validate(
        objects.chat_completion("i", 1, "m", [choice], objects.usage_object(1, 0)), strict=True
    )
    assert (reply.choices[0].message.content, reply.choices[0].message.refusal) == (None, "no")


def test_the_pieces_of_a_stream_are_read():
    delta = objects.chat_delta(1, {"content": "x"}, "length")
    piece = ChatCompletionChunk.model_validate(objects.chat_chunk("i", 1, "m", [delta]), strict=True)
    assert (piece.choices[0].index, piece.choices[0].delta.content, piece.choices[0].finish_reason) == (
        1,
        "x",
        "length",
    )
    last = ChatCompletionChunk.model_validate(
        objects.chat_chunk("i", 1, "m", [], objects.usage_object(1, 2)), strict=True
    )
    assert last.usage is not None
    assert (last.choices, last.usage.total_tokens) == ([], 3)


@pytest.mark.parametrize("usage", [None, objects.usage_object(1, 1)])
def test_a_text_reply_is_read_whole(usage: Any):
    logprobs = objects.text_logprobs(["a", " b"], [-1.5, -0.5], [{"a": -1.5}, {" b": -0.5, " c": -1.0}], [0, 1])
    choice = objects.text_choice(0, "a b", "stop", logprobs)
    reply = Completion.model_validate(objects.text_completion("i", 1, "m", [choice], usage))
    assert (reply.choices[0].text, reply.usage is None) == ("a b", usage is None)
    found = reply.choices[0].logprobs
    assert found is not None
    assert (found.tokens, found.text_offset) == (["a", " b"], [0, 1])


def test_models_are_listed_with_their_owner():
    listed = objects.models_object(["a", "b"], "me")
    assert listed["object"] == "list"
    assert [Model.model_validate(model, strict=True).id for model in listed["data"]] == ["a", "b"]


def test_an_error_has_all_keys_of_the_api():
    assert objects.error_object("bad", "invalid_request_error", param="n") == {
        "error": {"message": "bad", "type": "invalid_request_error", "param": "n", "code": None}
    }
