"""The JSON objects of replies of the OpenAI API, for `evals serve` and for the loopback server of the tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


def error_object(message: str, kind: str, code: str | None = None, param: str | None = None) -> Json:
    """The body of an error. kind: its `type`. param: the parameter that it is about."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def models_object(names: Sequence[str], owner: str, created: int = 0) -> Json:
    """The list of models."""
    return {"object": "list", "data": [model_object(name, owner, created) for name in names]}


def model_object(name: str, owner: str, created: int = 0) -> Json:
    """A model. created: seconds since 1970. owner: `owned_by`."""
    return {"id": name, "object": "model", "created": created, "owned_by": owner}


def usage_object(n_prompt: int, n_completion: int, n_cached: int = 0, n_reasoning: int = 0) -> Json:
    """Token counts, as the chat and completions endpoints give them. n_cached: of the prompt."""
    return {
        "prompt_tokens": n_prompt,
        "completion_tokens": n_completion,
        "total_tokens": n_prompt + n_completion,
        "prompt_tokens_details": {"cached_tokens": n_cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": n_reasoning},
    }


def chat_completion(reply_id: str, created: int, model: str, choices: Sequence[Json], usage: Json) -> Json:
    """A whole reply of the chat endpoint. created: seconds since 1970. choices: of `chat_choice`."""
    head = _head(reply_id, "chat.completion", created, model)
    return {**head, "choices": list(choices), "usage": usage, "system_fingerprint": "fp_loopback"}


def chat_choice(
    index: int, text: str | None, finish_reason: str, logprobs: Json | None = None, refusal: str | None = None
) -> Json:
    """A choice of a chat reply. text: None where the model refused. logprobs: of `chat_logprobs`."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish_reason}


def chat_logprobs(tokens: Sequence[Json]) -> Json:
    """The log probabilities of a chat choice. tokens: of `chat_token`."""
    return {"content": list(tokens), "refusal": None}


def chat_token(token: str, logprob: float, data: bytes | None, top: Sequence[Json]) -> Json:
    """A token of a chat reply. logprob: in nats. data: its bytes. top: the likeliest tokens, of `chat_alternative`."""
    return {**chat_alternative(token, logprob, data), "top_logprobs": list(top)}


def chat_alternative(token: str, logprob: float, data: bytes | None) -> Json:
    """A token that the model could have written in a place. logprob: in nats. data: its bytes."""
    return {"token": token, "logprob": logprob, "bytes": None if data is None else list(data)}


def chat_chunk(reply_id: str, created: int, model: str, choices: Sequence[Json], usage: Json | None = None) -> Json:
    """A piece of a streamed chat reply. choices: of `chat_delta`. The piece with `usage` has no choices."""
    chunk = {**_head(reply_id, "chat.completion.chunk", created, model), "choices": list(choices)}
    return {**chunk, "system_fingerprint": "fp_loopback"} | ({} if usage is None else {"usage": usage})


def chat_delta(index: int, delta: Json, finish_reason: str | None = None, logprobs: Json | None = None) -> Json:
    """What a piece of a stream adds to choice `index`."""
    return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}


def text_completion(
    reply_id: str, created: int, model: str, choices: Sequence[Json], usage: Json | None = None
) -> Json:
    """A whole reply of the completions endpoint, or a piece of a streamed one. choices: of `text_choice`."""
    whole = {**_head(reply_id, "text_completion", created, model), "choices": list(choices)}
    return whole if usage is None else {**whole, "usage": usage}


def text_choice(index: int, text: str, finish_reason: str | None, logprobs: Json | None = None) -> Json:
    """A choice of the completions endpoint. logprobs: of `text_logprobs`."""
    return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": finish_reason}


def text_logprobs(
    tokens: Sequence[str],
    logprobs: Sequence[float | None],
    tops: Sequence[dict[str, float] | None] | None,
    offsets: Sequence[int],
) -> Json:
    """The log probabilities of a choice of the completions endpoint; all sequences have one entry a token.

    logprobs: in nats; None for a first token that nothing comes before. tops: the likeliest tokens of each place.
    offsets: of each token in the text of prompt and completion, in characters.
    """
    return {
        "tokens": list(tokens),
        "token_logprobs": list(logprobs),
        "top_logprobs": None if tops is None else list(tops),
        "text_offset": list(offsets),
    }


def _head(reply_id: str, kind: str, created: int, model: str) -> Json:
    return {"id": reply_id, "object": kind, "created": created, "model": model}
