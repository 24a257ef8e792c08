"""Keys that a person presses: one at a time in a terminal, a line each from a pipe or a file."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from typing import Protocol

ROWS_WITHOUT_A_TERMINAL = 1_000_000
"Lines that come from a pipe get no pages."


class Keys(Protocol):
    """Where keys come from."""

    @property
    def rows(self) -> int:
        """Rows of the terminal."""
        ...

    def read(self) -> str | None:
        """The next key in lower case, empty for Enter and space; None at the end of the input."""
        ...


class LineKeys:
    """A key a line."""

    rows = ROWS_WITHOUT_A_TERMINAL

    def read(self) -> str | None:
        line = sys.stdin.readline()
        return line.strip().lower() if line else None


class TerminalKeys:
    """Single keys of a terminal."""

    @property
    def rows(self) -> int:
        return shutil.get_terminal_size().lines

    def read(self) -> str | None:
        if sys.platform == "win32":
            import msvcrt

            key = msvcrt.getwch()
        else:
            # One key at a time; the bytes of an arrow key or of a letter beyond ASCII come together.
            first = os.read(sys.stdin.fileno(), 1)
            key = first.decode("ascii", "replace") if first < b"\x80" and first != b"\x1b" else self._long()
        if key in ("", "\x04"):
            return None
        if key == "\x03":
            raise KeyboardInterrupt
        return key.strip().lower() if key.isprintable() or key.isspace() else "?"

    def _long(self) -> str:
        """Read the rest of a key of several bytes; it is none of ours."""
        import select

        while select.select([sys.stdin], [], [], 0)[0] and os.read(sys.stdin.fileno(), 1).isalpha() is False:
            pass
        return "?"


@contextlib.contextmanager
def open_keys() -> Iterator[Keys]:
    """The keys of standard input. A terminal gives them unechoed and at once, and is as before afterwards."""
    if not sys.stdin.isatty():
        yield LineKeys()
        return
    if sys.platform == "win32":
        yield TerminalKeys()
        return
    import termios
    import tty

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    try:
        tty.setcbreak(fd)
        yield TerminalKeys()
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
