"""Requests of web pages of other sites: refused by Host and Origin; programs and pages of this machine are served."""

from __future__ import annotations

import json

import pytest
from server_process import Served

BODY = json.dumps({"model": "stand-in", "messages": [{"role": "user", "content": "x"}], "max_tokens": 1}).encode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:8000"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1.evil.example"},
        {"Origin": "http://[bad", "content-type": "text/plain"},
    ],
    ids=str,
)
def test_requests_of_other_sites_are_refused(served, headers):
    for method, path, body in (("POST", "/chat/completions", BODY), ("GET", "/models", None), ("GET", "//stats", None)):
        status, reply = served.request(method, path, body, **headers)
        assert status == 403
        assert reply["error"]["code"] == "forbidden"
        assert "--allowed-host" in reply["error"]["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost:1234"},
        {"Host": "[::1]:8000"},
        {"Host": "LOCALHOST"},
        {"Host": "app.localhost"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://127.0.0.1"},
    ],
    ids=str,
)
def test_programs_and_pages_of_this_machine_are_served(served, headers):
    assert served.request("POST", "/chat/completions", BODY, **headers)[0] == 200


def test_a_host_that_is_allowed_is_served(tmp_path):
    with Served("--allowed-host", "box.example", folder=tmp_path) as server:
        assert server.request("GET", "/models", Host="box.example", Origin="https://box.example")[0] == 200
        assert server.request("GET", "/models", Host="other.example")[0] == 403


def test_the_counters_need_the_key(tmp_path):
    with Served("--api-key", "right", folder=tmp_path) as server:
        assert server.request("GET", "//stats")[0] == 401
        assert server.request("GET", "//stats", Authorization="Bearer right")[0] == 200
