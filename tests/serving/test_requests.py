"""What the endpoints refuse, in the words, codes and fields of the API; and what they make of what they accept."""

from __future__ import annotations

import pytest

from evals.serving.api_error import ApiError
from evals.serving.fields import parsed
from evals.serving.requests import Options, read_chat, read_text

HELLO = [{"role": "user", "content": "hello"}]


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"messages": None}, "messages", "missing_required_parameter"),
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": "hello"}, "messages", "invalid_type"),
        ({"messages": ["hello"]}, "messages[0]", "invalid_type"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [*HELLO, {"role": "user"}]}, "messages[1].content", "missing_required_parameter"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_type"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages[0].content[0]",
            "invalid_value",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text",
            "invalid_type",
        ),
        ({"messages": [{"role": "user", "name": 5, "content": "x"}]}, "messages[0].name", "invalid_type"),
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"temperature": True}, "temperature", "invalid_type"),
        ({"temperature": 10**400}, "temperature", "invalid_type"),
        ({"temperature": -0.1}, "temperature", "decimal_below_min_value"),
        ({"temperature": 2.1}, "temperature", "decimal_above_max_value"),
        ({"top_p": 1.5}, "top_p", "decimal_above_max_value"),
        ({"max_tokens": 0}, "max_tokens", "integer_below_min_value"),
        ({"max_tokens": 1.5}, "max_tokens", "invalid_type"),
        ({"max_tokens": 10**300}, "max_tokens", "integer_above_max_value"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens", "invalid_value"),
        ({"n": 0}, "n", "integer_below_min_value"),
        ({"n": 129}, "n", "integer_above_max_value"),
        ({"seed": "x"}, "seed", "invalid_type"),
        ({"stop": ""}, "stop", "empty_string"),
        ({"stop": ["a", 1]}, "stop", "invalid_type"),
        ({"stop": ["a"] * 33}, "stop", "array_above_max_length"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value"),
        ({"stream": True, "stream_options": 1}, "stream_options", "invalid_type"),
        ({"logprobs": 1}, "logprobs", "invalid_type"),
        ({"top_logprobs": 2}, "top_logprobs", "invalid_value"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs", "integer_above_max_value"),
        ({"tools": [{"type": "function"}]}, "tools", "unsupported_parameter"),
        ({"logit_bias": {"5": 3}}, "logit_bias", "unsupported_parameter"),
        ({"presence_penalty": 0.5}, "presence_penalty", "unsupported_parameter"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "invalid_value"),
        ({"response_format": "json"}, "response_format", "invalid_type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.schema", "invalid_type"),
        ({"response_format": {"type": "json_object"}, "logprobs": True}, "logprobs", "unsupported_parameter"),
        ({"model": 5}, "model", "invalid_type"),
        ({"model": None}, "model", None),
        ({"temprature": 1}, None, None),
    ],
)
def test_a_malformed_chat_request_is_refused_by_name(change, param, code):
    with pytest.raises(ApiError) as caught:
        read_chat({"model": "m", "messages": HELLO, **change})
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)
    assert caught.value.kind == "invalid_request_error"


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"prompt": []}, "prompt", "empty_array"),
        ({"prompt": 5}, "prompt", "invalid_type"),
        ({"prompt": ["a", 5]}, "prompt", "invalid_type"),
        ({"prompt": [True, False]}, "prompt", "invalid_type"),
        ({"prompt": ["a"] * 2049}, "prompt", "array_above_max_length"),
        ({"suffix": "end"}, "suffix", "unsupported_parameter"),
        ({"best_of": 3}, "best_of", "unsupported_parameter"),
        ({"logprobs": True}, "logprobs", "invalid_type"),
        ({"logprobs": 21}, "logprobs", "integer_above_max_value"),
        ({"max_tokens": -1}, "max_tokens", "integer_below_min_value"),
        ({"echo": True, "stream": True}, "echo", "unsupported_parameter"),
        ({"messages": HELLO}, None, None),
    ],
)
def test_a_malformed_text_request_is_refused_by_name(change, param, code):
    with pytest.raises(ApiError) as caught:
        read_text({"model": "m", "prompt": "hello", **change})
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b'{"temperature": NaN}', b"[" * 100_000]
    + [b'{"seed": ' + b"9" * 10_000 + b"}"],
)
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(ApiError, match="could not parse the JSON body") as caught:
        parsed(body)
    assert caught.value.status == 400


def test_defaults_are_those_of_the_api():
    chat = read_chat({"model": "m", "messages": HELLO})
    assert chat.options == Options(None, 1.0, 1.0, (), None, 1, None, False, False)
    text = read_text({"model": "m"})
    assert text.prompts == ("",)
    assert text.options == Options(16, 1.0, 1.0, (), None, 1, None, False, False)


def test_what_changes_nothing_is_accepted():
    harmless = {
        "user": "me",
        "frequency_penalty": 0,
        "presence_penalty": 0.0,
        "logit_bias": {},
        "tools": [],
        "tool_choice": "none",
    }
    nulls = {"stop": None, "seed": None, "max_tokens": None, "logprobs": None, "stream_options": None}
    asked = read_chat({"model": "m", "messages": HELLO, "response_format": {"type": "text"}, **harmless, **nulls})
    assert asked.options == Options(None, 1.0, 1.0, (), None, 1, None, False, False)


def test_text_parts_are_joined_and_names_are_kept():
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    asked = read_chat({"model": "m", "messages": [{"role": "developer", "name": "n", "content": parts}]})
    assert asked.messages == ({"role": "developer", "name": "n", "content": "one\ntwo"},)


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [("a", ("a",)), (["a", "b"], ("a", "b")), ([1, 2], ((1, 2),)), ([[1], [2, 3]], ((1,), (2, 3))), ("", ("",))],
)
def test_the_four_forms_of_a_prompt(prompt, prompts):
    assert read_text({"model": "m", "prompt": prompt}).prompts == prompts


def test_zero_log_probabilities_are_not_none():
    assert read_text({"model": "m", "logprobs": 0}).options.top_logprobs == 0
    assert read_chat({"model": "m", "messages": HELLO, "logprobs": True}).options.top_logprobs == 0
