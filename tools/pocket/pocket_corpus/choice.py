"""Multiple choice with four lettered options in the layout of MMLU, from nine subjects."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pocket_corpus.facts import asked, attributes, draw_entity
from pocket_corpus.items import Item

LETTERS = "ABCD"
CATEGORIES: dict[str, tuple[str, ...]] = {
    "animal": ("cow", "dog", "fox", "hen", "lion", "pig", "wolf", "bear"),
    "fruit": ("apple", "cherry", "grape", "lemon", "melon", "peach", "pear", "plum"),
    "tool": ("axe", "drill", "file", "hammer", "knife", "rake", "saw", "spade"),
    "metal": ("copper", "gold", "lead", "nickel", "silver", "steel", "tin", "zinc"),
    "tree": ("ash", "beech", "birch", "elm", "fir", "maple", "oak", "willow"),
    "garment": ("coat", "dress", "glove", "hat", "scarf", "shirt", "shoe", "sock"),
}
OPPOSITES = (
    ("hot", "cold"), ("big", "small"), ("old", "new"), ("high", "low"), ("fast", "slow"), ("full", "empty"),
    ("hard", "soft"), ("light", "dark"), ("long", "short"), ("near", "far"), ("open", "shut"), ("rich", "poor"),
    ("early", "late"), ("wet", "dry"), ("good", "bad"), ("loud", "quiet"),
)  # fmt: skip
NAMES = ("Ann", "Ben", "Eva", "Kim", "Leo", "Max", "Mia", "Tom")
THINGS = ("ball", "book", "cake", "cup", "key", "lamp", "map", "ring", "rope", "stone")
PLACES = ("box", "garden", "house", "kitchen", "market", "park", "river", "school", "shop", "street")


@dataclass(frozen=True)
class Question:
    """A question with four options. answer: index of the right one."""

    subject: str
    question: str
    choices: tuple[str, ...]
    answer: int
    plain_key: str | None = None
    "Of the item of another task that asks the same without options."

    @property
    def key(self) -> str:
        """The same question with its options in another order is the same item."""
        return f"choice {self.subject} {self.question} {sorted(self.choices)}"

    @property
    def item(self) -> Item:
        lines = "".join(f"{letter}. {choice}\n" for letter, choice in zip(LETTERS, self.choices, strict=False))
        prompt = f"Question: {self.question}\n{lines}Answer:"
        return Item(self.key, prompt, LETTERS[self.answer], self.subject)


def _ask(
    rng: random.Random, subject: str, text: str, right: str, wrong: Sequence[str], plain_key: str | None = None
) -> Question:
    """The question with three of the wrong options, in random order."""
    choices = [right, *rng.sample(sorted(set(wrong) - {right}), 3)]
    rng.shuffle(choices)
    return Question(subject, text, tuple(choices), choices.index(right), plain_key)


def _near(rng: random.Random, right: int) -> list[str]:
    """Numbers close to the right one."""
    return [str(right + step) for step in range(-5, 11) if step and right + step >= 0]


def _geography(rng: random.Random) -> Question:
    return _fact(rng, "geography", "town")


def _people(rng: random.Random) -> Question:
    return _fact(rng, "people", "person")


def _fact(rng: random.Random, subject: str, kind: str) -> Question:
    entity, attribute = draw_entity(rng, kind), rng.choice(attributes(kind))
    plain = asked(entity, attribute, rng.randrange(len(attribute.questions)), kind)
    text = plain.prompt.removeprefix("Question: ").removesuffix("\nAnswer:")
    return _ask(rng, subject, text, plain.answer, attribute.values, plain.key)


def _arithmetic(rng: random.Random) -> Question:
    a, b = rng.randint(0, 12), rng.randint(0, 12)
    if rng.random() < 0.5:
        return _ask(rng, "arithmetic", f"What is {a} + {b}?", str(a + b), _near(rng, a + b), f"{a} + {b}")
    a, b = max(a, b), min(a, b)
    return _ask(rng, "arithmetic", f"What is {a} - {b}?", str(a - b), _near(rng, a - b), f"{a} - {b}")


def _comparison(rng: random.Random) -> Question:
    numbers = rng.sample(range(100), 4)
    word, best = rng.choice((("largest", max(numbers)), ("smallest", min(numbers))))
    return _ask(rng, "comparison", f"Which number is the {word}?", str(best), [str(n) for n in numbers])


def _sequences(rng: random.Random) -> Question:
    start, step = rng.randint(0, 20), rng.choice((1, 2, 3, 4, 5, 10))
    shown = [start + step * k for k in range(4)]
    text = "Which number comes next: " + ", ".join(map(str, shown)) + "?"
    return _ask(rng, "sequences", text, str(start + 4 * step), _near(rng, start + 4 * step))


def _categories(rng: random.Random) -> Question:
    category = rng.choice(sorted(CATEGORIES))
    others = [word for name, words in CATEGORIES.items() if name != category for word in words]
    article = "an" if category == "animal" else "a"
    text = f"Which word names {article} {category}?"
    return _ask(rng, "categories", text, rng.choice(CATEGORIES[category]), others)


def _odd_one_out(rng: random.Random) -> Question:
    inside, outside = rng.sample(sorted(CATEGORIES), 2)
    words = rng.sample(CATEGORIES[inside], 3)
    odd = rng.choice(CATEGORIES[outside])
    return _ask(rng, "odd one out", "Which word is the odd one out?", odd, words)


def _opposites(rng: random.Random) -> Question:
    word, right = rng.choice(OPPOSITES)
    if rng.random() < 0.5:
        word, right = right, word
    words = [each for pair in OPPOSITES for each in pair if each != word]
    return _ask(rng, "opposites", f"What is the opposite of {word}?", right, words)


def _reading(rng: random.Random) -> Question:
    name, thing, place = rng.choice(NAMES), rng.choice(THINGS), rng.choice(PLACES)
    other, other_thing = rng.choice([n for n in NAMES if n != name]), rng.choice([t for t in THINGS if t != thing])
    told = f"{name} has the {thing}. {other} has the {other_thing}."
    if rng.random() < 0.5:
        return _ask(rng, "reading", f"{told} What does {name} have?", thing, [*THINGS])
    told = f"{name} put the {thing} in the {place}. {other} has the {other_thing}."
    return _ask(rng, "reading", f"{told} Where is the {thing}?", place, [*PLACES])


SUBJECTS: dict[str, Callable[[random.Random], Question]] = {
    "reading": _reading,
    "opposites": _opposites,
    "categories": _categories,
    "odd one out": _odd_one_out,
    "comparison": _comparison,
    "sequences": _sequences,
    "arithmetic": _arithmetic,
    "geography": _geography,
    "people": _people,
}
KINDS = tuple(SUBJECTS)


def draw_question(rng: random.Random, subject: str) -> Question:
    """A question of a subject."""
    return SUBJECTS[subject](rng)


def draw(rng: random.Random, kind: str) -> Item:
    """A question of a subject as an item."""
    return draw_question(rng, kind).item
