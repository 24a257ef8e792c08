"""Requests made of anything: each is answered or refused in the API's shape, and none breaks the server."""

from __future__ import annotations

import json
import random

GOOD = {
    "/completions": {"model": "stand-in", "prompt": "x", "max_tokens": 2, "temperature": 0},
    "/chat/completions": {"model": "stand-in", "messages": [{"role": "user", "content": "x"}], "max_tokens": 2},
}
KEYS = ["n", "stop", "seed", "top_p", "echo", "logprobs", "top_logprobs", "stream_options", "suffix", "best_of", "user"]
VALUES = [None, True, False, 0, 1, -1, 3, 2.5, 1e400, 10**30, -(10**30), "", "x", "\ud800", [], [1], ["a", 2], [[]], [[1], [2]],
          [-5], [10**9], [None], {}, {"a": 1}, {"role": "user"}, [{"role": "user"}], [{"role": "user", "content": ["x"]}]]  # fmt: skip


def made(rng: random.Random) -> tuple[str, bytes]:
    """A good request with up to three fields changed, left out, or added; now and then cut off or with bytes turned."""
    path = rng.choice(list(GOOD))
    body = dict(GOOD[path])
    for _ in range(rng.randrange(1, 4)):
        key = rng.choice([*body, *KEYS])
        if rng.random() < 0.15:
            body.pop(key, None)
        else:
            body[key] = rng.choice(VALUES)
    data = bytearray(json.dumps(body).encode())
    if rng.random() < 0.2:
        data[rng.randrange(len(data))] = rng.randrange(256)
    if rng.random() < 0.1:
        del data[rng.randrange(len(data)) :]
    return path, bytes(data)


def test_no_request_breaks_the_server(served):
    rng = random.Random(8)
    statuses = set()
    for _ in range(400):
        path, body = made(rng)
        status, reply = served.request("POST", path, body)
        statuses.add(status)
        assert status in (200, 400, 404), (body, reply)
        if status == 200:
            assert reply["choices"], body
        else:
            assert set(reply["error"]) == {"message", "type", "param", "code"}, body
            assert reply["error"]["message"]
    assert statuses == {200, 400, 404}
    assert served.request("POST", "/completions", json.dumps(GOOD["/completions"]).encode())[0] == 200
