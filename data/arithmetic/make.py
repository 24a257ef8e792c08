"""Writes samples.jsonl (200 sums of two integers below 100) and playback.jsonl (stored answers, 171 of them right)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

SEED = 7
N_SAMPLES = 200
N_MISCALCULATED = 20
N_TALKATIVE = 9
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


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8", newline="\n")


def main(folder: Path = Path(__file__).parent) -> None:
    """Write both files into `folder`."""
    rng = random.Random(SEED)
    pairs = samples(rng)
    questions = [f"What is {a} + {b}?" for a, b in pairs]
    messages = [[{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}] for text in questions]
    ideals = [str(a + b) for a, b in pairs]
    write(folder / "samples.jsonl", [{"input": m, "ideal": ideal} for m, ideal in zip(messages, ideals, strict=True)])
    answers = zip(questions, completions(pairs, rng), strict=True)
    write(folder / "playback.jsonl", [{"input": question, "completion": said} for question, said in answers])


if __name__ == "__main__":
    main()
