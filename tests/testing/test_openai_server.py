"""The loopback server: what it answers, how it breaks, and what it counts."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from evals.testing.faults import FAULTS, Faults
from evals.testing.openai_process import ServerProcess
from evals.testing.openai_replies import tokens_of
from evals.testing.openai_server import Answer, Call, LoopbackServer, read_answers
from evals.testing.waiting import wait_until

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post(
    server: Any, path: str, body: dict[str, Any], headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(server.base_url + path, json.dumps(body).encode(), headers or {})
    try:
        with OPENER.open(request, timeout=60) as reply:
            return reply.status, dict(reply.headers), reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def ask(server: Any, text: str = "hi", **options: Any) -> tuple[int, dict[str, str], bytes]:
    return post(server, "/chat/completions", {"model": "m", "messages": [{"role": "user", "content": text}], **options})


def test_each_endpoint_answers_in_its_own_shape():
    with LoopbackServer("forty two") as server:
        chat = json.loads(ask(server)[2])
        text = json.loads(post(server, "/completions", {"model": "m", "prompt": "hi"})[2])
        response = json.loads(post(server, "/responses", {"model": "m", "input": "hi"})[2])
        with OPENER.open(server.base_url + "/models") as reply:
            models = json.load(reply)
    assert chat["choices"][0]["message"]["content"] == "forty two"
    assert text["choices"][0]["text"] == "forty two"
    assert response["output"][0]["content"][0]["text"] == "forty two"
    assert models["data"][0]["id"] == "loopback"


def test_n_stop_and_max_tokens_are_heeded():
    with LoopbackServer("one two three. four") as server:
        whole = json.loads(ask(server, n=3)[2])
        stopped = json.loads(ask(server, stop=["."])[2])["choices"][0]
        cut = json.loads(ask(server, max_tokens=2)[2])["choices"][0]
    assert len(whole["choices"]) == 3
    assert (stopped["message"]["content"], stopped["finish_reason"]) == ("one two three", "stop")
    assert (cut["message"]["content"], cut["finish_reason"]) == ("one two", "length")


def test_a_function_answers_and_knows_choice_and_attempt():
    def answering(call: Call) -> str:
        return f"{call.endpoint} {call.prompt} {call.index} {call.attempt}"

    with LoopbackServer(answering) as server:
        ask(server, "q")
        choices = json.loads(ask(server, "q", n=2)[2])["choices"]
    assert [choice["message"]["content"] for choice in choices] == ["chat q 0 1", "chat q 1 1"]


def test_echo_with_logprobs_covers_the_prompt_and_only_the_first_token_has_none():
    with LoopbackServer("") as server:
        body = {"model": "m", "prompt": "the cat sat", "echo": True, "max_tokens": 0, "logprobs": 1}
        choice = json.loads(post(server, "/completions", body)[2])["choices"][0]
    assert choice["logprobs"]["tokens"] == ["the", " cat", " sat"]
    assert choice["logprobs"]["text_offset"] == [0, 3, 7]
    assert choice["logprobs"]["token_logprobs"] == [None, -0.4, -0.4]


def test_tokens_joined_are_the_text():
    text = "  a b\n\nc  "
    assert "".join(tokens_of(text)) == text


@pytest.mark.parametrize(("name", "status"), [("429", 429), ("500", 500), ("502", 502), ("503", 503)])
def test_status_faults(name: str, status: int):
    with LoopbackServer(fail_first_n=1, faults=[name]) as server:
        first, headers, _ = ask(server)
        second, _, _ = ask(server)
    assert (first, second) == (status, 200)
    assert ("Retry-After" in headers) is (name == "429")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("reset", ConnectionResetError),
        ("disconnect", http.client.RemoteDisconnected),
        ("truncated", http.client.IncompleteRead),
        ("stall", TimeoutError),
    ],
)
def test_wire_faults(name: str, error: type[Exception]):
    with LoopbackServer(fail_first_n=1, faults=[name]) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=0.3 if name == "stall" else 60)
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
        connection.request("POST", "/v1/chat/completions", body)
        with pytest.raises(error):
            connection.getresponse().read()
        wait_until(lambda: server.faults_sent == {name: 1})
        connection.close()


def test_body_faults_are_answers_with_nothing_usable_in_them():
    with LoopbackServer(fail_first_n=2, faults=["invalid_json", "empty_choices"]) as server:
        _, _, broken = ask(server)
        _, _, empty = ask(server)
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(broken)
    assert json.loads(empty)["choices"] == []


def test_faults_depend_on_seed_prompt_and_attempt_alone():
    faults = Faults(error_rate=0.3, seed=7)
    drawn = [faults.draw(f"prompt {k}", attempt) for k in range(2000) for attempt in range(2)]
    again = [Faults(error_rate=0.3, seed=7).draw(f"prompt {k}", attempt) for k in range(2000) for attempt in range(2)]
    other = [Faults(error_rate=0.3, seed=8).draw(f"prompt {k}", attempt) for k in range(2000) for attempt in range(2)]
    assert drawn == again
    assert drawn != other
    share = sum(name is not None for name in drawn) / len(drawn)
    assert abs(share - 0.3) < 4 * (0.3 * 0.7 / 4000) ** 0.5


def test_an_unknown_fault_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match="no such fault: 418; known: 429, 500"):
        Faults(names=["418"])
    assert "stall" in FAULTS


def test_more_than_max_concurrency_at_once_are_refused_and_counted():
    with LoopbackServer(max_concurrency=2, latency_s=600) as server:
        held = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=60) for _ in range(2)]
        for connection in held:
            connection.request("POST", "/v1/completions", '{"model": "m", "prompt": "hi"}')
        wait_until(lambda: server.n_in_flight == 2)
        status, headers, _ = ask(server)
        assert (status, "Retry-After" in headers) == (429, True)
        assert (server.max_in_flight, server.faults_sent) == (3, {"too many at once": 1})
        for connection in held:
            connection.close()
        wait_until(lambda: server.n_in_flight == 0)


def test_keys_models_context_and_quota():
    rules = {"api_key": "sk-right", "models": ["m*"], "context_length": 5, "quota_calls": 1}
    right = {"Authorization": "Bearer sk-right"}
    with LoopbackServer(**rules) as server:
        body = {"model": "mini", "messages": [{"role": "user", "content": "hi"}]}
        results = [
            post(server, "/chat/completions", body),
            post(server, "/chat/completions", {**body, "model": "x"}, right),
            post(server, "/chat/completions", {**body, "messages": [{"role": "user", "content": "w " * 9}]}, right),
            post(server, "/chat/completions", body, {"api-key": "sk-right"}),
            post(server, "/chat/completions", body, right),
        ]
    assert [status for status, _, _ in results] == [401, 404, 400, 200, 429]
    assert b"insufficient_quota" in results[-1][2]


def test_reasoning_models_refuse_the_old_parameters():
    with LoopbackServer(reasoning_models=["m"]) as server:
        messages = [json.loads(ask(server, **{key: 0})[2])["error"]["message"] for key in ("max_tokens", "temperature")]
        assert ask(server, max_completion_tokens=5)[0] == 200
    assert "Use 'max_completion_tokens' instead" in messages[0]
    assert "'temperature' does not support 0" in messages[1]


def test_an_answer_can_carry_an_error_or_a_refusal():
    def answering(call: Call) -> Answer:
        if call.prompt == "bad":
            return Answer(None, status=400, error_code="content_filter", error_message="filtered")
        return Answer(None, refusal="I will not")

    with LoopbackServer(answering) as server:
        status, _, body = ask(server, "bad")
        refused = json.loads(ask(server, "other")[2])["choices"][0]["message"]
    assert (status, json.loads(body)["error"]["code"]) == (400, "content_filter")
    assert refused == {"role": "assistant", "content": None, "refusal": "I will not"}


def test_read_answers_takes_last_user_messages_and_first_ideals(tmp_path):
    path = tmp_path / "answers.jsonl"
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "1+1"}]
    path.write_text(
        json.dumps({"input": chat, "ideal": ["2", "two"]}) + "\n\n" + '{"question": "q", "answer": "#### 4"}\n',
        encoding="utf-8",
    )
    assert read_answers(path) == {"1+1": "2", "q": "#### 4"}


def test_the_server_runs_as_a_process_and_shows_its_counters(tmp_path):
    path = tmp_path / "answers.jsonl"
    path.write_text('{"prompt": "ping", "completion": "pong"}\n', encoding="utf-8")
    with ServerProcess("--answers", str(path), "--answer", "other") as server:
        first = json.loads(ask(server, "ping")[2])["choices"][0]["message"]["content"]
        second = json.loads(ask(server, "else")[2])["choices"][0]["message"]["content"]
        stats = server.stats()
    assert (first, second) == ("pong", "other")
    assert stats["n_requests"] == stats["n_answered"] == 2
    assert stats["asked"] == {"ping": 1, "else": 1}


def test_answers_can_be_held_until_so_many_calls_are_in_flight():
    with LoopbackServer("42", hold_until=3) as server, ThreadPoolExecutor(3) as pool:
        first = [pool.submit(ask, server) for _ in range(2)]
        wait_until(lambda: server.n_in_flight == 2)
        assert not any(call.done() for call in first)
        assert [call.result(60)[0] for call in [*first, pool.submit(ask, server)]] == [200] * 3
        assert ask(server)[0] == 200, "once is enough"


def test_a_server_can_stop_to_answer_after_so_many_and_go_on():
    with LoopbackServer("42", stall_after=1) as server:
        assert ask(server)[0] == 200
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", "/v1/completions", '{"model": "m", "prompt": "never"}')
        wait_until(lambda: server.asked.total() == 2)
        server.stall_no_more()
        assert ask(server)[0] == 200
        assert (server.answered.total(), server.asked.total()) == (2, 3)
        wait_until(lambda: server.n_in_flight == 1)
        connection.close()
