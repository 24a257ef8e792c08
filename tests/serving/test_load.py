"""200 clients at once: all held, all answered, in batches, each as if it were alone."""

from __future__ import annotations

import asyncio
import json

from server_process import Served
from stand_in import StandIn

from evals.local_models.language_model import Sampling
from evals.testing.waiting import wait_until

N_CLIENTS = 200


def request_of(number: int) -> bytes:
    asked = {"model": "stand-in", "prompt": f"Client {number} says", "max_tokens": 4, "temperature": 0}
    body = json.dumps(asked).encode()
    return b"POST /v1/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % len(body) + body


async def ask(address: tuple[str, int], number: int, hold: asyncio.Event) -> str:
    """The text of one reply; the last byte of the request is sent when `hold` lets go."""
    reader, writer = await asyncio.open_connection(*address)
    whole = request_of(number)
    writer.write(whole[:-1])
    await writer.drain()
    await hold.wait()
    writer.write(whole[-1:])
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(
        next(line for line in head.decode().lower().split("\r\n") if line.startswith("content-length")).split(":")[1]
    )
    reply = json.loads(await reader.readexactly(length))
    writer.close()
    assert head.startswith(b"HTTP/1.1 200"), reply
    return reply["choices"][0]["text"]


async def ask_all_at_once(served: Served) -> list[str]:
    host, port = served.base_url.split("/")[2].split(":")
    hold = asyncio.Event()
    asking = [asyncio.ensure_future(ask((host, int(port)), number, hold)) for number in range(N_CLIENTS)]
    await asyncio.to_thread(wait_until, lambda: served.stats()["in_flight"] == N_CLIENTS)
    hold.set()
    return await asyncio.gather(*asking)


def test_200_clients_are_held_at_once_and_each_is_answered_as_if_alone(tmp_path):
    with Served(folder=tmp_path) as served:
        texts = asyncio.run(ask_all_at_once(served))
        stats = served.stats()
    model, sampling = StandIn(), Sampling(max_tokens=4, temperature=0)
    prompts = [model.encode(f"Client {number} says") for number in range(N_CLIENTS)]
    assert texts == [draws[0].text for draws in model.generate([(prompt, sampling) for prompt in prompts])]
    assert stats["max_in_flight"] == stats["n_answered"] == N_CLIENTS
    assert 1 < stats["models"]["stand-in"]["largest_batch"] <= 32
    assert stats["models"]["stand-in"]["n_batches"] < N_CLIENTS
