"""The pocket evals' data: on the held-out side of the corpus, right by an independent reading, and as the generator writes it."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
GENERATOR = ROOT / "tools" / "pocket"
NAMES = ("arithmetic", "facts", "languages", "hindsight", "text")
in_checkouts = pytest.mark.skipif(not GENERATOR.is_dir(), reason="the generator of the corpus is in checkouts only")


def rows_of(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ROOT / "data" / path).read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def corpus(monkeypatch):
    """The generator's folder on the path, and out of the way again."""
    monkeypatch.syspath_prepend(str(GENERATOR))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "pocket_corpus"]:
        del sys.modules[name]


@pytest.mark.parametrize("name", NAMES)
def test_no_row_stands_twice(name):
    rows = [json.dumps(row, sort_keys=True) for row in rows_of(f"pocket-{name}/test.jsonl")]
    assert len(set(rows)) == len(rows) > 200


def test_every_sum_difference_and_product_is_right():
    operations = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__}
    plain = [row for row in rows_of("pocket-arithmetic/test.jsonl") if row["subject"] != "story"]
    for row in plain:
        a, sign, b = re.fullmatch(r"Question: What is (\d+) ([-+*]) (\d+)\?\nAnswer:", row["input"]).groups()
        assert operations[sign](int(a), int(b)) == int(row["ideal"])
    assert len(plain) > 150


def test_every_story_adds_or_takes_away():
    stories = [row for row in rows_of("pocket-arithmetic/test.jsonl") if row["subject"] == "story"]
    for row in stories:
        a, b = map(int, re.findall(r"\d+", row["input"]))
        assert int(row["ideal"]) == (a - b if "loses" in row["input"] else a + b)
    assert len(stories) == 40


def test_every_bet_is_good_where_more_balls_are_of_its_colour_and_went_the_other_way():
    rows = rows_of("pocket-hindsight/test.jsonl")
    for row in rows:
        pattern = r"A bag holds (\d+) (\w+) and (\d+) (\w+) balls\. \w+ bets on (\w+) and (wins|loses)\..*"
        n, colour, m, other, bet, outcome = re.fullmatch(pattern, row["question"]).groups()
        is_good = int(n if bet == colour else m) > int(m if bet == colour else n)
        assert bet in (colour, other)
        assert row["choices"][row["answer"]] == ("Yes" if is_good else "No")
        assert (outcome == "wins") is not is_good
    assert len(rows) == 315


def test_the_examples_of_bets_agree_with_the_odds_and_half_of_them_are_good():
    rows = rows_of("pocket-hindsight/examples.jsonl")
    assert Counter(row["answer"] for row in rows) == {0: 5, 1: 5}
    assert all((row["answer"] == 0) == ("wins" in row["question"]) for row in rows)


def test_every_question_is_asked_in_all_six_languages():
    by_question: dict[str, set[str]] = {}
    for row in rows_of("pocket-languages/test.jsonl"):
        by_question.setdefault(row["cluster"], set()).add(row["language"])
    assert set(map(len, by_question.values())) == {6}
    assert len(by_question) == 110


def test_every_program_passes_its_tests_and_an_empty_one_does_not():
    for row in rows_of("pocket-programs/problems.jsonl"):
        names: dict[str, Any] = {}
        exec(row["prompt"] + row["canonical_solution"] + "\n" + row["test"], names)
        names["check"](names["solve"])
        with pytest.raises(AssertionError):
            names["check"](lambda value: None)


@in_checkouts
@pytest.mark.parametrize("n_documents", [5_000, pytest.param(180_000, marks=pytest.mark.slow)])
def test_no_training_document_holds_any_of_them(corpus, n_documents):
    """By the texts themselves: in the first training documents, and in all that the largest rung read and more."""
    from itertools import islice, pairwise

    from pocket_corpus.mixture import TRAIN_SEED, documents

    texts = [text for _, text in islice(documents(TRAIN_SEED, held_out=False), n_documents)]
    assert not {row["text"] for row in rows_of("pocket-text/test.jsonl")} & set(texts)
    seen: set[str] = set()
    for text in texts:
        lines = text.split("\n")
        seen.update(f"{first}\n{second.split(':')[0]}:" for first, second in pairwise(lines))
        seen.update(line.removeprefix("Question: ") for line in lines)
    assert len(seen) > 10_000
    for name in ("arithmetic", "facts", "languages", "hindsight"):
        rows = rows_of(f"pocket-{name}/test.jsonl")
        assert not {row.get("input") or row["question"] for row in rows} & seen


@in_checkouts
def test_the_generator_writes_the_same_files_again(corpus):
    import random

    from pocket_corpus import eval_sets

    seeded = {
        "pocket-arithmetic/test.jsonl": eval_sets.arithmetic_rows(random.Random(eval_sets.SEED)),
        "pocket-facts/test.jsonl": eval_sets.fact_rows(),
        "pocket-languages/test.jsonl": eval_sets.language_rows(),
        "pocket-hindsight/test.jsonl": eval_sets.bet_rows(random.Random(eval_sets.SEED + 2)),
    }
    for path, rows in seeded.items():
        assert list(rows) == rows_of(path)
