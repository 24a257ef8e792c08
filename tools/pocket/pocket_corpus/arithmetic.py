"""Sums, differences and products of graded difficulty, as plain questions and as one-line stories."""

from __future__ import annotations

import random
from collections.abc import Callable

from pocket_corpus.items import Item, question

KINDS = ("add1", "sub1", "add2", "sub2", "mul", "story", "add3", "sub3")
_LARGEST = {"1": 9, "2": 99, "3": 999}
_THINGS = ("apples", "books", "coins", "eggs", "keys", "nuts", "pens", "stamps")
_NAMES = ("Ann", "Ben", "Eva", "Kim", "Leo", "Max", "Mia", "Tom")


def draw(rng: random.Random, kind: str) -> Item:
    """One question of a kind, its operands drawn evenly."""
    if kind == "mul":
        return product(rng.randint(0, 12), rng.randint(0, 12))
    if kind == "story":
        return _story(rng)
    return (total if kind.startswith("add") else difference)(*_operands(rng, kind), kind)


def _operands(rng: random.Random, kind: str) -> tuple[int, int]:
    """Two numbers of at most as many digits as the kind says, the first of them with that many."""
    largest = _LARGEST[kind[-1]]
    smallest = 0 if largest == 9 else largest // 10 + 1
    a, b = rng.randint(smallest, largest), rng.randint(0, largest)
    return (max(a, b), min(a, b)) if kind.startswith("sub") else (a, b)


def total(a: int, b: int, kind: str) -> Item:
    return Item(f"{a} + {b}", question(f"What is {a} + {b}?"), str(a + b), kind)


def difference(a: int, b: int, kind: str) -> Item:
    return Item(f"{a} - {b}", question(f"What is {a} - {b}?"), str(a - b), kind)


def product(a: int, b: int) -> Item:
    return Item(f"{a} * {b}", question(f"What is {a} * {b}?"), str(a * b), "mul")


def _story(rng: random.Random) -> Item:
    """A sum or difference of numbers up to 20, with its key of its own: the same numbers may be asked plainly."""
    name, things = rng.choice(_NAMES), rng.choice(_THINGS)
    tell: Callable[[str, str, int, int], tuple[str, int]] = rng.choice((_finds, _loses, _both))
    a, b = rng.randint(1, 20), rng.randint(1, 20)
    text, answer = tell(name, things, max(a, b), min(a, b))
    return Item(f"story {text}", question(text), str(answer), "story")


def _finds(name: str, things: str, a: int, b: int) -> tuple[str, int]:
    return f"{name} has {a} {things} and finds {b} more. How many {things} does {name} have?", a + b


def _loses(name: str, things: str, a: int, b: int) -> tuple[str, int]:
    return f"{name} has {a} {things} and loses {b}. How many {things} does {name} have?", a - b


def _both(name: str, things: str, a: int, b: int) -> tuple[str, int]:
    return f"{name} buys {b} {things} and then {a} {things}. How many {things} is that?", a + b
