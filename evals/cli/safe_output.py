"""What stands before every output stream of a command: nothing that is printed steers a terminal or a CI system."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from typing import Any

from evals.texts.safe_text import STEERING

_OURS = r"\x1b\[[0-9;]*[mKA-D]"
"Colours, and what a progress bar needs."
_STEERING = re.compile(f"(?!{_OURS})(?![\r\n\t])[{STEERING}]")
_LINE_COMMAND = re.compile(r"(?m)^([ \t]*)::(?=\w)")
"GitHub takes such a line for a command, as `::error::` or `::stop-commands::`."
_TAGGED_COMMAND = re.compile(r"##(?:vso)?\[")
"Azure Pipelines and old runners of GitHub take this for a command anywhere in a line."


class SafeStream:
    """A stream whose texts are made harmless while they are written. What it gives in return is still valid JSON.

    A last guard: whoever shows text from outside makes it printable before. `raw` is the stream behind it, for commands
    to a CI system that we mean.
    """

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self._is_blank = True

    def write(self, text: str) -> int:
        """Write `text`, escaped; return its length."""
        self.raw.write(self._harmless(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each of the lines."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    def _harmless(self, text: str) -> str:
        starts_line, self._is_blank = self._is_blank, self._ends_blank(text)
        if not text.isprintable():
            text = _STEERING.sub(_escaped, text)
        if "::" in text:
            text = _without_line_commands(text, starts_line=starts_line)
        return _TAGGED_COMMAND.sub(lambda match: f"{match[0][:-1]}\\u005b", text) if "##" in text else text

    def _ends_blank(self, text: str) -> bool:
        """Whether nothing but spaces stands on the line that `text` leaves open."""
        last = max(text.rfind("\n"), text.rfind("\r"))
        return not text[last + 1 :].strip() and (last >= 0 or self._is_blank)


def _without_line_commands(text: str, *, starts_line: bool) -> str:
    lines = re.split(r"(?<=[\r\n])", text)
    first = lines[:1] if starts_line else []
    safe = [_LINE_COMMAND.sub(r"\1\\::", line) for line in [*first, *lines[1:]]]
    return "".join(safe if starts_line else [lines[0], *safe])


def _escaped(match: re.Match[str]) -> str:
    """JSON's escape of a character, so that output of --json stays what it is."""
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


@contextlib.contextmanager
def safe_output() -> Iterator[None]:
    """Put a `SafeStream` before standard output and standard error until the block ends."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (stream if isinstance(stream, SafeStream) else SafeStream(stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def unescaped(stream: Any) -> Any:
    """The stream behind a `SafeStream`, for what we say to a CI system ourselves."""
    return stream.raw if isinstance(stream, SafeStream) else stream
