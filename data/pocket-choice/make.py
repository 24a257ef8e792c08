"""Writes test.jsonl (60 questions of each subject) and dev.jsonl (5) from the held-out side of the pocket corpus.

open.jsonl has those questions of the test that can be answered without seeing the options.

python data/pocket-choice/make.py, in a checkout: the generator is in tools/pocket.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1] / "tools" / "pocket"))

from pocket_corpus.choice import SUBJECTS, draw_question  # noqa: E402
from pocket_corpus.items import is_held_out  # noqa: E402

SEED = 11
N_TEST, N_DEV = 60, 5
CATEGORIES = {
    "words": ("reading", "opposites", "categories", "odd one out"),
    "numbers": ("comparison", "sequences", "arithmetic"),
    "facts": ("geography", "people"),
}
NEED_OPTIONS = ("categories", "odd one out", "comparison")


def questions(rng: random.Random, subject: str) -> Iterator[Any]:
    """Held-out questions of a subject without end, none twice."""
    seen = set()
    while True:
        question = draw_question(rng, subject)
        if is_held_out(question.key) and question.key not in seen:
            seen.add(question.key)
            yield question


def main() -> None:
    rng = random.Random(SEED)
    category_of = {subject: category for category, subjects in CATEGORIES.items() for subject in subjects}
    rows: dict[str, list[dict[str, Any]]] = {"dev": [], "test": []}
    for subject in SUBJECTS:
        drawn = questions(rng, subject)
        for name, n in (("dev", N_DEV), ("test", N_TEST)):
            for _ in range(n):
                question = next(drawn)
                rows[name].append(
                    {
                        "question": question.question,
                        "choices": list(question.choices),
                        "answer": question.answer,
                        "subject": subject,
                        "category": category_of[subject],
                    }
                )
    rows["open"] = [row for row in rows["test"] if row["subject"] not in NEED_OPTIONS]
    for name, lines in rows.items():
        text = "".join(json.dumps(row) + "\n" for row in lines)
        (FOLDER / f"{name}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
