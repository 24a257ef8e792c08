"""The JSON that the OpenAI API answers with, made from a text: pure functions for the loopback server."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evals.completion_fns.openai.objects import (
    chat_alternative,
    chat_choice,
    chat_completion,
    chat_logprobs,
    chat_token,
    text_choice,
    text_completion,
    text_logprobs,
    usage_object,
)

_CREATED = 1700000000
_TOKEN = re.compile(r"\s*\S+|\s+$")


@dataclass(frozen=True)
class Answer:
    """What the model answers to one prompt, or how it fails."""

    text: str | None
    "None as in a refusal, or where the model only calls tools."
    finish_reason: str = "stop"
    refusal: str | None = None
    reasoning_tokens: int = 0
    reasoning: str | None = None
    "Shown beside the text: as `reasoning_field` of a chat message, and as a summary at the responses endpoint."
    reasoning_field: str = "reasoning_content"
    cached_tokens: int = 0
    tool_calls: Sequence[tuple[str, str]] = ()
    "Functions that the model calls: name, and arguments as JSON text. Their ids are `call_0`, `call_1`, ..."
    status: int = 200
    "Another one makes the reply an error, with `error_code` and `error_message`."
    error_code: str | None = None
    error_message: str = "refused"
    fault: str | None = None
    "The name of a fault that the reply gets, whatever is drawn."
    latency_s: float | None = None
    "Seconds, instead of the server's latency."
    top: Mapping[str, float] | None = None
    "Alternatives of the first token with their log probabilities in nats, where they are asked for."
    logprob_of: Callable[[str, str], float] | None = None
    "The log probability of a token after a text, for what is echoed. None takes `token_logprob`."


def tokens_of(text: str) -> list[str]:
    """The tokens of the server: words, each with the white space before it. Joined they are the text again."""
    return _TOKEN.findall(text)


def token_logprob(token: str) -> float:
    """The log probability of a token in nats, which the server makes up from its length."""
    return -(1 + len(token.strip())) / 10


def shortened(answer: Answer, stop: str | Sequence[str] | None, max_tokens: int | None) -> Answer:
    """The answer, cut before the first stop text and then after `max_tokens` tokens, as a server cuts it.

    Reasoning tokens come first, and count. A limit that they reach leaves no text.
    """
    if max_tokens is not None and answer.reasoning_tokens >= max_tokens:
        return replace(answer, text="", finish_reason="length", reasoning_tokens=max_tokens)
    if answer.text is None:
        return answer
    if max_tokens is not None:
        max_tokens -= answer.reasoning_tokens
    text, reason = answer.text, answer.finish_reason
    cuts = [text.find(s) for s in ([stop] if isinstance(stop, str) else stop or []) if s and s in text]
    if cuts:
        text, reason = text[: min(cuts)], "stop"
    if max_tokens is not None and len(tokens := tokens_of(text)) > max_tokens:
        text, reason = "".join(tokens[:max_tokens]), "length"
    if text is answer.text:
        return answer
    return replace(answer, text=text, finish_reason=reason)


def _n_tokens(answers: Sequence[Answer]) -> int:
    return sum(len(tokens_of(answer.text or "")) + answer.reasoning_tokens for answer in answers)


def chat_usage(n_prompt: int, answers: Sequence[Answer]) -> dict[str, Any]:
    """The `usage` object of the chat and completions endpoints."""
    cached, reasoning = sum(a.cached_tokens for a in answers), sum(a.reasoning_tokens for a in answers)
    return usage_object(n_prompt, _n_tokens(answers), cached, reasoning)


def chat_reply(
    reply_id: int, model: str, answers: Sequence[Answer], n_prompt: int, logprobs: bool, top_logprobs: int
) -> dict[str, Any]:
    """A `chat.completion` object with one choice for each answer. n_prompt: tokens of the prompt."""
    choices = [
        chat_choice(
            index,
            answer.text,
            answer.finish_reason,
            _chat_logprobs(answer, top_logprobs) if logprobs else None,
            answer.refusal,
        )
        for index, answer in enumerate(answers)
    ]
    for choice, answer in zip(choices, answers, strict=True):
        if answer.reasoning is not None:
            choice["message"][answer.reasoning_field] = answer.reasoning
        if answer.tool_calls:
            choice["message"]["tool_calls"] = [_chat_call(k, *call) for k, call in enumerate(answer.tool_calls)]
            choice["finish_reason"] = "tool_calls"
    return chat_completion(f"chatcmpl-{reply_id}", _CREATED, model, choices, chat_usage(n_prompt, answers))


def _chat_call(number: int, name: str, arguments: str) -> dict[str, Any]:
    return {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}


def _chat_logprobs(answer: Answer, top: int) -> dict[str, Any]:
    content = [
        chat_token(token, token_logprob(token), token.encode(), _chat_top(token, top))
        for token in tokens_of(answer.text or "")
    ]
    if answer.top is not None and content:
        pairs = sorted(answer.top.items(), key=lambda pair: -pair[1])[:top]
        content[0]["top_logprobs"] = [chat_alternative(t, p, t.encode()) for t, p in pairs]
    return chat_logprobs(content)


def _chat_top(token: str, top: int) -> list[dict[str, Any]]:
    logprob = token_logprob(token)
    return [chat_alternative(token if k == 0 else f"alt{k}", logprob - k, None) for k in range(top)]


def text_reply(
    reply_id: int,
    model: str,
    choices: Sequence[tuple[str, Answer]],
    n_prompt: int,
    logprobs: int | None,
    echo: bool,
) -> dict[str, Any]:
    """A `text_completion` object. choices: a (prompt, answer) pair for each. n_prompt: tokens of all prompts."""
    made = [
        text_choice(
            index,
            (prompt if echo else "") + (answer.text or ""),
            answer.finish_reason,
            None if logprobs is None else _text_logprobs(prompt, answer, logprobs, echo),
        )
        for index, (prompt, answer) in enumerate(choices)
    ]
    usage = chat_usage(n_prompt, [answer for _, answer in choices])
    return text_completion(f"cmpl-{reply_id}", _CREATED, model, made, usage)


def _text_logprobs(prompt: str, answer: Answer, top: int, echo: bool) -> dict[str, Any]:
    """With `echo`, the very first token has no log probability, as nothing comes before it."""
    tokens = [*(tokens_of(prompt) if echo else []), *tokens_of(answer.text or "")]
    offsets, position = [], 0 if echo else len(prompt)
    for token in tokens:
        offsets.append(position)
        position += len(token)
    whole = prompt + (answer.text or "")
    of = answer.logprob_of or (lambda before, token: token_logprob(token))
    logprobs: list[float | None] = [of(whole[:at], token) for at, token in zip(offsets, tokens, strict=True)]
    tops: list[dict[str, float] | None] = [
        {token: token_logprob(token)} if len(token.strip()) % 2 else {token: token_logprob(token), "alt": -0.01}
        for token in tokens
    ]
    if echo and tokens:
        logprobs[0] = tops[0] = None
    elif tokens and answer.top is not None:
        tops[0] = dict(sorted(answer.top.items(), key=lambda pair: -pair[1])[:top])
    return text_logprobs(tokens, logprobs, tops if top else None, offsets)


def responses_reply(
    reply_id: int, model: str, answer: Answer, n_prompt: int, *, encrypted: bool = False
) -> dict[str, Any]:
    """A `response` object of the responses endpoint. n_prompt: tokens of the prompt.

    encrypted: reasoning comes with content that can be sent back.
    """
    details = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(answer.finish_reason)
    content = []
    if answer.text is not None:
        content.append({"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []})
    if answer.refusal is not None:
        content.append({"type": "refusal", "refusal": answer.refusal})
    status = "incomplete" if details else "completed"
    output: list[dict[str, Any]] = []
    if answer.reasoning_tokens or answer.reasoning:
        summary = [{"type": "summary_text", "text": answer.reasoning}] if answer.reasoning else []
        kept = {"encrypted_content": f"sealed-{reply_id}"} if encrypted else {}
        output.append({"type": "reasoning", "id": f"rs_{reply_id}", "summary": summary, **kept})
    if content:
        message = {"type": "message", "id": f"msg_{reply_id}", "status": status, "role": "assistant"}
        output.append({**message, "content": content})
    for number, (name, arguments) in enumerate(answer.tool_calls):
        call = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "status": "completed"}
        output.append({**call, "name": name, "arguments": arguments})
    n_output = _n_tokens([answer])
    return {
        "id": f"resp_{reply_id}",
        "object": "response",
        "created_at": 1700000000,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": details} if details else None,
        "model": model,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": n_prompt,
            "input_tokens_details": {"cached_tokens": answer.cached_tokens},
            "output_tokens": n_output,
            "output_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
            "total_tokens": n_prompt + n_output,
        },
    }
