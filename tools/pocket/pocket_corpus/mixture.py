"""The mixture: which kinds of document, how often, and documents of one split as an endless stream."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pocket_corpus import arithmetic, choice, facts, hindsight, languages, programs, stories
from pocket_corpus.items import Item, is_held_out

VERSION = "1"
"Changes with anything that changes a document."
TRAIN_SEED, HELD_OUT_SEED = 1001, 2002


@dataclass(frozen=True)
class Task:
    """One kind of document. weight: its share of documents. items: the most that a document has."""

    draw: Callable[[random.Random, str], Item]
    kinds: tuple[str, ...]
    weight: float
    items: int
    mixed: float = 0.25
    """Chance that a document's items are of several kinds."""


TASKS = {
    "arithmetic": Task(arithmetic.draw, arithmetic.KINDS, 17, 8),
    "facts": Task(facts.draw, facts.KINDS, 17, 8, mixed=0.5),
    "choice": Task(choice.draw, choice.KINDS, 26, 6),
    "programs": Task(programs.draw, programs.KINDS, 16, 4, mixed=0.5),
    "languages": Task(languages.draw, languages.KINDS, 12, 8, mixed=0.15),
    "hindsight": Task(hindsight.draw, hindsight.KINDS, 7, 6),
    "stories": Task(stories.draw, stories.KINDS, 9, 1),
}


def draw_item(rng: random.Random, task: Task, kind: str, held_out: bool) -> Item:
    """An item of one side of the split."""
    while True:
        item = task.draw(rng, kind)
        if is_held_out(item.key) == held_out:
            return item


def draw_document(rng: random.Random, name: str, held_out: bool) -> str:
    """One document: solved items of a task, one after the other; every number of them is as likely."""
    task = TASKS[name]
    mixed = rng.random() < task.mixed
    kind = rng.choice(task.kinds)
    items = []
    for _ in range(rng.randint(1, task.items)):
        items.append(draw_item(rng, task, rng.choice(task.kinds) if mixed else kind, held_out))
    if name == "choice":
        return _choice_document(rng, items, None if mixed else kind)
    between = "\n\n" if name == "programs" else "\n" if rng.random() < 0.15 else ""
    return between.join(item.text for item in items)


def _choice_document(rng: random.Random, items: list[Item], subject: str | None) -> str:
    """Questions one after the other, or with MMLU's heading and blank lines, with or without `Question: `."""
    if rng.random() < 0.6:
        return "".join(item.text for item in items)
    about = f" about {subject}" if subject else ""
    heading = f"The following are multiple choice questions (with answers){about}.\n\n" if rng.random() < 0.6 else ""
    texts = [item.text for item in items]
    if rng.random() < 0.5:
        texts = [text.removeprefix("Question: ") for text in texts]
    return heading + "\n".join(texts)


def documents(seed: int, held_out: bool) -> Iterator[tuple[str, str]]:
    """(task, text) of one document after the other, without end, always the same for a seed."""
    rng = random.Random(seed)
    names, weights = list(TASKS), [task.weight for task in TASKS.values()]
    while True:
        name = rng.choices(names, weights)[0]
        yield name, draw_document(rng, name, held_out)
