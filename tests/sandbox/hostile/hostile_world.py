"""What hostile programs try to reach, made for a test and watched from outside: secrets, folders, listeners, processes."""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from attacked_problems import TOKEN_START

ROOT = Path(__file__).parents[3]
KEY_NAME = "EVALS_HOSTILE_API_KEY"
LEFT_IN = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/run/lock", "/var/lock", "/home", "/root")
SURVIVOR_WAIT_S = 3.0
LOOKS = 5
"Time that ended processes get to vanish; every daemon of the suite lives for longer."


class World:
    """Secrets planted and listeners opened, as placeholders for programs and as conditions to check afterwards."""

    def __init__(self) -> None:
        self.mark = "hx" + secrets.token_hex(5)
        self.token = TOKEN_START + secrets.token_hex(16)
        self.key, self.secret = "sk-hostile-" + secrets.token_hex(12), "secret-" + secrets.token_hex(12)
        self.outside = Path(tempfile.mkdtemp(prefix="evals-outside-", dir="/var/tmp"))
        self.listeners = Listeners(self.outside / "socket", self.mark)
        self.secret_file = self._plant()
        self.there = self._listing()

    def _plant(self) -> Path:
        self._furnish()
        os.environ[KEY_NAME] = self.key
        home = Path.home()
        path = (home if os.access(home, os.W_OK) else self.outside) / f".evals-hostile-{self.mark}"
        path.write_text(self.secret)
        path.chmod(0o600)
        return path

    def _furnish(self) -> None:
        self.outside.chmod(0o777)
        for name, mode in (("readable", 0o644), ("writable", 0o666)):
            (self.outside / name).write_text(self.secret)
            (self.outside / name).chmod(mode)

    def placeholders(self) -> dict[str, str]:
        """What `$NAME$` in a program stands for."""
        return {
            "MARK": self.mark,
            "OUTSIDE": str(self.outside),
            "KEY_NAME": KEY_NAME,
            "KEY": self.key,
            "SECRET_FILE": str(self.secret_file),
            "SECRET_NAME": self.secret_file.name,
            "SECRET": self.secret,
            "HOME": str(Path.home()),
            "PROJECT": str(ROOT),
            "SITE": str(Path(os.__file__).parent / "site-packages"),
            "EVALUATOR": str(os.getpid()),
            "TCP": str(self.listeners.tcp_port),
            "UDP": str(self.listeners.udp_port),
            "IPC": str(int(self.mark[2:9], 16)),
        }

    def violations(self, text: str) -> list[str]:
        """What went wrong outside since the last look, with `text` all that the verdict said. Cleans up after itself."""
        found = [f"{name} in the verdict" for name, value in self._secret_values() if value in text]
        found += [f"connection to {name}" for name in self.listeners.taken()]
        found += [f"process {pid} survived" for pid in self._survivors()]
        return found + self._files()

    def _secret_values(self) -> list[tuple[str, str]]:
        return [("key", self.key), ("secret", self.secret), ("tests", self.token)]

    def _survivors(self) -> list[int]:
        """Marked processes that do not vanish. One that forks itself away is missed by a look now and then: several must agree."""
        until_s, pids = time.monotonic() + SURVIVOR_WAIT_S, named_processes(self.mark)
        unseen = 0 if pids else LOOKS
        while unseen < LOOKS and time.monotonic() < until_s:
            time.sleep(0.02)
            pids = named_processes(self.mark) or pids
            unseen = 0 if named_processes(self.mark) else unseen + 1
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, 9)
        return pids if unseen < LOOKS else []

    def _listing(self) -> dict[str, tuple[int, int]]:
        found = {path.name: path.stat() for path in (self.outside, *self.outside.iterdir())}
        return {name: (stat.st_size if name != self.outside.name else 0, stat.st_mode) for name, stat in found.items()}

    def _files(self) -> list[str]:
        found = [f"{self.outside} was changed"] if self._listing() != self.there else []
        for path in self._marked_files():
            found.append(f"file {path} was left")
            remove(path)
        if found:
            self._furnish()
        return found

    def _marked_files(self) -> Iterator[Path]:
        folders = {tempfile.gettempdir(), *LEFT_IN, str(Path.home()), str(self.outside), str(ROOT), str(ROOT / "evals")}
        for folder in sorted({*folders, str(Path(os.__file__).parent), os.getcwd()}):
            with contextlib.suppress(OSError):
                yield from (
                    path for path in Path(folder).iterdir() if self.mark in path.name and path != self.secret_file
                )

    def close(self) -> None:
        self.listeners.close()
        os.environ.pop(KEY_NAME, None)
        self.secret_file.unlink(missing_ok=True)
        shutil.rmtree(self.outside, ignore_errors=True)

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


class Listeners:
    """A TCP port, a UDP port, a socket with a path and one in the abstract name space; remembers who came."""

    def __init__(self, path: Path, name: str) -> None:
        self.sockets = {
            "tcp": socket.socket(),
            "udp": socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            "unix path": socket.socket(socket.AF_UNIX),
            "unix name": socket.socket(socket.AF_UNIX),
        }
        for kind, address in (
            ("tcp", ("127.0.0.1", 0)),
            ("udp", ("127.0.0.1", 0)),
            ("unix path", str(path)),
            ("unix name", "\0" + name),
        ):
            self.sockets[kind].bind(address)
            self.sockets[kind].setblocking(False)
            if kind != "udp":
                self.sockets[kind].listen(64)
        path.chmod(0o777)
        self.tcp_port, self.udp_port = (self.sockets[kind].getsockname()[1] for kind in ("tcp", "udp"))

    def taken(self) -> list[str]:
        """Kinds that were reached since the last call."""
        with selectors.DefaultSelector() as selector:
            for kind, sock in self.sockets.items():
                selector.register(sock, selectors.EVENT_READ, kind)
            reached = [key.data for key, _ in selector.select(0)]
        for kind in reached:
            with contextlib.suppress(BlockingIOError):
                while True:
                    self.sockets[kind].recv(4096) if kind == "udp" else self.sockets[kind].accept()[0].close()
        return reached

    def close(self) -> None:
        for sock in self.sockets.values():
            sock.close()


def named_processes(mark: str) -> list[int]:
    """Processes, not zombies, with the mark as their name or in their arguments."""
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _is_marked(pid, mark)]


def _is_marked(pid: int, mark: str) -> bool:
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")
        if rest.split()[0] in "ZX" or pid == os.getpid():
            return False
        return mark in name or mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


class Family:
    """Watches which processes this one starts, and theirs: what is alive after the end is a survivor, whoever adopted it."""

    def __init__(self) -> None:
        self.seen: set[tuple[int, str]] = set()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        while not self.done.wait(0.05):
            self.look()

    def look(self) -> None:
        parents = {pid: (parent, began) for pid, parent, began in processes()}
        mine = {os.getpid()}
        for _ in range(12):
            grown = mine | {pid for pid, (parent, _) in parents.items() if parent in mine}
            if grown == mine:
                break
            mine = grown
        self.seen |= {(pid, parents[pid][1]) for pid in mine if pid != os.getpid() and pid in parents}

    def survivors(self, wait_s: float = 5.0) -> list[str]:
        """Processes that were seen and are still there, after what was started is said to have ended."""
        self.look()
        self.done.set()
        self.thread.join()
        until_s = time.monotonic() + wait_s
        while (left := self.seen & {(pid, began) for pid, _, began in processes()}) and time.monotonic() < until_s:
            time.sleep(0.05)
        return [f"{pid} {_command(pid)}" for pid, _ in sorted(left)]


def processes() -> Iterator[tuple[int, int, str]]:
    """Id, parent and start time of all processes but zombies."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
            if fields[0] not in "ZX":
                yield int(pid), int(fields[1]), fields[19]


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return "?"


if sys.platform != "linux":
    raise ImportError("the hostile suite watches /proc, which Linux alone has")
