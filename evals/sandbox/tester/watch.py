"""Looks after a program that takes long: its time, the memory of all that it started, its rank behind quicker ones."""

from __future__ import annotations

import contextlib
import os
import select

from evals.sandbox.inside.channel import Channel
from evals.sandbox.process_tree import cpu_s, held_bytes, is_ready, memory_bytes, quick_memory_bytes, tree_of, waited_s
from evals.sandbox.protocol import (
    ASK_AT,
    Allowance,
    CandidateEnded,
    Late,
    SteppedBack,
    TakesLong,
    longest_s,
    read,
    write,
)
from evals.sandbox.tester.exits import Died, Exit, OutOfMemory, TimeUp

STEP_BACK_S = 0.05
"After this a program steps back: it runs with less priority, and the evaluator may start another beside it."

NICENESS = 19
"""Of an ordinary user's program that has stepped back. With root it has idle cores alone, until its limit is over: then
it has its priority back, if it has still time to come."""

OWN_SHARE = 0.9
"A program that had this part of its limit to itself, or as processor time, has had its time."

ROOM_S = 1.5
"One that had less goes on so long beyond its limit."

STARVED = 0.4
"One that had less than this part of its limit to itself goes on further, to at most `longest_s`."


class Watch:
    """Looks after one program at a time.

    Wall time is not fair if several programs share a core, and a program that sleeps uses no processor time. So what
    counts is wall time without the time in which program or tester were ready to run and had no core.
    """

    def __init__(self, evaluator: Channel) -> None:
        self._evaluator = evaluator
        self._pid, self._limit_bytes = 0, 0
        self._stepped_back = self._asked = self._late = False
        self._waited_before_s: float | None = None
        "Of the tester, at the first look: what ends before it is not measured, since most programs do."
        self._allowed = Allowance(0.0, 0.0)
        self._before_s = 0.0
        self._had_company = False
        "Whether it was seen with child processes: it may have waited for these."
        self._ready_s, self._seen_s = 0.0, 0.0
        "How long the program was seen ready to run, up to when."
        self.waited_s = 0.0
        "How long program and tester were ready to run and had no core."

    def start(self, allowed: Allowance) -> None:
        """A check begins, of one process or of several one after another."""
        self._allowed, self.waited_s, self._before_s = allowed, 0.0, 0.0
        self._stepped_back = self._asked = self._late = False

    def begin(self, pid: int, limit_bytes: int) -> None:
        """Look after the program in this process from here on. pid: 0 if it cannot be seen."""
        self._pid, self._limit_bytes, self._waited_before_s = pid, limit_bytes, None
        self._ready_s = self._seen_s = 0.0
        self._had_company = False

    def look(self, elapsed_s: float) -> Exit | None:
        """What ends the program, if anything does. elapsed_s: since its process began with it."""
        try:
            return self._seen(elapsed_s)
        except EOFError:
            return Died("the evaluator is gone")

    def _seen(self, elapsed_s: float) -> Exit | None:
        if self._waited_before_s is None:
            self._waited_before_s = waited_s("self")
        if self._pid and is_ready(self._pid):
            self._ready_s += elapsed_s - self._seen_s
        self._seen_s = elapsed_s
        elapsed_s += self._before_s
        # A zygote in a container (Docker) has no process id here; the container has its own limits.
        pids = tree_of(self._pid) if self._pid else []
        self._had_company |= len(pids) > 1
        if not self._stepped_back:
            self._step_back(elapsed_s)
        elif select.select([self._evaluator], [], [], 0)[0]:
            self._allowed = read(self._evaluator.receive(), Allowance)
        if not self._asked and elapsed_s >= ASK_AT * self._allowed.limit_s:
            self._asked = True
            self._evaluator.send(write(TakesLong()))
        if elapsed_s >= self._allowed.limit_s and self._had_its_time(elapsed_s, pids):
            return TimeUp(f"{elapsed_s:.1f} s, {cpu_s(pids):.2f} s of processor time")
        # The quick sum is never less than the exact one, and for nearly all looks is enough.
        if quick_memory_bytes(pids) > self._limit_bytes and memory_bytes(pids) > self._limit_bytes:
            return OutOfMemory(f"more than {self._limit_bytes >> 20} MiB in {len(pids)} processes")
        if held_bytes(pids) > self._limit_bytes:
            return OutOfMemory(f"more than {self._limit_bytes >> 20} MiB in shared mappings")
        return None

    def _had_its_time(self, elapsed_s: float, pids: list[int]) -> bool:
        limit_s = self._allowed.limit_s
        own_s = elapsed_s - self.waited_s - self._waited_now_s()
        if own_s >= OWN_SHARE * limit_s or cpu_s(pids) >= min(self._allowed.enough_s, OWN_SHARE * limit_s):
            return True
        # A program can starve itself by its own children: with company it gets no more.
        if elapsed_s >= limit_s + ROOM_S and (self._had_company or own_s >= STARVED * limit_s):
            return True
        if not self._late:
            self._late = True
            self._give_way(False)
            self._evaluator.send(write(Late()))
        return elapsed_s >= longest_s(limit_s)

    def _waited_now_s(self) -> float:
        if self._waited_before_s is None:
            return 0.0
        return waited_s("self") - self._waited_before_s + self._program_waited_s()

    def _program_waited_s(self) -> float:
        """How long it had no core.

        The kernel counts the time in which others ran, but not that in which a control group had used up its quota. In
        that the looks have seen the program ready to run, and it had no processor time.
        """
        if not self._pid:
            return 0.0
        return max(waited_s(self._pid), self._ready_s - cpu_s([self._pid]))

    def _step_back(self, elapsed_s: float) -> None:
        """Let another program start, if this one takes long by itself. One more would have no core if it has none."""
        own_s = elapsed_s - self.waited_s - self._waited_now_s()
        if own_s >= STEP_BACK_S or elapsed_s >= ASK_AT * self._allowed.limit_s:
            self._stepped_back = True
            self._give_way(True)
            self._evaluator.send(write(SteppedBack()))

    def _give_way(self, gives_way: bool) -> None:
        """Let all other programs have the cores first, or no longer."""
        if not self._pid:
            return
        with contextlib.suppress(OSError):  # it has ended, or this user may not raise its priority again
            # Only root may take it back. To a waking program a core that runs idle ones counts as free.
            if os.geteuid() == 0:
                policy = os.SCHED_IDLE if gives_way else os.SCHED_OTHER
                os.sched_setscheduler(self._pid, policy, os.sched_param(0))
            else:
                os.setpriority(os.PRIO_PROCESS, self._pid, NICENESS if gives_way else 0)

    def finish(self, elapsed_s: float) -> None:
        """The program is about to be ended: note how long it ran, and how long it had to wait for a core."""
        self.waited_s += self._waited_now_s()
        self._before_s += elapsed_s

    def own_s(self, ended: CandidateEnded) -> float:
        """Wall time of the check without the time in which it had no core, but at least its processor time."""
        return max(ended.cpu_s, self._before_s - self.waited_s)
