"""Writes samples.jsonl (200 sums of two integers below 100) and stored answers: 171 of playback.jsonl are right.

Two more sets of answers stand for the same model after a change of its prompt: playback-reworded.jsonl, where four
answers became right and three wrong, and playback-chatty.jsonl, where forty right ones became sentences.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

SEED = 7
N_SAMPLES = 200
N_MISCALCULATED = 20
N_TALKATIVE = 9
N_REWORDED_WON = 4
N_REWORDED_LOST = 3
N_CHATTY = 40
SYSTEM = "Answer with the number only."


def samples(rng: random.Random) -> list[tuple[int, int]]:
    """Distinct pairs of integers from 0 to 99."""
    return [divmod(code, 100) for code in rng.sample(range(100 * 100), N_SAMPLES)]


def miscalculated(a: int, b: int, rng: random.Random) -> str:
    """A wrong sum of the kinds that people and models write; never one that begins with the right one."""
    total = a + b
    slips = [total - 10, total + 10, total + 1, total - 1, int(str(total)[::-1])]
    wrong = [slip for slip in slips if slip >= 0 and not str(slip).startswith(str(total))]
    return str(rng.choice(wrong))


def completions(pairs: list[tuple[int, int]], rng: random.Random) -> list[str]:
    """One answer a pair: most are right, some miscalculated, some not the number only."""
    said = [f"{a + b}" if rng.random() < 0.9 else f"{a + b}." for a, b in pairs]
    slips = rng.sample(range(len(pairs)), N_MISCALCULATED + N_TALKATIVE)
    for position in slips[:N_MISCALCULATED]:
        said[position] = miscalculated(*pairs[position], rng)
    for position in slips[N_MISCALCULATED:]:
        said[position] = f"The sum is {said[position]}"
    return said


def reworded(pairs: list[tuple[int, int]], said: list[str], rng: random.Random) -> list[str]:
    """The answers after a harmless change: a few slips mended, as good as as many made."""
    right = [said[i].rstrip(".") == str(a + b) for i, (a, b) in enumerate(pairs)]
    changed = list(said)
    for position in rng.sample([i for i, ok in enumerate(right) if not ok], N_REWORDED_WON):
        changed[position] = str(sum(pairs[position]))
    for position in rng.sample([i for i, ok in enumerate(right) if ok], N_REWORDED_LOST):
        changed[position] = miscalculated(*pairs[position], rng)
    return changed


def chatty(pairs: list[tuple[int, int]], said: list[str], rng: random.Random) -> list[str]:
    """The answers after a change that hurts: many are no longer the number only."""
    right = [i for i, (a, b) in enumerate(pairs) if said[i].rstrip(".") == str(a + b)]
    changed = list(said)
    for position in rng.sample(right, N_CHATTY):
        changed[position] = f"Sure! The answer is {said[position]}"
    return changed


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8", newline="\n")


def main(folder: Path = Path(__file__).parent) -> None:
    """Write the files into `folder`."""
    rng = random.Random(SEED)
    pairs = samples(rng)
    questions = [f"What is {a} + {b}?" for a, b in pairs]
    messages = [[{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}] for text in questions]
    ideals = [str(a + b) for a, b in pairs]
    write(folder / "samples.jsonl", [{"input": m, "ideal": ideal} for m, ideal in zip(messages, ideals, strict=True)])
    said = completions(pairs, rng)
    for name, answers in (
        ("playback", said),
        ("playback-reworded", reworded(pairs, said, rng)),
        ("playback-chatty", chatty(pairs, said, rng)),
    ):
        rows = [{"input": question, "completion": text} for question, text in zip(questions, answers, strict=True)]
        write(folder / f"{name}.jsonl", rows)


if __name__ == "__main__":
    main()
