"""Messages, tools and options of the chat endpoint in the words of `/responses`, and its items as chat has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evals.completion_fns.openai.message_roles import NAMED_ROLES

NOT_IN_RESPONSES = (
    "n", "stop", "seed", "best_of", "presence_penalty", "frequency_penalty", "logit_bias", "prediction"
)  # fmt: skip
"Parameters that the responses endpoint does not have. `n` becomes several calls, and `stop` is cut here."

LEAST_OUTPUT_TOKENS = 16
"The smallest `max_output_tokens` that the endpoint takes."

ENCRYPTED_REASONING = "reasoning.encrypted_content"
"What `include` has to hold so that reasoning items can be sent back without the server keeping anything."


def responses_options(options: Mapping[str, Any], *, reasons: bool = False) -> dict[str, Any]:
    """The options of a call in the words of the endpoint. `store` is false where nothing else is said.

    reasons: the model does, so that its reasoning items are asked for in a form that can be sent back.
    """
    rest = {name: value for name, value in options.items() if name not in NOT_IN_RESPONSES}
    for name in ("max_completion_tokens", "max_tokens"):
        if name in rest:
            rest.setdefault("max_output_tokens", max(LEAST_OUTPUT_TOKENS, rest.pop(name)))
            rest.pop(name, None)
    if "reasoning_effort" in rest:
        rest["reasoning"] = {**rest.get("reasoning", {}), "effort": rest.pop("reasoning_effort")}
    text = dict(rest.pop("text", None) or {})
    if "response_format" in rest:
        text["format"] = _text_format(rest.pop("response_format"))
    if "verbosity" in rest:
        text["verbosity"] = rest.pop("verbosity")
    if text:
        rest["text"] = text
    if rest.pop("logprobs", None):
        rest["include"] = [*rest.get("include", []), "message.output_text.logprobs"]
    if "tools" in rest:
        rest["tools"] = [_flat_tool(tool) for tool in rest["tools"]]
    if "tool_choice" in rest:
        rest["tool_choice"] = _flat_tool(rest["tool_choice"])
    rest.setdefault("store", False)
    if reasons and not rest["store"]:
        rest["include"] = list(dict.fromkeys([*rest.get("include", []), ENCRYPTED_REASONING]))
    return rest


def _text_format(response_format: Any) -> Any:
    """A response format of the chat endpoint as `/responses` wants it, which has the schema one level higher."""
    if isinstance(response_format, Mapping) and isinstance(response_format.get("json_schema"), Mapping):
        return {"type": "json_schema", **response_format["json_schema"]}
    return response_format


def _flat_tool(tool: Any) -> Any:
    """A function tool, or the choice of one, without the level `function`; everything else as it is."""
    if isinstance(tool, Mapping) and isinstance(tool.get("function"), Mapping):
        return {**{key: value for key, value in tool.items() if key != "function"}, **tool["function"]}
    return tool


def input_items(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The messages of a chat as input items.

    An assistant's tool calls become `function_call` items, a message of role `tool` a `function_call_output`.
    `reasoning_items` of an assistant's message, as a reply gave them, go before it unchanged; those without encrypted
    content are left out, since the server does not find them where it stored nothing. An item of the endpoint itself
    (with a `type`, and without a role) passes as it is.
    """
    return [item for message in messages for item in _items(message)]


def _items(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "role" not in message and "type" in message:
        yield message
        return
    if message["role"] == "tool":
        output = _content(message.get("content"), "user")
        yield {"type": "function_call_output", "call_id": message.get("tool_call_id"), "output": output}
        return
    yield from (item for item in message.get("reasoning_items") or () if item.get("encrypted_content"))
    calls = message.get("tool_calls") or ()
    if message.get("content") or not calls:
        # Items have no `name`: few-shot examples get the role that their name means.
        role = NAMED_ROLES.get(str(message.get("name")), message["role"])
        phase = {"phase": message["phase"]} if message.get("phase") else {}
        yield {"role": role, "content": _content(message.get("content"), role), **phase}
    for call in calls:
        function = call.get("function") or {}
        called = {"name": function.get("name"), "arguments": function.get("arguments") or ""}
        yield {"type": "function_call", "call_id": call.get("id"), **called}


def _content(content: Any, role: str) -> Any:
    if isinstance(content, list):
        return [_input_part(part, role) for part in content]
    return content or ""


def _input_part(part: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    if part.get("type") == "text":
        return {"type": "output_text" if role == "assistant" else "input_text", "text": part.get("text", "")}
    if part.get("type") == "image_url":
        image = part["image_url"]
        return {"type": "input_image", **({"image_url": image} if isinstance(image, str) else _image_fields(image))}
    if part.get("type") == "file":
        return {"type": "input_file", **(part.get("file") or {})}
    return part


def _image_fields(image: Mapping[str, Any]) -> dict[str, Any]:
    return {"image_url": image.get("url"), **({"detail": image["detail"]} if "detail" in image else {})}


def assistant_message(output: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The output items of a reply as one assistant's message of a chat, which `input_items` turns back into them.

    Beside `content`: `tool_calls` in the form of the chat endpoint, and `reasoning_items`, each only if there are any.
    """
    messages = [item for item in output if item.get("type") == "message"]
    parts = [part for item in messages for part in item.get("content") or ()]
    texts = [part.get("text") or "" for part in parts if part.get("type") == "output_text"]
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts else None}
    calls = [_chat_call(item) for item in output if item.get("type") == "function_call"]
    reasoning = [dict(item) for item in output if item.get("type") == "reasoning"]
    phases = [item["phase"] for item in messages if item.get("phase")]
    found = {"tool_calls": calls, "reasoning_items": reasoning, "phase": phases[-1] if phases else None}
    return {**message, **{key: value for key, value in found.items() if value}}


def _chat_call(item: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": item.get("name"), "arguments": item.get("arguments") or ""}
    return {"id": item.get("call_id"), "type": "function", "function": function}
