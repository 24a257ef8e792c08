"""Options of a multiple-choice question as lettered lines."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def make_abc(
    answers: Sequence[str], *, correct_idx: int = 0, shuffle: bool = True, rng: Random | None = None
) -> tuple[str, str]:
    """The options as `A) ...` lines, and the letter of the answer at `correct_idx`.

    >>> make_abc(["red", "blue"], correct_idx=1, shuffle=False)
    ('A) red\\nB) blue', 'B')

    Raises:
        ValueError: asked to shuffle without `rng`.
    """
    order = list(range(len(answers)))
    if shuffle:
        if rng is None:
            raise ValueError("make_abc shuffles with `rng`: hand one in, or set shuffle=False")
        rng.shuffle(order)
    lines = [f"{letter(place)}) {answers[index]}" for place, index in enumerate(order)]
    return "\n".join(lines), letter(order.index(correct_idx))


def letter(index: int) -> str:
    """A for 0, B for 1, ..."""
    return chr(ord("A") + index)
