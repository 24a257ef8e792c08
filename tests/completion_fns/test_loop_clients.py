"""Clients that belong to an event loop."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from evals.completion_fns.loop_clients import LoopClients


class Client:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.is_closed = False

    async def close(self) -> None:
        assert asyncio.get_running_loop() is self.loop
        self.is_closed = True


def test_a_loop_keeps_its_client_until_it_is_closed_and_then_gets_another():
    clients = LoopClients(Client, Client.close)

    async def use() -> tuple[Client, Client]:
        first = clients.get()
        assert clients.get() is first
        await clients.aclose()
        await clients.aclose()
        return first, clients.get()

    first, second = asyncio.run(use())
    assert first.is_closed
    assert second is not first


def test_two_loops_do_not_share_a_client():
    clients = LoopClients(Client, Client.close)

    async def use() -> Client:
        return clients.get()

    assert asyncio.run(use()) is not asyncio.run(use())


def test_without_a_running_loop_there_is_no_client():
    with pytest.raises(RuntimeError, match="no running event loop"):
        LoopClients(Client, Client.close).get()


def test_clients_of_a_loop_that_still_runs_are_closed_when_the_process_ends():
    program = (
        "import asyncio\n"
        "from evals.completion_fns.loop_clients import LoopClients\n"
        "from evals.engine.loop import run_sync\n"
        "async def close(client): print('closed', client)\n"
        "clients = LoopClients(lambda: 'it', close)\n"
        "async def use(): clients.get()\n"
        "run_sync(use())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300)
    assert (done.stdout, done.stderr) == ("closed it\n", "")
