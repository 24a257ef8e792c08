"""What processes use is read from outside, whatever they are called, and a process that is gone uses nothing."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from evals.sandbox.process_tree import cpu_s, held_bytes, is_ready, memory_bytes, quick_memory_bytes, tree_of, waited_s

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
MIB = 1 << 20
NOBODYS_PID = 1 << 22  # above the largest that Linux gives


def started(source: str) -> subprocess.Popen[bytes]:
    """A process that has done what the source says, up to where it prints a line."""
    process = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def test_a_tree_is_a_process_with_all_that_came_of_it_in_whatever_thread():
    source = """
import os, threading, time
def fork(depth):
    if depth and os.fork() == 0:
        fork(depth - 1)
        time.sleep(60)
        os._exit(0)
threading.Thread(target=fork, args=(2,), daemon=True).start()
fork(2)
time.sleep(0.5)
print(flush=True)
time.sleep(60)
"""
    with started(source) as process:
        below = tree_of(process.pid)
        process.kill()
        for pid in below[1:]:
            subprocess.run(["kill", "-9", str(pid)], check=False)
    assert below[0] == process.pid
    assert len(set(below)) == len(below) == 5


def test_memory_that_was_written_to_counts_and_what_a_fork_shares_counts_once():
    source = f"""
import os, time
held = bytearray(b"x") * ({64 * MIB})
if os.fork() == 0:
    time.sleep(60)
print(flush=True)
time.sleep(60)
"""
    with started(source) as process:
        pids = tree_of(process.pid)
        exact, quick = memory_bytes(pids), quick_memory_bytes(pids)
        for pid in reversed(pids):
            subprocess.run(["kill", "-9", str(pid)], check=False)
    assert len(pids) == 2
    assert 64 * MIB <= exact < 100 * MIB
    assert 128 * MIB <= quick < 200 * MIB


def test_processor_time_is_what_a_process_computed_and_not_what_it_slept():
    busy = "import time\nwhile time.process_time() < 0.5: pass\nprint(flush=True)\ntime.sleep(60)"
    with started(busy) as process:
        used_s = cpu_s([process.pid])
        time.sleep(0.3)
        later_s = cpu_s([process.pid])
        process.kill()
    assert 0.4 <= used_s < 1.5
    assert later_s - used_s < 0.1


def test_a_name_with_blanks_and_brackets_confuses_nothing():
    named = "import ctypes, time\nctypes.CDLL(None).prctl(15, b'a) R 1 (b', 0, 0, 0)\nprint(flush=True)\ntime.sleep(60)"
    with started(named) as process:
        time.sleep(0.5)  # it still runs when its line is read
        ready, used_s = is_ready(process.pid), cpu_s([process.pid])
        process.kill()
    assert ready is False
    assert used_s < 5


def test_a_process_that_computes_is_ready_to_run():
    with started("print(flush=True)\nwhile True: pass") as process:
        ready = is_ready(process.pid)
        process.kill()
    assert ready is True


def test_one_that_shares_a_core_has_waited_for_it():
    """Two that compute on one core for a second: each waits about half of it."""
    source = """
import os, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print(flush=True)
until = time.monotonic() + 1
while time.monotonic() < until: pass
print(flush=True)
time.sleep(60)
"""
    with started(source) as one, started(source) as other:
        one.stdout.readline()
        waited = waited_s(one.pid)
        one.kill()
        other.kill()
    assert 0.1 < waited < 5


def test_what_is_gone_uses_nothing():
    assert tree_of(NOBODYS_PID) == [NOBODYS_PID]
    assert memory_bytes([NOBODYS_PID]) == quick_memory_bytes([NOBODYS_PID]) == 0
    assert cpu_s([NOBODYS_PID]) == waited_s(NOBODYS_PID) == 0.0
    assert is_ready(NOBODYS_PID) is False


def test_shared_mappings_count_though_nothing_of_them_is_resident():
    source = "import mmap, time\n{}\nprint(flush=True)\ntime.sleep(60)"
    given_up = "block = mmap.mmap(-1, 12 << 20)\nblock[:] = bytes(12 << 20)\nblock.madvise(mmap.MADV_DONTNEED)"
    many = "blocks = [mmap.mmap(-1, 4096) for _ in range(20)]"
    for body, wanted in ((given_up, 12 * MIB), (many, 20 * 16 * MIB), ("", 0)):
        with started(source.format(body)) as process:
            assert held_bytes([process.pid, process.pid]) == wanted
            process.kill()
