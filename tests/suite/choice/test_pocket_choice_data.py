"""The pocket models' multiple-choice set: well-formed, balanced, and on the held-out side of their corpus."""

from __future__ import annotations

import collections
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "data" / "pocket-choice"
GENERATOR = ROOT / "tools" / "pocket"


def rows_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def test_subjects_have_as_many_questions_and_letters_are_about_as_likely() -> None:
    rows = rows_of("test")
    assert set(collections.Counter(row["subject"] for row in rows).values()) == {60}
    answers = collections.Counter(row["answer"] for row in rows)
    assert all(0.18 < answers[place] / len(rows) < 0.32 for place in range(4))


def test_options_differ_and_no_question_is_among_the_examples() -> None:
    rows = rows_of("test")
    assert all(len(set(row["choices"])) == 4 for row in rows)
    examples = {(row["question"], *sorted(row["choices"])) for row in rows_of("dev")}
    assert not examples & {(row["question"], *sorted(row["choices"])) for row in rows}


def test_the_open_questions_need_no_options_and_stand_once() -> None:
    rows = rows_of("open")
    assert not {"categories", "odd one out", "comparison"} & {row["subject"] for row in rows}
    assert len({row["question"] for row in rows}) == len(rows) > 250


@pytest.mark.skipif(not GENERATOR.is_dir(), reason="the generator of the corpus is in checkouts only")
def test_no_training_document_asks_an_open_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the texts themselves, in the first 5,000 training documents: neither with these options nor without any."""
    monkeypatch.syspath_prepend(str(GENERATOR))
    from itertools import islice, pairwise

    from pocket_corpus.mixture import TRAIN_SEED, documents

    asked = {f"Question: {row['question']}\nAnswer:" for row in rows_of("open")}
    seen: set[str] = set()
    for _, text in islice(documents(TRAIN_SEED, held_out=False), 5000):
        seen.update(f"{first}\n{second.split(':')[0]}:" for first, second in pairwise(text.split("\n")))
    assert not asked & seen


@pytest.mark.skipif(not GENERATOR.is_dir(), reason="the generator of the corpus is in checkouts only")
@pytest.mark.parametrize("name", ["test", "dev"])
def test_no_training_document_holds_any_of_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(GENERATOR))
    from pocket_corpus.choice import Question
    from pocket_corpus.items import is_held_out

    for row in rows_of(name):
        question = Question(row["subject"], row["question"], tuple(row["choices"]), row["answer"])
        assert is_held_out(question.key)
