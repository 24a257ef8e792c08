"""What becomes of a call that fails: each fault of a real server, over both transports."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from evals.completion_fns.openai.models import OpenAIChatCompletionFn, OpenAICompletionFn, OpenAIResponsesCompletionFn
from evals.engine.failures import CallFailed, Kind
from evals.errors import UsageError
from evals.testing.http_server import HttpReply, HttpRequest, ServerThread
from evals.testing.openai_server import Answer, LoopbackServer
from evals.testing.waiting import wait_until

KEY = "sk-planted-key-0123456789"


@pytest.fixture(params=["http", "sdk"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def ask(fn: Any, prompt: Any = "hi", **kwargs: Any) -> Any:
    async def once() -> Any:
        try:
            return await fn.complete(prompt, **kwargs)
        finally:
            await fn.aclose()

    return asyncio.run(once())


def failure(fn: Any, prompt: Any = "hi", **kwargs: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        ask(fn, prompt, **kwargs)
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("429", Kind.RATE_LIMIT, "Rate limit reached"),
        ("500", Kind.SERVER, "had an error"),
        ("502", Kind.SERVER, "Bad Gateway"),
        ("503", Kind.OVERLOADED, "overloaded"),
        ("reset", Kind.CONNECTION, ""),
        ("disconnect", Kind.CONNECTION, ""),
        ("stall", Kind.TIMEOUT, "no reply within 1 s"),
        ("truncated", Kind.BAD_REPLY, "ended before its end"),
        ("invalid_json", Kind.BAD_REPLY, "no valid JSON"),
        ("empty_choices", Kind.BAD_REPLY, "no choices"),
    ],
)
def test_each_fault_has_its_class_and_one_attempt_is_made(fault: str, kind: Kind, words: str, transport: str):
    with LoopbackServer(fail_first_n=1, faults=[fault], retry_after_s=1.5) as server:
        fn = OpenAIChatCompletionFn(
            "m", server.base_url, KEY, transport=transport, timeout_s=1 if fault == "stall" else 60
        )
        failed = failure(fn)
        wait_until(lambda: server.n_requests == 1)
        assert ask(fn, timeout=60).texts == ["This is a loopback answer."]
    assert failed.kind is kind
    assert words in failed.message
    assert failed.host == f"127.0.0.1:{server.port}"
    assert failed.retry_after_s == (1.5 if fault == "429" else None)
    assert KEY not in f"{failed} {failed!r}"


@pytest.mark.parametrize("cls", [OpenAICompletionFn, OpenAIResponsesCompletionFn])
@pytest.mark.parametrize("fault", ["invalid_json", "truncated", "reset"])
def test_the_other_endpoints_fail_alike(cls: Any, fault: str):
    kind = Kind.CONNECTION if fault == "reset" else Kind.BAD_REPLY
    with LoopbackServer(fail_first_n=1, faults=[fault]) as server:
        assert failure(cls("m", server.base_url)).kind is kind


def test_a_call_can_bring_its_own_time_limit(transport: str):
    with LoopbackServer(latency_s=600) as server:
        fn = OpenAIChatCompletionFn("m", server.base_url, transport=transport)
        assert failure(fn, timeout=0.5).kind is Kind.TIMEOUT
        wait_until(lambda: server.bodies)
        assert "timeout" not in server.bodies[0]


@pytest.mark.parametrize(
    ("rules", "kind", "status"),
    [
        ({"api_key": "another"}, Kind.AUTH, 401),
        ({"models": ["x"]}, Kind.UNKNOWN_MODEL, 404),
        ({"context_length": 1}, Kind.CONTEXT_LENGTH, 400),
        ({"quota_calls": 0}, Kind.QUOTA, 429),
        ({"max_concurrency": 0}, Kind.RATE_LIMIT, 429),
    ],
)
def test_refusals_have_their_classes(rules: dict[str, Any], kind: Kind, status: int, transport: str):
    with LoopbackServer(**rules) as server:
        failed = failure(OpenAIChatCompletionFn("m", server.base_url, KEY, transport=transport), "two words")
    assert (failed.kind, failed.status) == (kind, status)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(None, status=400, error_code="content_filter", error_message="filtered"), Kind.CONTENT_FILTER),
        (Answer(None, status=400, error_message="'messages' is wrong"), Kind.BAD_REQUEST),
        (Answer(None, status=402, error_message="pay"), Kind.PAYMENT),
        (Answer(None, finish_reason="content_filter"), Kind.CONTENT_FILTER),
    ],
)
def test_answers_that_are_refusals_have_their_classes(answer: Answer, kind: Kind):
    with LoopbackServer(answer) as server:
        assert failure(OpenAIChatCompletionFn("m", server.base_url)).kind is kind


def test_a_refused_parameter_that_matters_is_not_left_out():
    message = "Unsupported parameter: 'logprobs' is not supported with this model."
    with LoopbackServer(Answer(None, status=400, error_message=message)) as server:
        failed = failure(OpenAIChatCompletionFn("m", server.base_url), logprobs=True)
        assert server.n_requests == 1
    assert (failed.kind, failed.message) == (Kind.BAD_REQUEST, message)


def test_a_server_that_refuses_for_ever_is_not_asked_for_ever():
    message = "Unsupported value: 'temperature' does not support 0 with this model."
    with LoopbackServer(Answer(None, status=400, error_message=message)) as server:
        assert failure(OpenAIChatCompletionFn("m", server.base_url), temperature=0).kind is Kind.BAD_REQUEST
        assert server.n_requests == 2


def test_a_key_that_the_server_repeats_is_masked(transport: str):
    with LoopbackServer(Answer(None, status=401, error_message=f"no such key: {KEY}")) as server:
        failed = failure(OpenAIChatCompletionFn("m", server.base_url, KEY, transport=transport))
    assert KEY not in f"{failed} {failed.args}"
    assert "no such key: ***" in str(failed)


def test_a_wrong_path_is_told_from_a_wrong_model():
    with LoopbackServer() as server:
        failed = failure(_Nowhere("m", server.base_url))
    assert f"asked: {server.base_url}/nowhere; is the base URL right? Most end in /v1" in failed.message
    assert failed.status == 404


class _Nowhere(OpenAIChatCompletionFn):
    path = "/nowhere"


def test_nobody_listening_is_a_lost_connection(transport: str):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and never listens: nobody else can take the port meanwhile
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
        assert failure(OpenAIChatCompletionFn("m", url, transport=transport)).kind is Kind.CONNECTION


class _Fixed:
    """Answers every request with one reply."""

    def __init__(self, reply: HttpReply) -> None:
        self.reply = reply

    def answer(self, request: HttpRequest) -> HttpReply:
        return self.reply

    def finished(self) -> None:
        pass


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (HttpReply(b"[1]"), Kind.BAD_REPLY, "no JSON object"),
        (HttpReply(b'{"error": {"message": "upstream is busy", "code": 429}}'), Kind.RATE_LIMIT, "upstream is busy"),
        (HttpReply(b'{"error": "strange"}'), Kind.SERVER, "strange"),
        (HttpReply(b"", 307, headers=(("Location", "https://elsewhere.test/v1"),)), Kind.BAD_REQUEST, "elsewhere.test"),
        (HttpReply(b"", 500), Kind.SERVER, "no message"),
        (HttpReply(b'{"choices": [{"message": {"content": null}}]}'), Kind.NO_ANSWER, "'content' is null"),
        (HttpReply(b'{"choices": [{"delta": {"content": "4"}}]}'), Kind.BAD_REPLY, "part of a stream"),
        (HttpReply(b'{"choices": [{"message": {"content": 4}}]}'), Kind.BAD_REPLY, "is a number"),
    ],
)
def test_strange_replies_are_told_apart(reply: HttpReply, kind: Kind, words: str):
    thread = ServerThread(_Fixed(reply))
    port = thread.start()
    try:
        failed = failure(OpenAIChatCompletionFn("m", f"http://127.0.0.1:{port}/v1"))
    finally:
        thread.stop()
    assert failed.kind is kind
    assert words in failed.message


def test_proxies_of_the_environment_are_used_for_others_but_not_for_this_machine(monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with LoopbackServer("through the proxy") as proxy, LoopbackServer("direct") as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert ask(OpenAIChatCompletionFn("m", "http://models.invalid/v1")).texts == ["through the proxy"]
        assert proxy.seen[0].path == "http://models.invalid/v1/chat/completions"
        assert ask(OpenAIChatCompletionFn("m", server.base_url)).texts == ["direct"]
        monkeypatch.setenv("no_proxy", "models.invalid")
        assert failure(OpenAIChatCompletionFn("m", "http://models.invalid/v1")).kind is Kind.CONNECTION


def test_a_proxy_that_is_not_http_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    with pytest.raises(UsageError, match="no http proxy: socks5"):
        ask(OpenAIChatCompletionFn("m", "http://models.invalid/v1"))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
def test_a_certificate_that_nobody_signed_ends_the_run_with_a_fix(tmp_path: Path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run([*make.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(certificate, key)

    async def call() -> None:
        server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0, ssl=server_side)
        fn = OpenAIChatCompletionFn("m", f"https://localhost:{server.sockets[0].getsockname()[1]}/v1", KEY)
        try:
            await fn.complete("hi")
        finally:
            await fn.aclose()
            server.close()

    with pytest.raises(UsageError, match="not trusted") as caught:
        asyncio.run(call())
    assert "SSL_CERT_FILE" in str(caught.value)


def test_https_to_a_plain_server_ends_the_run_with_a_fix():
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def call() -> None:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        fn = OpenAIChatCompletionFn("m", f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", KEY)
        try:
            await fn.complete("hi")
        finally:
            await fn.aclose()
            server.close()

    with pytest.raises(UsageError, match="does not speak https") as caught:
        asyncio.run(call())
    assert "http://" in str(caught.value)


def test_a_server_that_is_not_there_is_said_in_the_words_of_the_system(transport: str):
    failed = failure(OpenAIChatCompletionFn("m", "http://127.0.0.1:9/v1", KEY, transport=transport))
    assert (failed.kind, failed.message) == (Kind.CONNECTION, os.strerror(errno.ECONNREFUSED))


def test_a_lone_surrogate_and_a_line_separator_survive_the_way():
    with LoopbackServer("a\u2028b \U0001f600") as server:
        result = ask(OpenAIChatCompletionFn("m", server.base_url), "x\ud800y")
        assert server.bodies[0]["messages"][0]["content"] == "x\ud800y"
    assert result.texts == ["a\u2028b \U0001f600"]


def test_a_completion_of_ten_megabytes_arrives_whole():
    with LoopbackServer("x" * 10_000_000) as server:
        assert len(ask(OpenAIChatCompletionFn("m", server.base_url)).texts[0]) == 10_000_000


def test_secrets_of_the_url_are_masked_in_messages():
    with LoopbackServer(Answer(None, status=404, error_message="nothing here")) as server:
        url = f"http://127.0.0.1:{server.port}/v1?token=hush-hush-hush"
        failed = failure(OpenAIChatCompletionFn("m", url))
        assert server.seen[0].query == "token=hush-hush-hush"
    assert "hush" not in json.dumps([str(failed), repr(failed)])


def test_a_header_of_a_gateway_may_be_long():
    with LoopbackServer("42", headers={"Content-Security-Policy": "x" * 30_000}) as server:
        assert ask(OpenAIChatCompletionFn("m", server.base_url)).get_completions() == ["42"]


def test_what_came_instead_of_json_is_shown():
    class Portal:
        def answer(self, request: HttpRequest) -> HttpReply:
            return HttpReply(b"<html>\n<body>Please log in</body></html>", content_type="text/html")

        def finished(self) -> None: ...

    server = ServerThread(Portal())
    port = server.start()
    try:
        found = failure(OpenAIChatCompletionFn("m", f"http://127.0.0.1:{port}/v1"))
    finally:
        server.stop()
    assert found.kind is Kind.BAD_REPLY
    assert "Please log in" in found.message
    assert "\n" not in found.message
