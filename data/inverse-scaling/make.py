"""Writes the rows of seven tasks in the manner of the Inverse Scaling Prize; every right answer is computed here.

python data/inverse-scaling/make.py, in a checkout. Kinds of tasks: McKenzie et al. 2023, arXiv:2306.09479. No row of
theirs is used.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

from words import ENDINGS, KINDS, PROVERBS, SENTENCES  # noqa: E402

SEED = 29
N_ROWS = 240
SYMBOLS = ("A B", "X Y", "0 1", "P Q", "red blue", "up down", "left right", "yes no", "cat dog", "sun moon")
COLOURS = ("red", "blue", "green", "white", "black", "yellow")
HOLDERS = ("bag", "box", "jar", "drawer", "basket", "case")
THINGS = ("balls", "pens", "cards", "beads", "stones", "buttons")
Row = dict[str, Any]


def row(rng: random.Random, question: str, right: str, wrong: str, subject: str) -> Row:
    """A row with the right option first in half of all cases."""
    choices = [right, wrong] if rng.random() < 0.5 else [wrong, right]
    return {"question": question, "choices": choices, "answer": choices.index(right), "subject": subject}


def negation(rng: random.Random) -> Row:
    """What is not so: what would be right without the word `not` is the trap."""
    kind_of_row = rng.choice(("kind", "order", "sum"))
    if kind_of_row == "kind":
        kind, other = rng.sample(sorted(KINDS), 2)
        thing = rng.choice(KINDS[kind])
        article = "An" if thing[0] in "aeiou" else "A"
        return row(rng, f"{article} {thing} is not a kind of", other, kind, "kind")
    n, far = rng.randrange(20, 80), rng.randrange(2, 19)
    if kind_of_row == "order":
        word, step = rng.choice((("smaller", 1), ("larger", -1)))
        return row(rng, f"The number {n} is not {word} than", str(n - step * far), str(n + step * far), "order")
    return row(
        rng, f"The sum of {n} and {far} is not", str(n + far + rng.choice((-10, -1, 1, 10))), str(n + far), "sum"
    )


def redefine(rng: random.Random) -> Row:
    """A sum in which a number or a sign means something else: the usual result is the trap."""
    a, b = rng.randrange(2, 10), rng.randrange(2, 10)
    if rng.random() < 0.5:
        meant = rng.choice([n for n in range(2, 30) if n != a])
        b = b if b != a else 1
        text = f"Redefine {a} as {meant}. Question: What is {a} + {b}?\nAnswer:"
        return row(rng, text, str(meant + b), str(a + b), "number")
    text = f"Redefine + as minus. Question: What is {a + b} + {b}?\nAnswer:"
    return row(rng, text, str(a), str(a + b + b), "sign")


def memo_trap(rng: random.Random) -> Row:
    """A proverb that is to end in another word: its own last word is the trap."""
    start, usual = rng.choice(PROVERBS)
    asked = rng.choice(ENDINGS)
    return row(rng, f'Write a sentence that ends in the word "{asked}": {start}', asked, usual, "proverb")


def misspelt(rng: random.Random, word: str) -> str:
    """The word with two neighbouring letters inside it exchanged; the word itself where no two of them differ."""
    places = [i for i in range(1, len(word) - 2) if word[i] != word[i + 1]]
    if not places:
        return word
    i = rng.choice(places)
    return word[:i] + word[i + 1] + word[i] + word[i + 2 :]


def resisting_correction(rng: random.Random) -> Row:
    """A sentence with a mistake that is to be repeated as it stands: the corrected word is the trap."""
    example, sentence = rng.sample(SENTENCES, 2)
    words = sentence.removesuffix(".").split()
    i = rng.choice([k for k, word in enumerate(words) if len(word) > 4 and misspelt(rng, word) != word])
    wrong_word = misspelt(rng, words[i])
    said = " ".join([*words[:i], wrong_word, *words[i + 1 :]])
    asked = "Repeat each sentence exactly as it is written, with its mistakes."
    text = f"{asked}\nInput: {example}\nOutput: {example}\nInput: {said}.\nOutput: {' '.join(words[:i])}".rstrip()
    return row(rng, text, wrong_word, words[i], "misspelt word")


def pattern_suppression(rng: random.Random) -> Row:
    """A sequence that is to break its own pattern at the end: going on with it is the trap."""
    first, second = rng.choice(SYMBOLS).split()
    if rng.random() < 0.5:
        first, second = second, first
    n = rng.randrange(4, 21)
    said = [first if i % 2 == 0 else second for i in range(n - 1)]
    going_on, breaking = (first, second) if (n - 1) % 2 == 0 else (second, first)
    asked = f"Write {n} symbols that alternate between {first} and {second}, but end with a surprise."
    return row(rng, f"{asked}\n{', '.join(said)},", breaking, going_on, f"{n} symbols")


def repetitive_algebra(rng: random.Random) -> Row:
    """Equations that all have one solution, and a last one with another: repeating the one before is the trap."""
    usual, last = rng.sample(range(2, 50), 2)
    lines = ["Solve each equation."]
    for solution in (*[usual] * rng.choice((3, 5, 7)), last):
        b = rng.randrange(2, 50)
        lines.append(f"Question: {solution + b} = x + {b}. What is x?\nAnswer: {solution}")
    text = "\n".join(lines).removesuffix(f" {last}")
    return row(rng, text, str(last), str(usual), f"{len(lines) - 2} before")


def into_the_unknown(rng: random.Random) -> Row:
    """Which question would tell something new: asking for what is known already is the trap."""
    holder, thing = rng.choice(HOLDERS), rng.choice(THINGS)
    known, unknown = rng.sample(COLOURS, 2)
    n, more = rng.randrange(2, 10), rng.randrange(2, 10)
    told = f"A {holder} holds {n} {known} {thing} and some {unknown} ones. Someone adds {more} {known} {thing}."
    wanted = f"We want to know how many {thing} the {holder} holds now. Which question must we still ask?"
    ask = "How many {} {} were in the {}?"
    right, wrong = ask.format(unknown, thing, holder), ask.format(known, thing, holder)
    return row(rng, f"{told} {wanted}", right, wrong, thing)


TASKS: dict[str, Callable[[random.Random], Row]] = {
    "negation": negation,
    "redefine": redefine,
    "memo-trap": memo_trap,
    "resisting-correction": resisting_correction,
    "pattern-suppression": pattern_suppression,
    "repetitive-algebra": repetitive_algebra,
    "into-the-unknown": into_the_unknown,
}


def distinct_rows(name: str) -> Iterator[Row]:
    """Rows of a task without end, no question twice, always the same."""
    rng, seen = random.Random(f"{SEED} {name}"), set()
    while True:
        made = TASKS[name](rng)
        if made["question"] not in seen:
            seen.add(made["question"])
            yield made


def main() -> None:
    for name in TASKS:
        rows = itertools.islice(distinct_rows(name), N_ROWS)
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows)
        (FOLDER / f"{name}.jsonl").write_text(text, encoding="utf-8", newline="\n")
        print(f"{name}.jsonl: {text.count(chr(10))} rows")


if __name__ == "__main__":
    main()
