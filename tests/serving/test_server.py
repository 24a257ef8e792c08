"""`evals serve` in a process of its own, asked by the real `openai` client; expected values come from the model itself."""

from __future__ import annotations

import json

import openai
import pytest
from stand_in import StandIn

from evals.local_models.language_model import Sampling

MODEL = StandIn()
CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Café?"}]
CHAT_PROMPT = "system: Be brief.\nuser: Café?\nAnswer:"


def drawn(prompt: str, **sampling):
    return MODEL.generate([(MODEL.encode(prompt), Sampling(**sampling))])[0]


def refused(call, *args, **kwargs):
    with pytest.raises(openai.APIStatusError) as caught:
        call(*args, **kwargs)
    return caught.value


def test_models_are_listed_and_found(client):
    assert [model.id for model in client.models.list()] == ["stand-in"]
    assert client.models.retrieve("stand-in").id == "stand-in"
    assert refused(client.models.retrieve, "gpt-9").code == "model_not_found"


def test_a_chat_is_what_the_model_says_to_its_own_template(client):
    expected = drawn(CHAT_PROMPT, max_tokens=30, seed=5, n=3, stop=("q", "\n"))
    reply = client.chat.completions.create(model="stand-in", messages=CHAT, max_tokens=30, seed=5, n=3, stop="q")
    assert [choice.message.content for choice in reply.choices] == [draw.text.removeprefix(" ") for draw in expected]
    assert [choice.finish_reason for choice in reply.choices] == [draw.finish_reason for draw in expected]
    assert [choice.index for choice in reply.choices] == [0, 1, 2]
    assert reply.usage.prompt_tokens == len(CHAT_PROMPT.encode())
    assert reply.usage.completion_tokens == sum(draw.n_drawn for draw in expected)
    assert all(choice.logprobs is None for choice in reply.choices)


def test_a_chat_without_a_limit_fills_the_context(client):
    expected = drawn(CHAT_PROMPT, max_tokens=512 - len(CHAT_PROMPT.encode()), seed=1, stop=("\n",))[0]
    reply = client.chat.completions.create(model="stand-in", messages=CHAT, seed=1)
    assert reply.choices[0].message.content == expected.text.removeprefix(" ")


def test_log_probabilities_of_a_chat(client):
    expected = drawn(CHAT_PROMPT, max_tokens=12, temperature=0, top_logprobs=3, stop=("\n",))[0]
    reply = client.chat.completions.create(
        model="stand-in", messages=CHAT, max_tokens=12, temperature=0, logprobs=True, top_logprobs=3
    )
    content = reply.choices[0].logprobs.content
    assert [bytes(token.bytes) for token in content] == [token.piece for token in expected.tokens]
    assert [token.logprob for token in content] == [token.logprob for token in expected.tokens]
    assert [[top.logprob for top in token.top_logprobs] for token in content] == [
        [logprob for _, logprob in token.top] for token in expected.tokens
    ]


@pytest.mark.parametrize("n", [1, 3])
def test_a_streamed_chat_is_the_same_text_and_log_probabilities(client, n):
    asked = {
        "model": "stand-in",
        "messages": CHAT,
        "max_tokens": 40,
        "seed": 3,
        "n": n,
        "logprobs": True,
        "stop": ["ab", "x"],
    }
    whole = client.chat.completions.create(**asked)
    texts, logprobs, reasons, usage = [""] * n, [[] for _ in range(n)], [None] * n, None
    for chunk in client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
            logprobs[choice.index] += choice.logprobs.content if choice.logprobs else []
            reasons[choice.index] = choice.finish_reason or reasons[choice.index]
    assert texts == [choice.message.content for choice in whole.choices]
    assert logprobs == [choice.logprobs.content for choice in whole.choices]
    assert reasons == [choice.finish_reason for choice in whole.choices]
    assert usage == whole.usage


def test_a_stream_begins_with_the_role_and_ends_with_done(served):
    import urllib.request

    body = json.dumps({"model": "stand-in", "messages": CHAT, "max_tokens": 3, "seed": 1, "stream": True}).encode()
    request = urllib.request.Request(served.base_url + "/chat/completions", body)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        events = reply.read().decode().strip().split("\n\n")
    assert json.loads(events[0].removeprefix("data: "))["choices"][0]["delta"]["role"] == "assistant"
    assert events[-1] == "data: [DONE]"


def test_a_text_completion_and_its_stream(client):
    expected = drawn("Once", max_tokens=16, seed=9, n=2)
    asked = {"model": "stand-in", "prompt": "Once", "seed": 9, "n": 2}
    reply = client.completions.create(**asked)
    assert [choice.text for choice in reply.choices] == [draw.text for draw in expected]
    texts, logprobs, offsets = ["", ""], [[], []], [[], []]
    for chunk in client.completions.create(**asked, stream=True, logprobs=0):
        for choice in chunk.choices:
            texts[choice.index] += choice.text
            logprobs[choice.index] += choice.logprobs.token_logprobs if choice.logprobs else []
            offsets[choice.index] += choice.logprobs.text_offset if choice.logprobs else []
    assert texts == [draw.text for draw in expected]
    assert logprobs == [[token.logprob for token in draw.tokens] for draw in expected]
    whole = client.completions.create(**asked, logprobs=0)
    assert offsets == [choice.logprobs.text_offset for choice in whole.choices]


def test_offsets_of_a_stream_are_those_of_the_whole_when_a_stop_text_holds_text_back(client):
    plain = drawn("Once", max_tokens=40, seed=2)[0].text
    asked = {
        "model": "stand-in",
        "prompt": "Once",
        "seed": 2,
        "max_tokens": 40,
        "logprobs": 0,
        "stop": [plain[k] + "\n\n" for k in range(30, 34)] + [plain[35:37]],
    }
    whole = client.completions.create(**asked).choices[0]
    chunks = [chunk.choices[0] for chunk in client.completions.create(**asked, stream=True)]
    assert "".join(chunk.text for chunk in chunks) == whole.text
    assert [at for chunk in chunks if chunk.logprobs for at in chunk.logprobs.text_offset] == whole.logprobs.text_offset


def test_echo_gives_the_log_probabilities_of_the_prompts(client):
    prompts = ["The café", "x", "ß is two bytes"]
    reply = client.completions.create(model="stand-in", prompt=prompts, max_tokens=0, echo=True, logprobs=2)
    for prompt, choice in zip(prompts, reply.choices, strict=True):
        expected = MODEL.score([MODEL.encode(prompt)], 2)[0]
        assert choice.text == prompt
        assert choice.logprobs.token_logprobs == [token.logprob for token in expected]
        assert [max(top.values()) for top in choice.logprobs.top_logprobs] == [token.top[0][1] for token in expected]
        assert all(
            choice.text.startswith(token, at)
            for token, at in zip(choice.logprobs.tokens, choice.logprobs.text_offset, strict=True)
            if not token.startswith("bytes:")
        )
    assert reply.usage.completion_tokens == 0


def test_echo_goes_on_with_what_is_drawn(client):
    reply = client.completions.create(
        model="stand-in", prompt="abc", max_tokens=5, echo=True, logprobs=0, temperature=0
    )
    expected = drawn("abc", max_tokens=5, temperature=0)[0]
    choice = reply.choices[0]
    assert choice.text == "abc" + expected.text
    scored = MODEL.score([MODEL.encode("abc" + expected.text)])[0]
    assert choice.logprobs.token_logprobs == [token.logprob for token in scored]
    assert choice.logprobs.text_offset == list(range(3 + len(expected.tokens)))
    assert choice.logprobs.top_logprobs is None


def test_token_ids_are_prompts_too(client):
    ids = MODEL.encode("Hé")
    reply = client.completions.create(model="stand-in", prompt=[ids, ids[:1]], max_tokens=2, temperature=0, echo=True)
    assert [choice.text[:2] for choice in reply.choices] == [
        "Hé",
        "H" + drawn("H", max_tokens=2, temperature=0)[0].text[0],
    ]
    assert refused(client.completions.create, model="stand-in", prompt=[5, 400]).param == "prompt"
    assert refused(client.completions.create, model="stand-in", prompt=[5, -1]).param == "prompt"


def test_a_prompt_that_is_too_long_is_the_api_s_context_error(client):
    error = refused(client.chat.completions.create, model="stand-in", messages=[{"role": "user", "content": "x" * 600}])
    assert (error.status_code, error.code, error.param, error.type) == (
        400,
        "context_length_exceeded",
        "messages",
        "invalid_request_error",
    )
    assert "maximum context length is 512 tokens" in str(error)
    error = refused(client.completions.create, model="stand-in", prompt="x" * 500, max_tokens=13)
    assert (error.code, error.param) == ("context_length_exceeded", "prompt")
    assert client.completions.create(model="stand-in", prompt="x" * 500, max_tokens=12).usage.prompt_tokens == 500


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/chat/completions", b"{", 400, None),
        ("POST", "/completions", b"\xff", 400, None),
        ("POST", "/completions", b"", 400, None),
        ("POST", "/chat/completions", b'{"model": "stand-in"}', 400, "missing_required_parameter"),
        ("POST", "/chat/completions", b'{"model": "gpt-9", "messages": [{"role": "user", "content": "x"}]}', 404, "model_not_found"),
        ("GET", "/chat/completions", None, 405, "method_not_supported"),
        ("DELETE", "/models", None, 405, "method_not_supported"),
        ("POST", "/responses", b"{}", 404, None),
        ("POST", "//chat/completions", b"{}", 404, None),
        ("GET", "//", None, 404, None),
    ],
)  # fmt: skip
def test_whatever_is_refused_has_the_api_s_shape(served, method, path, body, status, code):
    found, reply = served.request(method, path, body)
    assert (found, reply["error"]["code"]) == (status, code)
    assert set(reply) == {"error"}
    assert set(reply["error"]) == {"message", "type", "param", "code"}
    assert reply["error"]["type"] == "invalid_request_error"


def test_a_body_that_is_too_large_is_refused_before_it_is_read(served):
    import http.client

    connection = http.client.HTTPConnection(served.base_url.split("/")[2], timeout=60)
    connection.putrequest("POST", "/v1/completions")
    connection.putheader("content-length", str(2**40))
    connection.endheaders()
    reply = connection.getresponse()
    assert (reply.status, json.loads(reply.read())["error"]["code"]) == (413, "request_too_large")
    connection.close()


def test_what_is_no_http_is_refused_in_the_same_shape(served):
    import socket

    host, port = served.base_url.split("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=60) as sock:
        sock.sendall(b"NOT HTTP AT ALL\r\n\r\n")
        head, _, body = sock.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert json.loads(body)["error"]["type"] == "invalid_request_error"


def test_letters_that_utf_8_lacks_do_no_harm(served):
    body = b'{"model": "stand-in", "prompt": "\\ud800x", "max_tokens": 0, "echo": true, "logprobs": 0}'
    status, reply = served.request("POST", "/completions", body)
    assert (status, reply["choices"][0]["text"]) == (200, "\ud800x")
