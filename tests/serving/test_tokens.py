"""The tokenizer over HTTP, as lm-evaluation-harness's remote tokenizer asks for it; and limits that are clamped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from server_process import Served
from stand_in import END, StandIn

MODEL = StandIn()


def post(served: Served, path: str, body: Any) -> tuple[int, Any]:
    return served.request("POST", path, json.dumps(body).encode())


def test_the_tokenizer_says_what_ends_a_text(served: Served):
    status, info = served.request("GET", "//tokenizer_info")
    assert status == 200
    assert (info["eos_token"], info["bos_token"], info["model_max_length"]) == ("<end>", None, MODEL.n_ctx)
    assert "chat_template" in info


@pytest.mark.parametrize("text", ["test", "", "zwölf\n", "<end>", "a <end>"])
def test_texts_become_tokens_and_tokens_texts(served: Served, text: str):
    status, found = post(served, "//tokenize", {"prompt": text, "add_special_tokens": False})
    expected = [END] if text == "<end>" else MODEL.encode(text)
    assert (status, found["tokens"], found["count"]) == (200, expected, len(expected))
    status, back = post(served, "//detokenize", {"tokens": found["tokens"]})
    assert (status, back["prompt"]) == (200, "" if text == "<end>" else text)


def test_a_chat_becomes_the_tokens_of_its_text(served: Served):
    messages = [{"role": "user", "content": "q"}]
    _, found = post(served, "//tokenize", {"model": "stand-in", "messages": messages})
    assert found["tokens"] == MODEL.encode(MODEL.render_chat(messages))


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("//tokenize", {}, 400, "prompt"),
        ("//tokenize", {"prompt": 5}, 400, "prompt"),
        ("//tokenize", {"prompt": "x", "model": "other"}, 404, "model"),
        ("//tokenize", {"messages": [1]}, 400, "messages"),
        ("//detokenize", {}, 400, "tokens"),
        ("//detokenize", {"tokens": [-1]}, 400, "tokens"),
        ("//detokenize", {"tokens": ["a"]}, 400, "tokens"),
    ],
)
def test_what_is_no_text_and_no_token_is_refused(served: Served, path: str, body: Any, status: int, param: str):
    got, reply = post(served, path, body)
    assert (got, reply["error"]["param"]) == (status, param)


def test_no_alternatives_may_be_asked_for_without_log_probabilities(served: Served):
    body = {"model": "stand-in", "messages": [{"role": "user", "content": "x"}], "max_tokens": 1}
    for more in ({"logprobs": False, "top_logprobs": 0}, {"top_logprobs": 0}):
        status, reply = post(served, "/chat/completions", {**body, **more})
        assert (status, reply["choices"][0]["logprobs"]) == (200, None)


def test_a_limit_beyond_the_context_is_clamped_where_that_is_asked_for(tmp_path: Path, served: Served):
    body = {"model": "stand-in", "messages": [{"role": "user", "content": "x"}], "max_tokens": 1024, "seed": 1}
    assert post(served, "/chat/completions", body)[0] == 400
    with Served("--clamp-max-tokens", folder=tmp_path) as clamping:
        status, reply = post(clamping, "/chat/completions", body)
        assert status == 200
        assert reply["usage"]["total_tokens"] <= MODEL.n_ctx
        long = {**body, "messages": [{"role": "user", "content": "x" * MODEL.n_ctx}]}
        assert post(clamping, "/chat/completions", long)[1]["error"]["code"] == "context_length_exceeded"
