"""How servers of today treat requests: what they refuse, in their own words, and how much their models think.

Sources of the rules and the messages: OpenAI's deployment checklist (copy of September 2026) and model pages;
observations of gpt-5.6-terra at the chat endpoint (2026-08-30), of gpt-6-astra (2026-09-04, inspect_ai pull request
5254), of gpt-6.2 (2026-11-19); vLLM's and llama.cpp's servers of 2026. They are written down here on their own, and not
read from the registry, so that a mistake there shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Refusal:
    """A reply with status 400. code, param: of the error object."""

    message: str
    code: str | None = None
    param: str | None = None


@dataclass(frozen=True)
class Profile:
    """One kind of server and model."""

    efforts: tuple[str, ...] = ()
    "At the responses endpoint; empty: effort is no parameter that is checked."
    default_effort: str = "medium"
    has_rules: bool = True
    "Whether it refuses what OpenAI's reasoning models refuse."
    chat_tools_at_none: bool = False
    "Whether the chat endpoint takes function tools at effort `none`."
    reasoning_tokens: int = 300
    "Spent before the text, within the cap, unless the effort is `none`."
    reasoning_field: str | None = None
    "The key of a chat message that shows the reasoning; None: it is not shown."


PROFILES = {
    "gpt-6-luna": Profile(("none", "low", "medium", "high", "xhigh", "max"), chat_tools_at_none=True),
    "gpt-6.1-sol": Profile(("low", "medium", "high", "xhigh", "max")),
    "vllm": Profile(has_rules=False, reasoning_field="reasoning"),
    "llama-cpp": Profile(has_rules=False, reasoning_field="reasoning_content"),
}

_CHAT_ONLY = ("messages", "n", "stop", "seed", "logit_bias", "logprobs", "prediction", "response_format", "verbosity")
_PENALTIES = ("presence_penalty", "frequency_penalty")


def effort_in(body: Mapping[str, Any], profile: Profile) -> str:
    """The effort of a request at either endpoint; the default where it names none."""
    reasoning = body.get("reasoning")
    inner = reasoning.get("effort") if isinstance(reasoning, Mapping) else None
    return str(body.get("reasoning_effort") or inner or profile.default_effort)


def refusal(profile: Profile, endpoint: str, model: str, body: Mapping[str, Any]) -> Refusal | None:
    """Why a request is refused; None where it is taken. endpoint: `chat`, `completions` or `responses`."""
    if not profile.has_rules:
        return None
    if endpoint == "completions":
        return Refusal(f"This is a chat model and not supported in the v1/completions endpoint ({model}).")
    reasons = effort_in(body, profile) != "none"
    if endpoint == "responses":
        return _at_responses(profile, body, reasons=reasons)
    return _at_chat(profile, model, body, reasons=reasons)


def _at_chat(profile: Profile, model: str, body: Mapping[str, Any], *, reasons: bool) -> Refusal | None:
    for name in ("reasoning", "text", "input", "max_output_tokens", "include"):
        if name in body:
            return Refusal(f"Unknown parameter: '{name}'.", "unknown_parameter", name)
    n = body.get("n") or 1
    if n > 8:
        message = f"Invalid 'n': integer above maximum value. Expected a value <= 8, but got {n} instead."
        return Refusal(message, "integer_above_max_value", "n")
    if "max_tokens" in body:
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return Refusal(message, "unsupported_parameter", "max_tokens")
    efforts = tuple(effort for effort in profile.efforts if effort != "max")
    if wrong := _effort_refusal("reasoning_effort", effort_in(body, profile), efforts):
        return wrong
    for name in ("stop", "logit_bias", "prediction"):
        if body.get(name) is not None:
            return _unsupported(name)
    if reasons:
        if body.get("temperature", 1) != 1:
            message = (
                f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. "
                "Only the default (1) value is supported."
            )
            return Refusal(message, "unsupported_value", "temperature")
        if found := _sampling_refusal(body, ("top_p", *_PENALTIES, "logprobs", "top_logprobs")):
            return found
    elif (body.get("top_logprobs") or 0) > 5:
        return Refusal("Invalid value for 'top_logprobs': must be less than or equal to 5.", None, "top_logprobs")
    has_tools = any(tool.get("type") == "function" for tool in body.get("tools") or ())
    if has_tools and (reasons or not profile.chat_tools_at_none):
        message = (
            f"Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions. "
            "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
        )
        return Refusal(message, None, "reasoning_effort")
    return None


def _at_responses(profile: Profile, body: Mapping[str, Any], *, reasons: bool) -> Refusal | None:
    if "reasoning_effort" in body:
        message = (
            "Unsupported parameter: 'reasoning_effort'. In the Responses API, this parameter has moved to "
            "'reasoning.effort'. Try again with the new parameter."
        )
        return Refusal(message, "unsupported_parameter")
    for name in (*_CHAT_ONLY, *_PENALTIES, "max_tokens", "max_completion_tokens"):
        if name in body:
            return Refusal(f"Unknown parameter: '{name}'.", "unknown_parameter", name)
    cap = body.get("max_output_tokens")
    if cap is not None and cap < 16:
        message = (
            f"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got {cap} instead."
        )
        return Refusal(message, "integer_below_min_value", "max_output_tokens")
    if wrong := _effort_refusal("reasoning.effort", effort_in(body, profile), profile.efforts):
        return wrong
    if reasons:
        if found := _sampling_refusal(body, ("temperature", "top_p", "top_logprobs")):
            return found
        if "message.output_text.logprobs" in (body.get("include") or ()):
            return Refusal("Logprobs are not supported with reasoning models.", "unsupported_parameter", "include")
    for place, tool in enumerate(body.get("tools") or ()):
        if tool.get("type") == "function" and "name" not in tool:
            message = f"Missing required parameter: 'tools[{place}].name'."
            return Refusal(message, "missing_required_parameter", f"tools[{place}].name")
    return _item_refusal(body.get("input"))


def _item_refusal(items: Any) -> Refusal | None:
    """What the endpoint says to items that it does not know, and to results of calls that nobody made."""
    calls = set()
    for place, item in enumerate(items if isinstance(items, list) else ()):
        kind = item.get("type", "message")
        if kind == "message" and item.get("role") not in ("user", "assistant", "system", "developer"):
            wanted = "Supported values are: 'assistant', 'system', 'developer', and 'user'."
            message = f"Invalid value: '{item.get('role')}'. {wanted}"
            return Refusal(message, "invalid_value", f"input[{place}]")
        if kind == "function_call":
            calls.add(item.get("call_id"))
        if kind == "function_call_output" and item.get("call_id") not in calls:
            return Refusal(
                f"No tool call found for function call output with call_id {item.get('call_id')}.", None, "input"
            )
    return None


def _effort_refusal(name: str, effort: str, efforts: tuple[str, ...]) -> Refusal | None:
    if effort in efforts:
        return None
    quoted = [f"'{one}'" for one in efforts]
    message = (
        f"Unsupported value: '{name}' does not support '{effort}' with this model. "
        f"Supported values are: {', '.join(quoted[:-1])}, and {quoted[-1]}."
    )
    return Refusal(message, "unsupported_value", name)


def _sampling_refusal(body: Mapping[str, Any], names: tuple[str, ...]) -> Refusal | None:
    neutral = {"temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0}
    for name in names:
        if body.get(name) not in (None, False, neutral.get(name)):
            return _unsupported(name)
    return None


def _unsupported(name: str) -> Refusal:
    message = f"Unsupported parameter: '{name}' is not supported with this model."
    return Refusal(message, "unsupported_parameter", name)
