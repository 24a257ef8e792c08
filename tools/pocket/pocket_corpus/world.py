"""An invented world: towns and people with attributes, some of them named often and most of them seldom."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

WORLD_SEED = 41
N_TOWNS = 60
N_PEOPLE = 90

_STARTS = [
    "b",
    "br",
    "d",
    "dr",
    "f",
    "g",
    "gr",
    "h",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "r",
    "s",
    "st",
    "t",
    "tr",
    "v",
    "z",
]
_VOWELS = ["a", "e", "i", "o", "u"]
_TOWN_ENDS = ["ba", "den", "dor", "fel", "gar", "len", "mar", "nor", "rim", "sen", "ton", "vik"]
_NAME_ENDS = ["a", "an", "el", "en", "i", "ia", "in", "is", "o", "on", "or", "us"]

COUNTRIES = ["Avaria", "Boland", "Cerdia", "Drenia", "Estora", "Fenmark", "Galtia", "Hovland"]
COLOURS = ["red", "blue", "green", "yellow", "white", "black"]
RIVERS = ["Arno", "Brel", "Cam", "Dunn", "Elba", "Fals", "Gurn", "Hess"]
GOODS = ["salt", "wool", "glass", "honey", "paper", "silk", "iron", "tea", "wine", "soap"]
JOBS = ["baker", "doctor", "farmer", "judge", "miner", "painter", "pilot", "sailor", "singer", "teacher"]
PETS = ["cat", "dog", "horse", "goat", "parrot", "rabbit", "snake", "mouse"]
TOOLS = ["flute", "drum", "harp", "violin", "piano", "trumpet", "guitar", "bell"]


@dataclass(frozen=True)
class Attribute:
    """What is asked about an entity: questions and statements hold `{x}`; a statement ends where the value follows."""

    name: str
    values: tuple[str, ...]
    questions: tuple[str, ...]
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Entity:
    """A town or a person. rank: 0 is the one named most often."""

    name: str
    rank: int
    facts: dict[str, str]


TOWN_ATTRIBUTES = (
    Attribute(
        "country",
        tuple(COUNTRIES),
        ("In which country is {x}?", "Which country is {x} in?", "Where is {x}?", "To which country does {x} belong?")
        + ("{x} is a town in which country?",),
        ("The town {x} is in", "The country of {x} is", "{x} belongs to"),
    ),
    Attribute(
        "river",
        tuple(RIVERS),
        ("Which river flows through {x}?", "On which river is {x}?", "What is the river of {x}?")
        + ("What is the name of the river in {x}?", "Through {x} flows which river?"),
        ("The river of {x} is the", "The town {x} is on the", "Through {x} flows the"),
    ),
    Attribute(
        "goods",
        tuple(GOODS),
        ("What is {x} known for?", "What does {x} sell?", "What is made in {x}?", "What do people buy in {x}?")
        + ("For what is {x} known?",),
        ("The town {x} is known for", "People in {x} make", "The people of {x} sell"),
    ),
    Attribute(
        "flag",
        tuple(COLOURS),
        ("Which colour has the flag of {x}?", "What is the colour of the flag of {x}?", "Which flag has {x}?")
        + ("What colour does the flag of {x} have?", "The flag of {x} has which colour?"),
        ("The flag of {x} is", "The colour of {x} is", "In {x} the flag is"),
    ),
)
PERSON_ATTRIBUTES = (
    Attribute(
        "job",
        tuple(JOBS),
        ("What is the job of {x}?", "What does {x} do for a living?", "What work does {x} do?", "Which job has {x}?")
        + ("What is {x}?",),
        ("The job of {x} is", "{x} works as a", "For a living {x} is a"),
    ),
    Attribute(
        "pet",
        tuple(PETS),
        ("Which pet does {x} have?", "What animal does {x} have?", "Which animal lives with {x}?")
        + ("What is the pet of {x}?", "{x} has which pet?"),
        ("The pet of {x} is a", "{x} has a", "With {x} lives a"),
    ),
    Attribute(
        "instrument",
        tuple(TOOLS),
        ("What does {x} play?", "Which instrument does {x} play?", "What is the instrument of {x}?")
        + ("What can {x} play?", "{x} plays which instrument?"),
        ("{x} plays the", "The instrument of {x} is the", "In the evening {x} plays the"),
    ),
)


def _names(rng: random.Random, n: int, ends: list[str], taken: set[str]) -> list[str]:
    names: list[str] = []
    while len(names) < n:
        name = (rng.choice(_STARTS) + rng.choice(_VOWELS) + rng.choice(["", *"lmnrt"]) + rng.choice(ends)).capitalize()
        if name not in taken:
            taken.add(name)
            names.append(name)
    return names


def _entities(rng: random.Random, names: list[str], attributes: tuple[Attribute, ...]) -> tuple[Entity, ...]:
    facts = ({a.name: rng.choice(a.values) for a in attributes} for _ in names)
    return tuple(Entity(name, rank, known) for rank, (name, known) in enumerate(zip(names, facts, strict=False)))


@cache
def towns() -> tuple[Entity, ...]:
    """All towns, the best known first."""
    rng = random.Random(WORLD_SEED)
    return _entities(rng, _names(rng, N_TOWNS, _TOWN_ENDS, set(COUNTRIES)), TOWN_ATTRIBUTES)


@cache
def people() -> tuple[Entity, ...]:
    """All people, the best known first."""
    rng = random.Random(WORLD_SEED + 1)
    return _entities(rng, _names(rng, N_PEOPLE, _NAME_ENDS, {t.name for t in towns()}), PERSON_ATTRIBUTES)
