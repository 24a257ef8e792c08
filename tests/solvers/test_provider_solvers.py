"""Solvers over one provider: what they send, and how they read the answer."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace
from typing import Any

import pytest

from evals.engine.failures import CallFailed, Kind
from evals.errors import EvalsError, RegistryError
from evals.solvers.providers.openai.openai_solver import OpenAISolver
from evals.solvers.providers.together.together_solver import TogetherSolver
from evals.solvers.solver import SolverResult
from evals.task_state import Message, TaskState
from evals.testing.openai_server import Answer, LoopbackServer

TASK = TaskState("task", [Message("user", "q")])


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "TOGETHER_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-the-loopback-server")


def openai_solver(server: LoopbackServer, model: str = "gpt-4o-mini", **kwargs: Any) -> OpenAISolver:
    options = {"model": model, "api_base": server.base_url, "extra_options": {"temperature": 1}}
    return OpenAISolver(completion_fn_options=options, **kwargs)


def test_a_chat_model_gets_messages_and_its_options_win_over_the_eval_s():
    with LoopbackServer("a") as server:
        result = openai_solver(server)(TASK, temperature=0.0, max_tokens=4)
        assert result.output == "a"
        assert server.bodies[0]["messages"] == [
            {"role": "system", "content": "task"},
            {"role": "user", "content": "q"},
        ]
        assert (server.bodies[0]["temperature"], server.bodies[0]["max_tokens"]) == (1, 4)
    assert result.metadata["raw_completion_result"].get_completions() == ["a"]


def test_spacers_are_never_sent_to_a_chat_model():
    with LoopbackServer("a") as server:
        openai_solver(server)(TaskState("task", [Message("spacer", ""), Message("user", "q")]))
        assert [message["role"] for message in server.bodies[0]["messages"]] == ["system", "user"]


def test_a_fixed_start_is_put_into_a_text_model_s_mouth_and_kept_in_the_answer():
    with LoopbackServer(" is B.") as server:
        result = openai_solver(server, "gpt-3.5-turbo-instruct", fixed_start="The answer")(TASK)
        assert server.bodies[0]["prompt"] == "System: task\nUser: q\nAssistant: The answer"
    assert result.output == "The answer is B."
    assert result.metadata["raw_output"] == " is B."


def test_a_text_model_can_go_on_with_the_assistant_s_last_message():
    with LoopbackServer("four") as server:
        state = TaskState("task", [Message("user", "2+2"), Message("assistant", "It is")])
        result = openai_solver(server, "gpt-3.5-turbo-instruct", continue_last_assistant_msg=True)(state)
        assert server.bodies[0]["prompt"] == "System: task\nUser: 2+2\nAssistant: It is"
    assert result.output == "It is four"


def test_base_model_options_are_refused_for_chat_models():
    with pytest.raises(ValueError, match="for text models"):
        OpenAISolver(completion_fn_options={"model": "gpt-4o"}, fixed_start="A")


def test_a_solver_needs_a_model():
    with pytest.raises(ValueError, match="needs a model"):
        OpenAISolver(completion_fn_options={})


def test_a_refused_call_is_an_error_and_not_an_answer():
    too_long = Answer("", status=400, error_code="context_length_exceeded", error_message="maximum context length is 9")
    with LoopbackServer(too_long) as server, pytest.raises(CallFailed) as caught:
        openai_solver(server)(TASK)
    assert caught.value.kind is Kind.CONTEXT_LENGTH


def test_a_subclass_may_answer_in_place_of_a_failed_call():
    class Forgiving(OpenAISolver):
        def _handle_completion_exception(self, e: Any) -> SolverResult:
            return SolverResult("", error=e.kind.value)

    refused = Answer("", status=400, error_message="content_filter triggered", error_code="content_filter")
    with LoopbackServer(refused) as server:
        solver = Forgiving(completion_fn_options={"model": "m", "api_base": server.base_url})
        assert solver(TASK).metadata == {"error": "content filter"}


def test_the_model_version_is_asked_of_the_server():
    with LoopbackServer("a") as server:
        assert openai_solver(server).model_version == "gpt-4o-mini"
        assert server.bodies[0]["max_tokens"] == 1


def test_the_options_given_are_not_changed():
    options = {"model": "gpt-4o", "extra_options": {"temperature": 1}}
    OpenAISolver(completion_fn_options=options)
    assert options == {"model": "gpt-4o", "extra_options": {"temperature": 1}}


@pytest.mark.skipif(importlib.util.find_spec("tiktoken") is not None, reason="tiktoken is installed")
def test_valid_answers_without_tiktoken_say_what_to_install():
    with pytest.raises(EvalsError, match="needs the tiktoken package") as caught:
        OpenAISolver(completion_fn_options={"model": "gpt-4o"}, valid_answers=["A"])
    assert "pip install tiktoken" in str(caught.value)


S, U, A = ({"role": role, "content": f"<{role}>"} for role in ("system", "user", "assistant"))
AS_USER = {"role": "user", "content": "<system>"}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ([S], [AS_USER]),
        ([S, U], [S, U]),
        ([S, A], [AS_USER, A]),
        ([S, U, S], [S, U, AS_USER]),
        ([S, A, S], [AS_USER, A, AS_USER]),
    ],
)
def test_together_keeps_one_system_message_at_the_start(given: list[dict[str, str]], sent: list[dict[str, str]]):
    solver = TogetherSolver(completion_fn_options={"model": "meta-llama/Llama-2-13b-chat-hf"})
    assert solver._process_msgs(given) == sent


def test_together_can_join_neighbours_of_one_role():
    options = {"model": "some/model"}
    solver = TogetherSolver(merge_adjacent_msgs=True, completion_fn_options=options)
    joined = {"role": "user", "content": "<user>\n\n<user>\n\n<system>"}
    assert solver._process_msgs([S, U, U, S, A, A]) == [
        S,
        joined,
        {"role": "assistant", "content": "<assistant>\n\n<assistant>"},
    ]


def test_together_has_its_own_address_and_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOGETHER_API_KEY", "together-key")
    fn = TogetherSolver(completion_fn_options={"model": "some/model"}).completion_fn
    assert (fn.base_url, fn.api_key) == ("https://api.together.xyz/v1", "together-key")


def test_anthropic_usage_has_openai_s_three_counts():
    from evals.solvers.providers.anthropic.anthropic_solver import anth_to_openai_usage

    usage = anth_to_openai_usage(SimpleNamespace(input_tokens=100, output_tokens=150))
    assert usage == {"completion_tokens": 150, "prompt_tokens": 100, "total_tokens": 250}


def test_the_assistants_solver_says_what_to_use_instead():
    from evals.solvers.providers.openai.openai_assistants_solver import OpenAIAssistantsSolver

    with pytest.raises(RegistryError, match="generation/direct/gpt-4"):
        OpenAIAssistantsSolver(model="gpt-4", tools=[])
