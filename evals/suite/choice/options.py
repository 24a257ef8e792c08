"""Options of a multiple-choice question as lettered lines."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def make_abc(
    answers: Sequence[str], *, correct_idx: int = 0, shuffle: bool = True, rng: Random | None = None
) -> tuple[str, str]:
    """(the options as lines `A) ...`, the letter of the right one).

    correct_idx: index of the right option in `answers`. rng: shuffles the options, unless `shuffle` is False.

    >>> make_abc(["red", "blue"], correct_idx=1, shuffle=False)
    ('A) red\\nB) blue', 'B')

    Raises:
        ValueError: `shuffle` is True and there is no `rng`.
    """
    order = list(range(len(answers)))
    if shuffle:
        if rng is None:
            raise ValueError("make_abc shuffles with `rng`: hand one in, or set shuffle=False")
        rng.shuffle(order)
    lines = [f"{letter(place)}) {answers[index]}" for place, index in enumerate(order)]
    return "\n".join(lines), letter(order.index(correct_idx))


def letter(index: int) -> str:
    """The letter of an option by its index: A for 0, B for 1, and so on."""
    return chr(ord("A") + index)
