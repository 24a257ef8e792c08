"""Refused parameters and roles in the words of many servers, and the requests that follow."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.openai.message_roles import alternating, in_roles
from evals.completion_fns.openai.models import OpenAIChatCompletionFn
from evals.completion_fns.openai.refusals import adapted, refused_parameter
from evals.completion_fns.openai.requests import RequestRules, chat_body, responses_body
from evals.testing.http_server import HttpReply, HttpRequest, ServerThread

BODY = {"temperature": 0.0, "top_p": 0.9, "stop": ["x"], "seed": 1, "user": "u", "presence_penalty": 0, "max_tokens": 5}


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (
            "litellm.UnsupportedParamsError: gpt-5 models (including gpt-5-codex) don't support temperature=0.0. Only "
            "temperature=1 is supported.",
            "temperature",
        ),
        ("litellm.UnsupportedParamsError: openai does not support parameters: ['stop'], for model=gpt-5.", "stop"),
        ("invalid temperature: only 1 is allowed for this model", "temperature"),
        ("`temperature` may only be set to 1 when thinking is enabled.", "temperature"),
        ("`temperature` is deprecated for this model.", "temperature"),
        ("`temperature` and `top_p` cannot both be specified for this model. Please use only one.", "top_p"),
        ("Argument not supported on this model: stop", "stop"),
        ("Argument not supported on this model: presencePenalty", "presence_penalty"),
        ('Invalid JSON payload received. Unknown name "seed": Cannot find field.', "seed"),
        ('{"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs"}]}', "seed"),
        ("temperature is not supported for this model", "temperature"),
        ("temperature must be between 0 and 1", None),
        ("Unsupported value: 'temperature' must be less than 2", None),
        ("Images are not supported. To stop seeing this, ask the user", None),
        ("`max_tokens` is not supported", None),
        ("stop doing that", None),
    ],
)
def test_a_parameter_that_a_model_never_takes_is_found_in_the_words_of_each_server(message: str, name: str | None):
    assert refused_parameter(message, BODY) == name
    assert name is None or refused_parameter(message, {"max_tokens": 5}) is None


def test_a_temperature_of_zero_is_left_out_alone_where_it_must_be_positive():
    message = "Input validation error: `temperature` must be strictly positive"
    rules = adapted(RequestRules(), message, BODY)
    assert rules is not None
    assert rules.apply({"temperature": 0.0, "n": 0}) == {"n": 0}
    assert rules.apply({"temperature": 0.8}) == {"temperature": 0.8}
    assert rules.changes_to({"temperature": 0.0}) == {"temperature": None}
    assert adapted(RequestRules(), message, {"temperature": -1}) is None


FEW_SHOTS = [
    {"role": "system", "content": "Be brief."},
    {"role": "system", "name": "example_user", "content": "2+2"},
    {"role": "system", "name": "example_assistant", "content": "4"},
    {"role": "user", "content": "3+3"},
    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]},
]


def test_roles_alternate_with_examples_in_the_roles_of_their_names():
    assert alternating(FEW_SHOTS, "user") == [
        {"role": "user", "content": "Be brief.\n\n2+2"},
        {"role": "assistant", "content": "4"},
        {"role": "user", "content": [{"type": "text", "text": "3+3"}, *FEW_SHOTS[4]["content"]]},
    ]
    assert alternating(FEW_SHOTS[:1], None) == FEW_SHOTS[:1]
    assert in_roles(FEW_SHOTS, None, must_alternate=False) is FEW_SHOTS


def test_the_responses_endpoint_gets_the_same_roles():
    rules = RequestRules(system_role="user", must_alternate=True, no_developer=True)
    chat = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "3+3"}]
    assert responses_body("m", chat, {}, rules)["input"] == [{"role": "user", "content": "Be brief.\n\n3+3"}]
    items = [{"type": "function_call_output", "call_id": "a", "output": "1"}]
    assert responses_body("m", items, {}, rules)["input"] == items


def test_calls_of_tools_and_their_results_stay_as_they_are():
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    chat = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
    ]
    assert alternating(chat, "user") == chat


class _Template:
    """A server whose chat template takes user and assistant in turn."""

    def __init__(self, status: int, words: str) -> None:
        self.status, self.words = status, words
        self.roles: list[list[str]] = []

    def answer(self, request: HttpRequest) -> HttpReply:
        roles = [message["role"] for message in json.loads(request.body)["messages"]]
        self.roles.append(roles)
        if "system" in roles or "developer" in roles:
            return HttpReply(json.dumps({"error": {"message": self.words}}).encode(), self.status)
        if any(first == second for first, second in itertools.pairwise(roles)):
            return HttpReply(b'{"error": "Conversation roles must alternate user/assistant/user/assistant/..."}', 400)
        choice = {"index": 0, "message": {"role": "assistant", "content": "6"}, "finish_reason": "stop"}
        return HttpReply(json.dumps({"choices": [choice]}).encode())

    def finished(self) -> None: ...


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "System role not supported System role not supported"),
        (400, "Error rendering prompt with jinja template: Only user and assistant roles are supported!"),
        (422, "Template error: invalid operation: Only user, assistant and tool roles are supported, got system"),
        (500, "While executing CallExpression: System role not supported"),
    ],
)
def test_a_template_without_a_system_role_gets_user_and_assistant_in_turn(status: int, words: str):
    async def calls(fn: Any) -> list[Completions]:
        try:
            developer = [{"role": "developer", "content": "Be brief."}, FEW_SHOTS[3]]
            return [await fn.complete(chat) for chat in (FEW_SHOTS[:4], "3+3", developer)]
        finally:
            await fn.aclose()

    app = _Template(status, words)
    server = ServerThread(app)
    port = server.start()
    try:
        results = asyncio.run(calls(OpenAIChatCompletionFn("m", f"http://127.0.0.1:{port}/v1")))
    finally:
        server.stop()
    assert [result.texts for result in results] == [["6"]] * 3
    assert app.roles[1:] == [["user", "assistant", "user"], ["user"], ["user"]]


def test_neighbours_of_one_role_are_joined_where_the_template_refuses_them():
    rules = adapted(RequestRules(), "Conversation roles must alternate user/assistant/user/assistant/...", {})
    assert rules == RequestRules(must_alternate=True)
    assert adapted(rules, "Conversation roles must alternate user/assistant/...", {}) is None


@pytest.mark.parametrize(
    "message",
    [
        "Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant `developer`, "
        "expected one of `system`, `user`, `assistant`, `tool` at line 1 column 85",
        "messages[0]: unknown role: developer at line 1 column 16943",
        "Unexpected role 'developer' after role 'user'",
    ],
)
def test_a_server_without_a_developer_role_gets_a_system_message(message: str):
    chat = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "3+3"}]
    rules = adapted(RequestRules(), message, {"messages": chat})
    assert rules == RequestRules(no_developer=True)
    sent = chat_body("m", chat, {}, rules)["messages"]
    assert sent == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "3+3"}]
    assert adapted(rules, message, {"messages": chat}) is None
    assert adapted(RequestRules(), message, {"messages": chat[1:]}) is None
