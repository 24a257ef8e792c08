"""Writes test.jsonl (60 questions of each subject) and dev.jsonl (5) from the held-out side of the pocket corpus.

open.jsonl has questions that can be answered without seeing the options, none of which stands in the corpus without
options either.

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

from pocket_corpus.choice import SUBJECTS, Question, draw_question  # noqa: E402
from pocket_corpus.items import is_held_out  # noqa: E402

SEED, OPEN_SEED = 11, 13
N_TEST, N_DEV = 60, 5
MAX_DRAWS = 20_000
CATEGORIES = {
    "words": ("reading", "opposites", "categories", "odd one out"),
    "numbers": ("comparison", "sequences", "arithmetic"),
    "facts": ("geography", "people"),
}
NEED_OPTIONS = ("categories", "odd one out", "comparison")


def questions(rng: random.Random, subject: str) -> Iterator[Question]:
    """Held-out questions of a subject, none twice, until so many draws find no more."""
    seen = set()
    for _ in range(MAX_DRAWS):
        question = draw_question(rng, subject)
        if is_held_out(question.key) and question.key not in seen:
            seen.add(question.key)
            yield question


def row_of(question: Question) -> dict[str, Any]:
    category = next(name for name, subjects in CATEGORIES.items() if question.subject in subjects)
    return {
        "question": question.question,
        "choices": list(question.choices),
        "answer": question.answer,
        "subject": question.subject,
        "category": category,
    }


def open_questions(rng: random.Random, subject: str) -> list[Question]:
    """Up to N_TEST questions of a subject, no text twice, held out with and without their options."""
    found: dict[str, Question] = {}
    for question in questions(rng, subject):
        if question.plain_key is None or is_held_out(question.plain_key):
            found.setdefault(question.question, question)
        if len(found) == N_TEST:
            break
    return list(found.values())


def main() -> None:
    rng = random.Random(SEED)
    rows: dict[str, list[dict[str, Any]]] = {"dev": [], "test": []}
    for subject in SUBJECTS:
        drawn = questions(rng, subject)
        for name, n in (("dev", N_DEV), ("test", N_TEST)):
            rows[name] += [row_of(next(drawn)) for _ in range(n)]
    rng = random.Random(OPEN_SEED)
    openly = [subject for subject in SUBJECTS if subject not in NEED_OPTIONS]
    rows["open"] = [row_of(question) for subject in openly for question in open_questions(rng, subject)]
    for name, lines in rows.items():
        text = "".join(json.dumps(row) + "\n" for row in lines)
        (FOLDER / f"{name}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
