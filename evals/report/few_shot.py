"""Tells the question of a prompt from the worked examples before it, so that examples never hide what was asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_EXAMPLE_ROLES = {"example_user", "example_assistant"}
_HEAD = re.compile(r"[^\n:]{1,40}:")
"The word that opens a block of a prompt of plain text: `Question:`, `Q:`."
_MIN_PAIRS = 2
"Two pairs of turns of a chat are examples; a single one may be a conversation."


@dataclass(frozen=True)
class Examples:
    """Which messages of a chat, or which characters of a text, are worked examples."""

    start: int
    stop: int
    n: int
    "How many examples they are."


def examples_in_chat(roles: Sequence[str]) -> Examples | None:
    """The worked examples among the messages of a chat; None without any.

    roles: of each message, or its name where it has one, as openai/evals marks examples (`example_user`). Messages
    without such names are examples where two pairs or more of `user` and `assistant` come before the last `user`.
    """
    marked = [i for i, role in enumerate(roles) if role in _EXAMPLE_ROLES]
    if marked:
        start, stop = marked[0], marked[-1] + 1
        n = sum(role == "example_user" for role in roles[start:stop]) or 1
        return Examples(start, stop, n) if stop < len(roles) else None
    start = next((i for i, role in enumerate(roles) if role not in ("system", "developer")), len(roles))
    before = list(roles[start:-1])
    n = len(before) // 2
    if n < _MIN_PAIRS or before != ["user", "assistant"] * n or roles[-1] != "user":
        return None
    return Examples(start, len(roles) - 1, n)


def examples_in_text(text: str) -> Examples | None:
    """The worked examples of a prompt of plain text, in characters; None without any.

    They are blocks between blank lines that open with the word that the last block opens with: `Question: ...`.
    """
    last = text.rfind("\n\n")
    while last >= 0:
        head = _HEAD.match(text, last + 2)
        if head is not None and text[last + 2 :].strip():
            return _repeated(text, head[0], last + 2)
        last = text.rfind("\n\n", 0, last)
    return None


def _repeated(text: str, head: str, question: int) -> Examples | None:
    """The blocks before `question` that open with `head`."""
    starts = [match.start() for match in re.finditer(rf"(?:^|(?<=\n\n)){re.escape(head)}", text[:question])]
    return Examples(starts[0], question, len(starts)) if starts else None


def examples_words(n: int) -> str:
    """`1 few-shot example`, `8 few-shot examples`."""
    return f"{n:,} few-shot example{'' if n == 1 else 's'}"
