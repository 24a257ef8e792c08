"""URLs, proxies and bytes of the transport, and what it loads."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from evals.completion_fns.openai.transport import proxy_for
from evals.completion_fns.openai.wire import encode_json
from evals.testing.openai_server import LoopbackServer


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://a.test/v1", {"https_proxy": "http://p:1"}, "http://p:1"),
        ("https://a.test/v1", {"https_proxy": "p:1"}, "http://p:1"),
        ("https://a.test/v1", {"http_proxy": "http://p:1"}, None),
        ("https://a.test/v1", {"all_proxy": "http://p:2"}, "http://p:2"),
        ("https://a.test/v1", {"https_proxy": "http://p:1", "no_proxy": ".test"}, None),
        ("http://127.0.0.2:8000/v1", {"http_proxy": "http://p:1"}, None),
        ("http://localhost:8000/v1", {"http_proxy": "http://p:1"}, None),
    ],
)
def test_proxies_of_the_environment(url: str, environment: dict, proxy: str | None, monkeypatch: pytest.MonkeyPatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


@pytest.mark.parametrize("text", ["plain", "é\u2028\U0001f600", "lone \ud800 surrogate"])
def test_every_text_becomes_json_that_reads_back(text: str):
    assert json.loads(encode_json({"t": text}).decode("utf-8")) == {"t": text}


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_lean_way_loads_no_sdk():
    program = (
        "import asyncio, sys\n"
        "from evals.completion_fns.openai.models import OpenAIChatCompletionFn\n"
        "assert 'aiohttp' not in sys.modules\n"
        "fn = OpenAIChatCompletionFn('m', sys.argv[1])\n"
        "async def main():\n"
        "    print((await fn.complete('hi')).texts[0])\n"
        "    await fn.aclose()\n"
        "asyncio.run(main())\n"
        "heavy = {'openai', 'httpx2', 'pydantic', 'numpy', 'yaml'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    with LoopbackServer("light") as server:
        done = run(program, server.base_url)
    assert (done.stdout, done.returncode) == ("light\n", 0), done.stderr


@pytest.mark.parametrize("transport", ["http", "sdk"])
def test_a_plain_call_from_a_script_leaves_no_complaint_at_exit(transport: str):
    program = (
        "import sys\n"
        "from evals.completion_fns.openai.models import OpenAIChatCompletionFn\n"
        "fn = OpenAIChatCompletionFn('m', sys.argv[1], transport=sys.argv[2])\n"
        "print(fn('hi').get_completions()[0])\n"
    )
    with LoopbackServer("plain") as server:
        done = run(program, server.base_url, transport)
    assert (done.stdout, done.stderr) == ("plain\n", "")
