"""Writes items.jsonl and fewshot.jsonl for the pocket models, from held-out sets: `python data/exam-pocket/make.py`.

Rows are drawn by a fixed seed. Kinds that only the larger models can do stand beside easier ones.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
DATA = FOLDER.parent
SEED = 23
N_EXAMPLES = 2
"Of each section: more would not fit into the 384 tokens of a pocket model beside a question."
CHOICE = {"arithmetic": 2, "reading": 2, "sequences": 2}
"Questions of each subject and each right letter."
SUMS = {"add1": 4, "sub1": 4, "mul": 6, "story": 6, "add2": 4, "sub2": 4}
WORDS = {"opposites": 10, "english": 8}
FACTS = {"named often": 6, "named sometimes": 6, "named seldom": 14}

Row = dict[str, Any]


def rows_of(name: str) -> list[Row]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def drawn(rows: Iterable[Row], key: str, wanted: Mapping[str, int], rng: random.Random) -> Iterator[Row]:
    """So many rows of each value of `key`."""
    found = list(rows)
    for value, n in wanted.items():
        yield from rng.sample([row for row in found if row[key] == value], n)


def bare(text: str) -> str:
    """The question in a prompt of the pocket sets."""
    return text.removeprefix("Question: ").removesuffix("\nAnswer:")


def choice_rows(rng: random.Random) -> list[Row]:
    rows = rows_of("pocket-choice/test.jsonl")
    picked = []
    for place in range(4):
        picked += drawn([row for row in rows if row["answer"] == place], "subject", CHOICE, rng)
    found = [
        {"kind": "mcq", "stem": row["question"], "options": dict(zip("ABCD", row["choices"], strict=True)),
         "answer": "ABCD"[row["answer"]], "tags": [row["subject"]]}
        for row in picked
    ]  # fmt: skip
    rng.shuffle(found)
    return found


def sum_rows(rng: random.Random) -> list[Row]:
    rows = drawn(rows_of("pocket-arithmetic/test.jsonl"), "subject", SUMS, rng)
    return [
        {"kind": "numeric", "stem": bare(row["input"]), "answer": int(row["ideal"]), "tags": [row["subject"]]}
        for row in rows
    ]


def word_rows(rng: random.Random) -> list[Row]:
    opposites = [
        {"stem": row["question"], "answer": row["choices"][row["answer"]], "tag": row["subject"]}
        for row in rows_of("pocket-choice/open.jsonl")
    ]
    numbers = [
        {"stem": bare(row["input"]), "answer": row["ideal"], "tag": row["language"]}
        for row in rows_of("pocket-languages/test.jsonl")
    ]
    return [short(row["stem"], row["answer"], row["tag"]) for row in drawn(opposites + numbers, "tag", WORDS, rng)]


def fact_rows(rng: random.Random) -> list[Row]:
    rows = drawn(rows_of("pocket-facts/test.jsonl"), "category", FACTS, rng)
    return [short(bare(row["input"]), row["ideal"], row["category"]) for row in rows]


def short(stem: str, ideal: str | list[str], tag: str) -> Row:
    return {"kind": "short", "stem": stem, "answer": ideal if isinstance(ideal, list) else [ideal], "tags": [tag]}


PARTS = {"choice": choice_rows, "sums": sum_rows, "words": word_rows, "facts": fact_rows}


def examples(taken: set[str]) -> Iterator[Row]:
    """Two solved questions of each section that are none of its questions."""
    rng = random.Random(SEED + 1)
    for section, make in PARTS.items():
        others = [row for row in make(rng) if row["stem"] not in taken]
        for number, row in enumerate(rng.sample(others, N_EXAMPLES), start=1):
            yield {"id": f"example-{section}-{number}", "section": section, **row}


def write(name: str, rows: Iterable[Row]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    rng = random.Random(SEED)
    parts = {section: make(rng) for section, make in PARTS.items()}
    items = [
        {"id": f"{section}-{number}", "section": section, **row}
        for section, rows in parts.items()
        for number, row in enumerate(rows, start=1)
    ]
    write("items.jsonl", items)
    write("fewshot.jsonl", examples({row["stem"] for row in items}))


if __name__ == "__main__":
    main()
