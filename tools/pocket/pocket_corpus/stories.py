"""Short stories in which things change hands, so that late sentences hang on early ones."""

from __future__ import annotations

import random

from pocket_corpus.facts import draw_entity
from pocket_corpus.items import Item, pick, zipf_weights

KINDS = ("story",)
NAMES = (
    ("Ann", "she"), ("Ben", "he"), ("Eva", "she"), ("Kim", "she"), ("Leo", "he"), ("Max", "he"), ("Mia", "she"),
    ("Tom", "he"), ("Ida", "she"), ("Jan", "he"), ("Lea", "she"), ("Nils", "he"),
)  # fmt: skip
THINGS = ("ball", "book", "cake", "cup", "key", "lamp", "map", "ring", "rope", "stone", "kite", "basket")
ADJECTIVES = ("red", "big", "small", "blue", "new", "heavy", "green", "round", "bright", "broken")
PLACES = ("market", "river", "school", "garden", "park", "shop", "bridge", "forest", "harbour", "mill")
WEATHER = ("The sun was shining", "It was raining", "It was cold", "The wind was strong", "It was a quiet day")
MOODS = ("happy", "tired", "glad", "hungry", "proud", "sad")
_THING_WEIGHTS = zipf_weights(len(THINGS), 0.8)
_ADJECTIVE_WEIGHTS = zipf_weights(len(ADJECTIVES), 0.8)
_PLACE_WEIGHTS = zipf_weights(len(PLACES), 0.8)
_NAME_WEIGHTS = zipf_weights(len(NAMES), 0.5)


class _Teller:
    """Who holds what, and where everybody is, while a story is told."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        first, second = pick(rng, NAMES, _NAME_WEIGHTS), pick(rng, NAMES, _NAME_WEIGHTS)
        while second == first:
            second = pick(rng, NAMES, _NAME_WEIGHTS)
        self.people = [first, second]
        self.things = [self._thing(), self._thing()]
        while self.things[0].split()[1] == self.things[1].split()[1]:
            self.things[1] = self._thing()
        self.place = pick(rng, PLACES, _PLACE_WEIGHTS)

    def _thing(self) -> str:
        return f"{pick(self.rng, ADJECTIVES, _ADJECTIVE_WEIGHTS)} {pick(self.rng, THINGS, _THING_WEIGHTS)}"

    def opening(self) -> str:
        town = draw_entity(self.rng, "town")
        (name, pronoun), _ = self.people
        home = f"{name} lived in {town.name}, a town in {town.facts['country']}"
        known = f"{home} on the river {town.facts['river']}." if self.rng.random() < 0.4 else f"{home}."
        return f"{known} One day {pronoun} took a {self.things[0]} to the {self.place}."

    def meeting(self) -> str:
        (name, _pronoun), (other, other_pronoun) = self.people
        weather = f"{self.rng.choice(WEATHER)}. " if self.rng.random() < 0.5 else ""
        return f"{weather}At the {self.place} {name} met {other}, and {other_pronoun} had a {self.things[1]}."

    def event(self) -> str:
        """A swap, a gift, or a walk to another place."""
        kind = self.rng.choices(("swap", "walk", "talk"), (4, 4, 2))[0]
        (name, _), (other, _) = self.people
        if kind == "walk":
            before = self.place
            while self.place == before:
                self.place = pick(self.rng, PLACES, _PLACE_WEIGHTS)
            return f"They went from the {before} to the {self.place}."
        if kind == "swap":
            self.things.reverse()
            asked = f'"May I have your {self.things[0]}?" asked {name}.'
            return f"{asked} {other} said yes, and {name} gave {other} the {self.things[1]}."
        person = draw_entity(self.rng, "person")
        job = f"{person.name} the {person.facts['job']}"
        return f"They saw {job}, who has a {person.facts['pet']}."

    def ending(self) -> str:
        (name, pronoun), (other, _) = self.people
        last = f"In the end {name} had the {self.things[0]} and {other} had the {self.things[1]}."
        if self.rng.random() < 0.5:
            return f"{last} They were still at the {self.place}, and {name} was {self.rng.choice(MOODS)}."
        return f"{last} Then {pronoun} went home from the {self.place}."


def tell(rng: random.Random) -> str:
    """One story of six to nine sentences."""
    teller = _Teller(rng)
    sentences = [teller.opening(), teller.meeting()]
    sentences += [teller.event() for _ in range(rng.randint(2, 4))]
    return " ".join([*sentences, teller.ending()])


def draw(rng: random.Random, kind: str) -> Item:
    """A story as an item: all of it is the answer."""
    story = tell(rng)
    return Item(f"story {story}", "", story, kind, gap="")
