"""The order in which the options of a question are shown: as in the file, shuffled, or in every rotation."""

from __future__ import annotations

from random import Random

ORDERS = ("file", "shuffled", "rotations")


def orders_of(n: int, kind: str, rng: Random) -> list[tuple[int, ...]]:
    """The orders in which a question with n options is asked; place p of an order shows option `order[p]` of the row.

    kind: `file` gives one order, that of the row; `shuffled` gives one, drawn from `rng`; `rotations` gives n, in which
    each option stands once in each place.

    >>> orders_of(3, "rotations", Random(0))
    [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    """
    places = list(range(n))
    if kind == "shuffled":
        rng.shuffle(places)
    if kind == "rotations":
        return [tuple(places[r:] + places[:r]) for r in range(n)]
    return [tuple(places)]
