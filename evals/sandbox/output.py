"""What programs print and say: compared with what is expected, and made safe to show."""

from __future__ import annotations

MAX_DETAIL = 4096
"Characters of a text that a verdict keeps."


def same_output(printed: str, expected: str) -> bool:
    """Whether two outputs have the same words in the same lines; blank ends do not matter."""
    return [line.split() for line in printed.strip().split("\n")] == [
        line.split() for line in expected.strip().split("\n")
    ]


def escaped(text: str) -> str:
    """At most `MAX_DETAIL` characters of the text, with everything escaped that could steer a terminal."""
    shown = "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text[:MAX_DETAIL])
    return shown[:MAX_DETAIL]
