"""Makes text from outside harmless where people read it: no control of a terminal, no hidden or reordered letters."""

from __future__ import annotations

import re

STEERING = (
    "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f"  # control codes, but for line ends and tabs
    "\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069"  # text direction, and line ends of their own
    "\\u200b\\u2060-\\u2065\\ufeff\\ufff9-\\ufffb"  # invisible letters
    "\\ud800-\\udfff\\U000e0000-\\U000e007f"  # lone surrogates, and tags: a second, invisible alphabet
)
"Characters that control a terminal or change what a reader sees, as the inside of a class of a regular expression."

_STEERING = re.compile(f"[{STEERING}]")


def printable(text: str) -> str:
    """`text` with the characters of `STEERING` as escapes such as `\\x1b`. Line ends stay, tabs become spaces."""
    text = text.replace("\r\n", "\n").expandtabs(4)
    return text if text.isprintable() else _STEERING.sub(lambda match: escaped(match[0]), text)


def one_line(text: str) -> str:
    """`printable`, with spaces instead of line ends. For names and labels from a record."""
    return printable(text).replace("\n", " ")


def cut_middle(text: str, width: int) -> str:
    """`text` in at most `width` letters; of a longer one the beginning and the end, as both may tell names apart."""
    if len(text) <= width:
        return text
    head = (width - 1) // 2
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"


def escaped(char: str) -> str:
    """`\\x1b`, `\\u202e` or `\\U000e0041` for one character."""
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
