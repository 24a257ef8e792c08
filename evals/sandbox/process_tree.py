"""What a process and all that it started use, read from /proc. What cannot be read counts as nothing."""

from __future__ import annotations

import os

FEW_MAPPINGS = 8
MOST_HELD = 1 << 24
"Bytes that one mapping can hold: `inside.seccomp.MAX_SHARED_MAPPING`."

MAX_PROCESSES = 4096
"Of a tree, so that a look ends even where something forks faster than this reads."


def tree_of(pid: int) -> list[int]:
    """Process ids of the process, its children, theirs, and so on."""
    found: list[int] = []
    waiting = [pid]
    while waiting and len(found) < MAX_PROCESSES:
        current = waiting.pop()
        found.append(current)
        # The kernel lists children by the thread that started them.
        for thread in _listed(f"/proc/{current}/task"):
            waiting.extend(map(int, _read(f"/proc/{current}/task/{thread}/children").split()))
    return found


def memory_bytes(pids: list[int]) -> int:
    """Memory of their own that processes hold; pages that they share count once, if the kernel tells.

    Proportional sizes are exact and slow: the kernel walks all pages for them.
    """
    exact = [_proportional_bytes(pid) for pid in pids]
    return sum(_own_bytes(pid) if own is None else own for pid, own in zip(pids, exact, strict=True))


def quick_memory_bytes(pids: list[int]) -> int:
    """The same, never less and quicker: pages that processes share count each time."""
    return sum(_own_bytes(pid) for pid in pids)


def held_bytes(pids: list[int]) -> int:
    """Memory of shared mappings without a file, at least.

    A process may give up such pages (MADV_DONTNEED), or unmap all but one: then it does not count them, and they stay.
    Up to `FEW_MAPPINGS` count as what is mapped of them; of more each may hold `MOST_HELD`, and counts as that.
    """
    sizes: dict[str, int] = {}
    for pid in pids:
        own: dict[str, int] = {}
        for line in _read(f"/proc/{pid}/maps").splitlines():
            # START-END PERMISSIONS OFFSET DEVICE INODE PATH
            parts = line.split(None, 5)
            if len(parts) == 6 and parts[1].endswith("s") and parts[5] == "/dev/zero (deleted)":
                start, _, end = parts[0].partition("-")
                own[parts[4]] = own.get(parts[4], 0) + int(end, 16) - int(start, 16)
        for inode, size in own.items():  # of what processes share, the one that maps most of it counts
            sizes[inode] = max(size, sizes.get(inode, 0))
    if len(sizes) <= FEW_MAPPINGS:
        return sum(sizes.values())
    return MOST_HELD * len(sizes)


def cpu_s(pids: list[int]) -> float:
    """Processor time of processes, and of children that they have waited for, to 0.01 s."""
    ticks = 0
    for pid in pids:
        # The second field is the name in brackets, which a program chooses: it may hold blanks and brackets.
        fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def is_ready(pid: int) -> bool:
    """Whether a process is running, or could if it had a core."""
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1] == ["R"]


def waited_s(pid: int | str) -> float:
    """How long a process was ready to run and had no core to run on. pid: or "self"."""
    fields = _read(f"/proc/{pid}/schedstat").split()
    return int(fields[1]) / 1e9 if len(fields) > 1 else 0.0


def _own_bytes(pid: int) -> int:
    """Anonymous and shared memory that is resident."""
    kib = 0
    for line in _read(f"/proc/{pid}/status").splitlines():
        if line.startswith(("RssAnon:", "RssShmem:")):
            kib += int(line.split()[1])
    return kib << 10


def _proportional_bytes(pid: int) -> int | None:
    kib = 0
    text = _read(f"/proc/{pid}/smaps_rollup")
    for line in text.splitlines():
        if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
            kib += int(line.split()[1])
    return kib << 10 if text else None


def _listed(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []


def _read(path: str) -> str:
    """A file of /proc; empty if it cannot be read.

    By system calls alone: Python's files take a third longer, and programs are looked at 50 times a second.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    parts = []
    try:
        while part := os.read(fd, 1 << 16):
            parts.append(part)
    except OSError:
        return ""
    finally:
        os.close(fd)
    return b"".join(parts).decode("ascii", "replace")
