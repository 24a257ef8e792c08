"""Translates prompts and replies between the OpenAI API and Anthropic's messages API. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.completion_fns.anthropic.tools import tool_blocks
from evals.completion_fns.two_role_chat import TwoRoleFormat

FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"OpenAI's finish reason for each of Anthropic's stop reasons; others stay as they are."

NOT_SENT = frozenset(
    [
        "n",
        "seed",
        "frequency_penalty",
        "presence_penalty",
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "user",
        "best_of",
        "echo",
        "suffix",
    ]
)
"OpenAI's parameters that the messages API does not have."

_RENAMED = {"max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens", "stop": "stop_sequences"}


def request_body(
    model: str | None, prompt: Any, options: Mapping[str, Any], max_tokens: int, refused: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The JSON body of a request for `prompt`, a text or a chat.

    options: sampling arguments in OpenAI's words or Anthropic's. max_tokens: where the options have none. refused:
    parameters to leave out, because the model refuses them.
    """
    system, messages = CHAT_FORMAT.system_and_messages(prompt)
    body: dict[str, Any] = {"model": model, "max_tokens": max_tokens, "messages": messages}
    if system:
        body["system"] = system
    for name, value in with_effort(options).items():
        name = _RENAMED.get(name, name)
        if value is None or name in NOT_SENT or name in refused or (name, value) == ("top_p", 1):
            # A top_p of 1 changes nothing, and some models refuse it beside a temperature.
            continue
        body[name] = [value] if name == "stop_sequences" and isinstance(value, str) else value
    return body


def with_effort(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with `reasoning_effort` in Anthropic's words: `output_config.effort`, and no thinking for `none`."""
    rest = dict(options)
    effort = rest.pop("reasoning_effort", None)
    if effort == "none":
        rest.setdefault("thinking", {"type": "disabled"})
    elif effort is not None:
        rest["output_config"] = {**(rest.get("output_config") or {}), "effort": effort}
    return rest


def reply_reasoning(reply: Mapping[str, Any]) -> str | None:
    """The thoughts that a reply shows, joined; None without any. Models that leave them out send empty blocks."""
    blocks = reply.get("content") or []
    shown = [block.get("thinking") or "" for block in blocks if block.get("type") == "thinking"]
    return "\n\n".join(filter(None, shown)) or None


def content_blocks(content: Any) -> list[dict[str, Any]]:
    """The content of a message as Anthropic's content blocks. Empty texts are left out, as the API refuses them.

    content: a text, a list of OpenAI's content parts, or None.
    """
    if content is None or isinstance(content, str):
        return [_text(content)] if content else []
    return [_block(part) for part in content if part.get("type") != "text" or part.get("text")]


def _block(part: Mapping[str, Any]) -> dict[str, Any]:
    if part.get("type") != "image_url":
        return dict(part)
    image = part["image_url"]
    url = image if isinstance(image, str) else image["url"]
    if not url.startswith("data:"):
        return {"type": "image", "source": {"type": "url", "url": url}}
    head, _, data = url.partition(",")
    media_type = head.removeprefix("data:").partition(";")[0]
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


CHAT_FORMAT = TwoRoleFormat("assistant", "content", content_blocks, tool_blocks)


def reply_text(reply: Mapping[str, Any]) -> str:
    """The texts of a reply, joined; thoughts and tool calls are left out."""
    blocks = reply.get("content") or []
    return "".join(block.get("text") or "" for block in blocks if block.get("type") == "text")


def silence_of(reply: Mapping[str, Any]) -> str | None:
    """What a reply says that ended its turn and holds no block at all; None for any other.

    A stop sequence may come first: then nothing is the answer.
    """
    if reply.get("content") or reply.get("stop_reason") != "end_turn":
        return None
    return "'content' is an empty list, stop reason 'end_turn'"


def reply_usage(reply: Mapping[str, Any]) -> dict[str, Any] | None:
    """The token counts of a reply under Anthropic's keys, and under OpenAI's; None where it has none.

    OpenAI's prompt tokens are all input. Anthropic counts apart what its cache gave and what it stored.
    """
    counts = {name: value for name, value in (reply.get("usage") or {}).items() if isinstance(value, int)}
    if not counts:
        return None
    n_read = counts.get("cache_read_input_tokens", 0)
    n_prompt = counts.get("input_tokens", 0) + n_read + counts.get("cache_creation_input_tokens", 0)
    n_completion = counts.get("output_tokens", 0)
    usage: dict[str, Any] = dict(counts)
    usage.update(prompt_tokens=n_prompt, completion_tokens=n_completion, total_tokens=n_prompt + n_completion)
    details = (reply.get("usage") or {}).get("output_tokens_details")
    if isinstance(details, Mapping):
        usage["completion_tokens_details"] = dict(details)
    if n_read:
        usage["prompt_tokens_details"] = {"cached_tokens": n_read}
    return usage


def finish_reason(reply: Mapping[str, Any]) -> str | None:
    """Why the reply ended, in OpenAI's words; None where it does not say."""
    reason = reply.get("stop_reason")
    return None if reason is None else FINISH_REASONS.get(reason, reason)
