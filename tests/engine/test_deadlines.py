"""Many deadlines on one loop share one timer."""

import asyncio

from evals.engine.deadlines import Deadlines


class Wait:
    def __init__(self, due_s: float, ended: list["Wait"]) -> None:
        self.due_s, self._ended = due_s, ended

    def expired(self) -> None:
        self._ended.append(self)


def test_waits_expire_in_the_order_of_their_deadlines_and_discarded_ones_never():
    async def body():
        loop, ended = asyncio.get_running_loop(), []
        deadlines = Deadlines(loop)
        late, early, gone = (Wait(loop.time() + after, ended) for after in (0.08, 0.02, 0.03))
        for wait in (late, early, gone):
            deadlines.add(wait)
        deadlines.discard(gone)
        await asyncio.sleep(0.05)
        assert ended == [early]
        await asyncio.sleep(0.06)
        assert ended == [early, late]

    asyncio.run(body())


def test_a_deadline_that_moved_back_is_asked_again():
    async def body():
        loop, ended = asyncio.get_running_loop(), []
        deadlines = Deadlines(loop)
        wait = Wait(loop.time() + 0.02, ended)
        deadlines.add(wait)
        wait.due_s += 0.06
        await asyncio.sleep(0.04)
        assert ended == []
        await asyncio.sleep(0.06)
        assert ended == [wait]

    asyncio.run(body())
