"""The options of a question in another order: what is shown, and what a shown letter stands for."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from evals.exams.items import Item

_PAIRED = re.compile(r"-([A-Z])\b")
_NAMED = re.compile(r"\{([A-Z])\}")


@dataclass(frozen=True)
class ShownItem:
    """A question as it is asked."""

    item: Item
    "With its options, its key and the places of its images under the letters that are shown."
    original_of: Mapping[str, str]
    "Shown letter to the letter of the paper."

    @property
    def is_shuffled(self) -> bool:
        """Whether any option stands under another letter than in the paper."""
        return any(shown != original for shown, original in self.original_of.items())

    def in_paper_letters(self, answer: str | None) -> str | None:
        """An answer with the letters of the paper in place of those that were shown."""
        if answer is None or not self.is_shuffled:
            return answer
        if self.item.kind == "match":
            return _PAIRED.sub(lambda found: f"-{self.original_of.get(found[1], found[1])}", answer)
        letters = [self.original_of.get(letter, letter) for letter in answer]
        return "".join(letters if self.item.kind == "order" else sorted(letters))

    def text(self, text: str) -> str:
        """A text of the paper with `{A}` as the letter under which option A is shown."""
        shown_of = {original: shown for shown, original in self.original_of.items()}
        return _NAMED.sub(lambda found: shown_of.get(found[1], found[0]), text)


def shown_item(item: Item, rng: random.Random | None) -> ShownItem:
    """A question with its options shuffled by `rng`; in the order of the paper without one."""
    letters = list(item.options)
    order = list(letters)
    if rng is not None:
        rng.shuffle(order)
    original_of = dict(zip(letters, order, strict=True))
    shown_of = {original: shown for shown, original in original_of.items()}
    if order == letters:
        return ShownItem(item, original_of)
    key = tuple(shown_of[letter] for letter in item.key)
    shown = replace(
        item,
        options={letter: item.options[original] for letter, original in original_of.items()},
        key=key if item.kind == "order" else tuple(sorted(key)),
        pairs={name: shown_of[letter] for name, letter in item.pairs.items()},
        images=tuple(replace(image, place=_moved(image.place, shown_of)) for image in item.images),
    )
    return ShownItem(shown, original_of)


def _moved(place: str, shown_of: Mapping[str, str]) -> str:
    letter = place.removeprefix("option:")
    return place if letter == place else f"option:{shown_of[letter]}"
