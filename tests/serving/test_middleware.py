"""Latency, limits, keys and faults, as a client meets them on the wire."""

from __future__ import annotations

import http.client
import json
import socket

import openai
import pytest
from server_process import Served

from evals.serving.faults import FaultPlan

BODY = json.dumps({"model": "stand-in", "prompt": "x", "max_tokens": 2, "temperature": 0}).encode()


def post(served, body=BODY, timeout=60):
    connection = http.client.HTTPConnection(served.base_url.split("/")[2], timeout=timeout)
    try:
        connection.request("POST", "/v1/completions", body, {"content-type": "application/json"})
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


def test_each_fault_as_it_is_on_the_wire(tmp_path):
    names = "429,500,502,503,invalid_json,empty_choices,reset,disconnect,truncated"
    with Served("--faults", names, "--fail-first-n", "9", "--retry-after", "1.5", folder=tmp_path) as served:
        status, headers, body = post(served)
        assert (status, headers["Retry-After"], headers["retry-after-ms"]) == (429, "1.5", "1500")
        assert json.loads(body)["error"]["type"] == "requests"
        assert [post(served)[0] for _ in range(3)] == [500, 502, 503]
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            json.loads(post(served)[2])
        assert json.loads(post(served)[2])["choices"] == []
        with pytest.raises(ConnectionResetError):
            post(served)
        with pytest.raises(http.client.RemoteDisconnected):
            post(served)
        with pytest.raises(http.client.IncompleteRead):
            post(served)
        assert post(served)[0] == 200
        assert served.stats()["faults"] == dict.fromkeys(names.split(","), 1)


def test_a_stalled_request_is_never_answered_and_does_not_hold_the_server(tmp_path):
    with Served("--faults", "stall", "--fail-first-n", "1", folder=tmp_path) as served:
        with pytest.raises(socket.timeout):
            post(served, timeout=2)
        assert post(served)[0] == 200


def test_half_a_stream_is_cut_off(tmp_path):
    with Served("--faults", "truncated", "--fail-first-n", "1", folder=tmp_path) as served:
        asked = json.dumps(
            {"model": "stand-in", "prompt": "x", "max_tokens": 9, "temperature": 0, "stream": True}
        ).encode()
        with pytest.raises(http.client.IncompleteRead) as caught:
            post(served, asked)
        assert caught.value.partial.startswith(b"data: {")
        assert b"[DONE]" not in caught.value.partial
        assert b"[DONE]" in post(served, asked)[2]


def test_which_attempts_fail_follows_from_the_seed(tmp_path):
    plan = FaultPlan(error_rate=0.5, names=("500",), seed=7)
    bodies = [json.dumps({"model": "stand-in", "prompt": f"x{k}", "max_tokens": 1}) for k in range(30)]
    expected = [[500 if plan.draw(body, attempt) else 200 for attempt in range(2)] for body in bodies]
    with Served("--error-rate", "0.5", "--faults", "500", "--seed", "7", folder=tmp_path) as served:
        found = [[post(served, body.encode())[0] for _ in range(2)] for body in bodies]
    assert found == expected
    assert {200, 500} == {status for pair in found for status in pair}


def test_too_many_at_once_are_refused(tmp_path):
    with Served("--max-concurrency", "0", folder=tmp_path) as served:
        assert post(served)[0] == 429
        assert served.stats()["faults"] == {"too many at once": 1}


def test_requests_without_the_key_are_refused(tmp_path):
    with Served("--api-key", "secret-1", folder=tmp_path) as served:
        assert "secret-1" not in served.greeting
        with openai.OpenAI(base_url=served.base_url, api_key="secret-2", max_retries=0) as client:
            with pytest.raises(openai.AuthenticationError) as caught:
                client.models.list()
            assert caught.value.code == "invalid_api_key"
            with pytest.raises(openai.AuthenticationError):
                client.completions.create(model="stand-in", prompt="x")
        with openai.OpenAI(base_url=served.base_url, api_key="secret-1", max_retries=0) as client:
            assert client.completions.create(model="stand-in", prompt="x", max_tokens=1).choices


def test_several_models_and_other_names_of_the_first(tmp_path):
    options = ("stand-in-small", "--alias", "gpt-4o-mini")
    with Served(*options, folder=tmp_path) as served, openai.OpenAI(base_url=served.base_url, api_key="x") as client:
        assert [model.id for model in client.models.list()] == ["stand-in", "stand-in-small", "gpt-4o-mini"]
        asked = {"prompt": "x" * 100, "max_tokens": 3, "temperature": 0}
        reply = client.completions.create(model="gpt-4o-mini", **asked)
        assert reply.choices[0].text == client.completions.create(model="stand-in", **asked).choices[0].text
        with pytest.raises(openai.BadRequestError, match="maximum context length is 64"):
            client.completions.create(model="stand-in-small", **asked)


def test_a_list_of_models_is_served_whole(tmp_path):
    with Served(folder=tmp_path, model="both") as served:
        assert [model["id"] for model in served.request("GET", "/models")[1]["data"]] == ["stand-in", "stand-in-small"]


def test_latency_comes_on_top(tmp_path):
    import time

    with Served("--latency", "0.4", folder=tmp_path) as served:
        began_s = time.monotonic()
        assert post(served)[0] == 200
        assert time.monotonic() - began_s >= 0.4


def test_the_sdk_gets_over_faults_that_pass(tmp_path):
    options = ("--faults", "500,reset,429", "--fail-first-n", "3")
    with (
        Served(*options, folder=tmp_path) as served,
        openai.OpenAI(base_url=served.base_url, api_key="x", max_retries=5) as client,
    ):
        assert client.completions.create(model="stand-in", prompt="x", max_tokens=1).choices
        assert served.stats()["n_requests"] == 4
