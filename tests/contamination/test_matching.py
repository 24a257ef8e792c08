"""Matches are those that a plain search finds, whatever the texts."""

from __future__ import annotations

import random
from bisect import bisect_right
from itertools import accumulate

import pytest

from evals.contamination.items import Item, Rule, make_item
from evals.contamination.matching import Matcher
from evals.contamination.normalise import joined, normalised

Found = list[dict[int, tuple[set[int], set[int]]]]

ALPHABETS = {"latin": "etaoinshrdlu", "few letters": "ab", "mixed": "aé数ได้क\u094dx"}


def by_plain_search(items: list[Item], documents: list[str], rule: Rule) -> Found:
    """For each document: item -> (its substrings, its n-grams), by `in`."""
    found: Found = []
    for document in documents:
        text = normalised(document, ignore_case=rule.ignore_case).encode()
        found.append({})
        for number, item in enumerate(items):
            whole = {i for i, (part, a, b) in enumerate(item.substrings) if item.parts[part].text[a:b] in text}
            grams = {i for i, (part, a, b) in enumerate(item.grams) if item.parts[part].text[a:b] in text}
            if whole or grams:
                found[-1][number] = (whole, grams)
    return found


def by_matcher(items: list[Item], documents: list[str], rule: Rule) -> Found:
    found: Found = [{} for _ in documents]
    text = joined(documents, ignore_case=rule.ignore_case)
    ends = list(accumulate(len(part) + 1 for part in text.split(b"\x00")))
    for match in Matcher(items, rule).matches(text):
        whole, grams = found[bisect_right(ends, match.start)].setdefault(match.item, (set(), set()))
        whole.update(match.substrings)
        grams.update(match.grams)
    return found


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS.keys())
@pytest.mark.parametrize(
    "rule",
    [Rule(), Rule(length=30, min_length=12), Rule(ignore_case=True, n_words=5), Rule(n_substrings=1, length=100)],
    ids=["report", "short", "five words", "long"],
)
@pytest.mark.parametrize("seed", range(4))
def test_matches_are_those_of_a_plain_search(alphabet: str, rule: Rule, seed: int) -> None:
    rng = random.Random(seed)
    words = ["".join(rng.choices(alphabet, k=rng.randint(1, 8))) for _ in range(400)]

    def sentence(n_words: int) -> str:
        return " ".join(rng.choices(words, k=n_words))

    questions = [[sentence(rng.randint(1, 50)) for _ in range(rng.choice([1, 1, 2]))] for _ in range(25)]
    documents = []
    for _ in range(40):
        document = sentence(rng.randint(0, 40))
        for _ in range(rng.randint(0, 3)):
            copied = rng.choice(rng.choice(questions)).split()
            start = rng.randrange(len(copied))
            document += (
                ",  " + " - ".join(copied[start : start + rng.randint(1, 45)]) + "." + sentence(rng.randint(0, 9))
            )
        documents.append(document)
    items = [make_item(f"x.test.{number}", texts, rule) for number, texts in enumerate(questions)]
    expected = by_plain_search(items, documents, rule)
    assert by_matcher(items, documents, rule) == expected
    assert any(expected)


def test_a_match_across_two_documents_is_none() -> None:
    text = "The lighthouse keeper counted seven ships before the fog came in that evening."
    item = make_item("x.test.0", [text], Rule(n_substrings=100))
    half = len(text) // 2
    assert by_matcher([item], [text[:half], text[half:]], Rule()) == [{}, {}]
    assert by_matcher([item], ["a", text], Rule())[1][0][0] == set(range(len(item.substrings)))


def test_an_item_that_repeats_itself_is_found() -> None:
    item = make_item("x.test.0", ["spam " * 60], Rule())
    assert by_matcher([item], ["spam " * 12, "spam " * 13 + "egg", "spam " * 500], Rule()) == by_plain_search(
        [item], ["spam " * 12, "spam " * 13 + "egg", "spam " * 500], Rule()
    )


def test_a_stem_that_all_items_share_is_found_for_each() -> None:
    stem = "Which of the following statements best describes the main argument of the passage"
    items = [make_item(f"x.test.{number}", [f"{stem} number {number}?"], Rule()) for number in range(3000)]
    found = by_matcher(items, [stem], Rule())[0]
    assert found.keys() == by_plain_search(items, [stem], Rule())[0].keys()
    assert len(found) == 3000
