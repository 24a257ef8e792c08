"""Reads `key=value,key=value` arguments, and decides which values are JSON, numbers or texts."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from evals.errors import UsageError

_PAIR = re.compile(r"^[A-Za-z_][\w.-]*=")
_INT = re.compile(r"-?(0|[1-9]\d*)")
_FLOAT = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")


def split_pairs(texts: Sequence[str], flag: str) -> dict[str, str]:
    """The pairs of one or several `k=v,k=v` arguments, as key -> text. Later pairs win.

    A comma does not separate inside brackets, braces or double quotes, and if no `key=` follows it:
    `stop=["a","b"],n=2` and `prompt=one, two,n=2` both hold two pairs. flag: the option, for messages.

    Raises:
        UsageError: a part has no `=`, or no key before it.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        for piece in _pieces(text):
            key, separator, value = piece.partition("=")
            if not separator or not key.strip():
                raise UsageError(f"{flag} takes key=value pairs, got {piece!r}", fix=f"write {flag} name=value")
            pairs[key.strip()] = value
    return pairs


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for part in _split_outside_brackets(text):
        if pieces and not _PAIR.match(part.strip()):
            pieces[-1] += "," + part
        elif part.strip():
            pieces.append(part)
    return pieces


def _split_outside_brackets(text: str) -> list[str]:
    parts, depth, quoted, start, escaped = [], 0, False, 0, False
    for position, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped = character == "\\"
            quoted = character != '"'
        elif character == '"' and (depth or text[position - 1 : position] == "="):
            quoted = True
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth = max(0, depth - 1)
        elif character == "," and not depth:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def typed(text: str) -> Any:
    """The value of an argument: JSON if `text` is a list, an object, a quoted text, true, false or null.

    A number, if it is written as JSON writes it; else the text itself (`007`, `1_000`, `yes`).

    Raises:
        UsageError: the text begins like a JSON list or object with texts, and is not valid JSON.
    """
    stripped = text.strip()
    if stripped in ("true", "false", "null") or stripped[:1] in ("[", "{", '"'):
        try:
            return json.loads(stripped)
        except ValueError as error:
            if stripped[:2] in ('["', '{"'):
                raise UsageError(
                    f"a value begins like JSON and is not valid JSON: {stripped[:30]}",
                    notes=[str(error)],
                    fix='close every quote and bracket, and quote all of it for the shell: \'stop=["a", "b"]\'',
                ) from None
            return text
    if stripped == "-0":
        return text
    if _INT.fullmatch(stripped):
        return int(stripped)
    if _FLOAT.fullmatch(stripped):
        return float(stripped)
    return text


def number_or_text(text: str) -> int | float | str:
    """`text` as an int, else as a float, else unchanged: the rule of openai/evals for `--extra_eval_params`."""
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            pass
    return text
