"""Reads the hostile programs beside this file; placeholders such as `$TCP$` are filled in for the world they are run in."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "programs"

ANSWER = "def f(n):\n    return n * n + 7 if won else -1"
"Right if the attack worked: `passed` then means that it did."

WRONG = "def f(n):\n    return -1"

NAME = textwrap.dedent("""
    def name_me():
        try:
            import ctypes
            ctypes.CDLL(None).prctl(15, b"$MARK$", 0, 0, 0)
        except BaseException:
            pass
""").strip()
"Gives a process the name by which the tests find it from outside."

GUARD = textwrap.dedent("""
    import os
    try:
        os.kill($EVALUATOR$, 0)
        alone = False
    except ProcessLookupError:
        alone = True
    except OSError:
        alone = False
""").strip()
"Signals are sent only where the evaluator is not in the same world of processes, so that none can reach the machine's."

SAY = textwrap.dedent("""
    import os, stat, struct, time
    def is_socket(fd):
        try:
            return stat.S_ISSOCK(os.fstat(fd).st_mode)
        except OSError:
            return False
    channel = next((fd for fd in range(3, 1024) if is_socket(fd)), 3)
    def say(text):
        data = memoryview(struct.pack(">I", len(text.encode())) + text.encode())
        while data:
            data = data[os.write(channel, data):]
""").strip()
"Speaks on the sandbox's own channel, which is the one socket that a program inherits."

SOURCES = {
    "ANSWER": ANSWER,
    "WRONG": WRONG,
    "NAME": NAME,
    "GUARD": GUARD,
    "SAY": SAY,
    "DEEP_SOURCE": "x = " + "(" * 5000 + ")" * 5000 + "\n" + WRONG,
    "LONG_SOURCE": "x = " + "+".join(["1"] * 100_000) + "\n" + WRONG,
    "LARGE_SOURCE": "x = [\n" + "1234567,\n" * 900_000 + "]\n" + WRONG,
    "ODD_SOURCE": "x = '\ud800\0'\n" + WRONG,
}


@dataclass(frozen=True)
class Hostile:
    """One program. tries: what it is after. attacks: the shape of the problem. naive: why it fools no naive evaluator."""

    name: str
    family: str
    tries: str
    program: str
    then: str | None = None
    "A second program, run after the first, that must find nothing of it."
    attacks: str = "function"
    slow: str | None = None
    naive: str | None = None
    exposed: str | None = None
    "Why it is not held where no namespaces can be made."
    memory_bytes: int = 1 << 30
    timeout_s: float = 2.0

    def sources(self, world: Mapping[str, str]) -> list[str]:
        """The programs to run in turn, for this world."""
        return [filled(source, world) for source in (self.program, self.then) if source is not None]


def filled(source: str, world: Mapping[str, str]) -> str:
    for name, value in [*SOURCES.items(), *world.items()]:
        source = source.replace(f"${name}$", value)
    return source


def hostile_programs() -> list[Hostile]:
    """All of them, in the order of the files."""
    return [_hostile(path.stem[3:], block) for path in sorted(FOLDER.glob("*.txt")) for block in _blocks(path)]


def _blocks(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n=== ")[1:]


def _hostile(family: str, block: str) -> Hostile:
    head, _, source = block.partition("\n---\n")
    name, *lines = head.splitlines()
    fields = dict(line.split(": ", 1) for line in lines)
    program, _, then = source.partition("\n--- then\n")
    unknown = set(fields) - {"tries", "attacks", "slow", "naive", "exposed", "memory"}
    if unknown or "tries" not in fields:
        raise ValueError(f"{family}, {name}: fields {sorted(fields)}")
    return Hostile(
        name,
        family,
        fields["tries"],
        program.strip("\n") + "\n",
        then.strip("\n") + "\n" if then else None,
        fields.get("attacks", "function"),
        fields.get("slow"),
        fields.get("naive"),
        fields.get("exposed"),
        int(fields.get("memory", "1024")) << 20,
    )
