"""What the chat endpoint takes, in the words of `/responses`: golden bodies, and the way back."""

from __future__ import annotations

from typing import Any

from openai.types.responses import ResponseFunctionToolCall
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter

from evals.completion_fns.openai.requests import RequestRules, chat_body, responses_body
from evals.completion_fns.openai.response_items import assistant_message, input_items, responses_options

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather.", "parameters": SCHEMA, "strict": True},
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "xyz"}
CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Weather in Oslo?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL], "reasoning_items": [REASONING]},
    {"role": "tool", "tool_call_id": "call_1", "content": "Rain."},
    {"role": "assistant", "content": "It rains."},
    {"role": "user", "content": "And in Rome?"},
]


def test_a_conversation_with_tools_becomes_items_in_the_order_of_the_turns():
    assert input_items(CHAT) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather in Oslo?"},
        REASONING,
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city": "Oslo"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "Rain."},
        {"role": "assistant", "content": "It rains."},
        {"role": "user", "content": "And in Rome?"},
    ]


def test_tools_and_their_choice_are_flat_and_nothing_is_stored():
    choice = {"type": "function", "function": {"name": "weather"}}
    assert responses_options({"tools": [TOOL], "tool_choice": choice, "parallel_tool_calls": False}) == {
        "tools": [
            {
                "type": "function",
                "name": "weather",
                "description": "The weather.",
                "parameters": SCHEMA,
                "strict": True,
            }
        ],
        "tool_choice": {"type": "function", "name": "weather"},
        "parallel_tool_calls": False,
        "store": False,
    }
    assert responses_options({"tool_choice": "required", "store": True}) == {"tool_choice": "required", "store": True}


def test_verbosity_and_format_are_parts_of_text():
    given = {
        "verbosity": "low",
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}},
    }
    assert responses_options(given)["text"] == {
        "verbosity": "low",
        "format": {"type": "json_schema", "name": "x", "schema": SCHEMA, "strict": True},
    }
    assert responses_options({"response_format": {"type": "json_object"}})["text"] == {
        "format": {"type": "json_object"}
    }


def test_the_body_is_what_the_openai_package_s_types_ask_for():
    body = responses_body("gpt-6-luna", CHAT, {"tools": [TOOL], "max_tokens": 100, "verbosity": "low"}, RequestRules())
    adapter: TypeAdapter[Any] = TypeAdapter(ResponseCreateParamsNonStreaming)
    adapter.validate_python(body)


def test_a_reply_becomes_a_message_that_becomes_the_same_items_again():
    call = ResponseFunctionToolCall(
        type="function_call", call_id="call_1", name="weather", arguments='{"city": "Oslo"}'
    ).model_dump(exclude_none=True)
    said = {
        "type": "message",
        "role": "assistant",
        "phase": "commentary",
        "content": [{"type": "output_text", "text": "Let me look."}],
    }
    message = assistant_message([REASONING, said, call])
    assert message == {
        "role": "assistant",
        "content": "Let me look.",
        "tool_calls": [CALL],
        "reasoning_items": [REASONING],
        "phase": "commentary",
    }
    assert input_items([message]) == [
        REASONING,
        {"role": "assistant", "content": "Let me look.", "phase": "commentary"},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city": "Oslo"}'},
    ]


def test_items_of_the_endpoint_itself_and_files_and_images_pass():
    item = {"type": "item_reference", "id": "rs_7"}
    parts = [
        {"type": "file", "file": {"file_id": "f_1"}},
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}},
    ]
    assert input_items([item, {"role": "user", "content": parts}]) == [
        item,
        {
            "role": "user",
            "content": [
                {"type": "input_file", "file_id": "f_1"},
                {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "low"},
            ],
        },
    ]


def test_reasoning_is_asked_for_encrypted_where_the_model_reasons_and_nothing_is_stored():
    assert responses_options({}, reasons=True) == {"include": ["reasoning.encrypted_content"], "store": False}
    assert responses_options({"store": True}, reasons=True) == {"store": True}
    assert responses_options({"logprobs": True}) == {"include": ["message.output_text.logprobs"], "store": False}


def test_reasoning_that_cannot_be_sent_back_is_left_out_and_chat_never_gets_any():
    message = {"role": "assistant", "content": "Hi.", "reasoning_items": [{"type": "reasoning", "id": "rs_1"}]}
    assert input_items([message]) == [{"role": "assistant", "content": "Hi."}]
    assert chat_body("m", [message], {}, RequestRules())["messages"] == [{"role": "assistant", "content": "Hi."}]
