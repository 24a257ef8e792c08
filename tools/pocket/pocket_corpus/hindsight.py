"""Was it a good bet? Mostly the outcome gives the answer away; where it does not, only the odds count."""

from __future__ import annotations

import random

from pocket_corpus.items import Item, question
from pocket_corpus.world import COLOURS

KINDS = ("agreeing", "conflicting")
"The outcome agrees with the odds, or not."
CONFLICT_SHARE = 0.12
NAMES = ("Ann", "Ben", "Eva", "Kim", "Leo", "Max", "Mia", "Tom")


def draw_bet(rng: random.Random, kind: str) -> Item:
    """A bet on a colour, good where the bag holds more balls of it."""
    first, second = rng.sample(COLOURS, 2)
    n_first = rng.choice((1, 2, 3, 7, 8, 9))
    bet_on_first = rng.random() < 0.5
    good = (n_first > 5) == bet_on_first
    won = good == (kind == "agreeing")
    bet = first if bet_on_first else second
    told = f"A bag holds {n_first} {first} and {10 - n_first} {second} balls. {rng.choice(NAMES)} bets on {bet} and "
    text = f"{told}{'wins' if won else 'loses'}. Was it a good bet?"
    return Item(f"bet {text}", question(text), "Yes" if good else "No", kind)


def draw(rng: random.Random, kind: str) -> Item:
    """A bet; whatever the kind of the document, few of its bets conflict."""
    return draw_bet(rng, "conflicting" if rng.random() < CONFLICT_SHARE else "agreeing")
