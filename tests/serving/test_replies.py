"""Whole and streamed replies made from a model's completions, read by the SDK's own types."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from stand_in import StandIn

from evals.local_models.language_model import Sampling
from evals.serving.replies import Job, Stream, chat_reply, text_reply
from evals.serving.requests import Options
from evals.serving.served_model import ServedModel

MODEL = StandIn()


def options(**changes: Any) -> Options:
    plain = {"max_tokens": 12, "temperature": 0.0, "top_p": 1.0, "stop": (), "seed": 1, "n": 1}
    return Options(**{**plain, "top_logprobs": None, "stream": False, "stream_usage": False, **changes})


def job(text: str, asked: Options) -> Job:
    sampling = Sampling(
        max_tokens=asked.max_tokens or 0,
        temperature=asked.temperature,
        stop=asked.stop,
        seed=asked.seed,
        n=asked.n,
        top_logprobs=asked.top_logprobs or 0,
    )
    return Job(MODEL.encode(text), text, sampling)


def run(make: Any) -> Any:
    model = ServedModel("name", MODEL)

    async def work() -> Any:
        return await make(model)

    try:
        return asyncio.run(work())
    finally:
        model.close()


def pieces(texts: list[str], asked: Options, *, is_chat: bool) -> list[Any]:
    async def collect(model: ServedModel) -> list[bytes]:
        stream = Stream(model, [job(text, asked) for text in texts], asked, is_chat)
        return [event async for event in stream.events()]

    events = run(collect)
    assert events[-1] == b"data: [DONE]\n\n"
    return [json.loads(event.removeprefix(b"data: ")) for event in events[:-1]]


def test_a_chat_reply_has_n_choices_and_counts_all_drawn_tokens():
    asked = options(n=3, temperature=1.0, top_logprobs=2)
    raw = run(lambda model: chat_reply(model, job("user: hi\nAnswer:", asked), asked))
    reply = ChatCompletion.model_validate(raw)
    assert [choice.index for choice in reply.choices] == [0, 1, 2]
    assert reply.usage is not None
    assert reply.usage.prompt_tokens == len(MODEL.encode("user: hi\nAnswer:"))
    assert reply.model == "name"
    assert reply.choices[0].logprobs is not None
    drawn = MODEL.generate([(MODEL.encode("user: hi\nAnswer:"), job("", asked).sampling)])[0]
    assert reply.usage.completion_tokens == sum(generated.n_drawn for generated in drawn)
    assert [choice.message.content for choice in reply.choices] == [
        generated.text.removeprefix(MODEL.chat_lead) for generated in drawn
    ]


def test_a_text_reply_has_the_choices_of_all_prompts_in_their_order():
    asked = options(n=2)
    jobs = [job("one", asked), job("two", asked)]
    reply = Completion.model_validate(run(lambda model: text_reply(model, jobs, asked, True)))
    assert [choice.index for choice in reply.choices] == [0, 1, 2, 3]
    assert [choice.text[:3] for choice in reply.choices] == ["one", "one", "two", "two"]


def test_an_echo_without_a_completion_has_the_prompt_and_draws_nothing():
    asked = options(max_tokens=0, top_logprobs=1)
    raw = run(lambda model: text_reply(model, [job("abc", asked)], asked, True))
    assert (raw["choices"][0]["text"], raw["usage"]["completion_tokens"]) == ("abc", 0)
    assert raw["choices"][0]["logprobs"]["tokens"] == ["a", "b", "c"]


@pytest.mark.parametrize("is_chat", [True, False])
def test_a_stream_joined_is_the_whole_reply(is_chat: bool):
    asked = options(n=2, temperature=1.0, stop=("e",), stream=True, stream_usage=True)
    found = pieces(["text"], asked, is_chat=is_chat)
    whole = run(
        lambda model: (
            chat_reply(model, job("text", asked), asked)
            if is_chat
            else text_reply(model, [job("text", asked)], asked, False)
        )
    )
    texts, ends = ["", ""], [None, None]
    for piece in found:
        for choice in piece["choices"]:
            texts[choice["index"]] += (choice["delta"].get("content") if is_chat else choice["text"]) or ""
            ends[choice["index"]] = choice["finish_reason"] or ends[choice["index"]]
    expected = [c["message"]["content"] if is_chat else c["text"] for c in whole["choices"]]
    assert (texts, ends) == (expected, [c["finish_reason"] for c in whole["choices"]])
    assert found[-1]["usage"]["total_tokens"] == whole["usage"]["total_tokens"]
    assert len({piece["id"] for piece in found}) == 1
    if is_chat:
        assert [ChatCompletionChunk.model_validate(piece).choices[0].delta.role for piece in found[:2]] == [
            "assistant",
            "assistant",
        ]


def test_a_failure_within_a_stream_is_an_error_event():
    async def collect(model: ServedModel) -> list[bytes]:
        asked = options(stream=True)
        events = Stream(model, [job("BROKEN", asked)], asked, False).events()
        sent = [await anext(events)]
        with pytest.raises(RuntimeError, match="the model is broken"):
            await anext(events)
        return sent

    (event,) = run(collect)
    assert json.loads(event.removeprefix(b"data: "))["error"]["type"] == "server_error"
