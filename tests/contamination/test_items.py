"""What is looked for of a sample: substrings drawn by its id, and n-grams of its words."""

from __future__ import annotations

import itertools

import pytest

from evals.contamination.items import Item, Rule, items_digest, make_item
from evals.contamination.normalise import normalised

LONG = "A train leaves the station at nine and travels at sixty miles an hour; when does it arrive in the next town?"


def drawn(item: Item) -> list[str]:
    return [item.parts[part].text[start:end].decode() for part, start, end in item.substrings]


def grams(item: Item) -> list[str]:
    return [item.parts[part].text[start:end].decode() for part, start, end in item.grams]


def test_three_substrings_of_fifty_characters_are_drawn() -> None:
    item = make_item("trains.test.0", [LONG], Rule())
    assert [len(text) for text in drawn(item)] == [50, 50, 50]
    assert len(set(drawn(item))) == 3
    assert all(text in normalised(LONG) for text in drawn(item))


def test_the_draw_follows_from_the_id_and_the_seed() -> None:
    first = make_item("trains.test.0", [LONG], Rule())
    assert drawn(first) == drawn(make_item("trains.test.0", [LONG], Rule()))
    others = [make_item(f"trains.test.{number}", [LONG], Rule()) for number in range(1, 6)]
    others.append(make_item("trains.test.0", [LONG], Rule(seed=1)))
    assert any(drawn(first) != drawn(other) for other in others)
    assert len({tuple(drawn(other)) for other in others}) > 1


def test_a_shorter_question_is_looked_for_whole() -> None:
    item = make_item("x.test.0", ["What is the capital of Norway?"], Rule())
    assert drawn(item) == ["WhatisthecapitalofNorway"]


@pytest.mark.parametrize("text", ["What is 3 + 5?", "", "?!"])
def test_a_very_short_question_is_not_judged(text: str) -> None:
    assert make_item("x.test.0", [text], Rule()).too_short


def test_no_substring_reaches_from_the_context_into_the_question() -> None:
    context, question = (
        "The quick brown fox jumps over the lazy dog. " * 3,
        "Which animal jumps, and over what does it jump?",
    )
    rules = [Rule(seed=seed) for seed in range(40)]
    for text in itertools.chain(*(drawn(make_item("x.test.0", [context, question], rule)) for rule in rules)):
        assert text in normalised(context)


def test_fields_that_are_all_short_are_one_text() -> None:
    item = make_item("x.test.0", ["Rain fell on the old harbour.", "Where did the rain fall late that night?"], Rule())
    assert [len(text) for text in drawn(item)] == [50, 50, 50]


def test_fifty_characters_are_fifty_in_any_script() -> None:
    item = make_item("x.test.0", ["日本語の問題文" * 20], Rule())
    assert [len(text) for text in drawn(item)] == [50, 50, 50]


def test_an_ngram_is_thirteen_words_without_what_stands_between() -> None:
    words = [f"word{number:02}" for number in range(15)]
    item = make_item("x.test.0", [", ".join(words)], Rule())
    assert grams(item) == ["".join(words[first : first + 13]) for first in range(3)]
    assert item.n_words == 15


def test_an_ngram_of_little_text_takes_in_further_words() -> None:
    item = make_item("x.test.0", [" ".join("123456789" * 5)], Rule())
    assert {len(text) for text in grams(item)} == {40}


def test_letters_of_scripts_without_spaces_are_words_and_keep_their_marks() -> None:
    item = make_item("x.test.0", ["น้ำใจ ดี abc好 12的"], Rule())
    part = item.parts[0]
    words = [part.text[a:b].decode() for a, b in zip(part.word_starts, part.word_ends, strict=True)]
    assert words == ["น้", "ำ", "ใ", "จ", "ดี", "abc", "好", "12", "的"]


def test_the_digest_tells_other_items_and_other_rules_apart() -> None:
    item, other = make_item("x.test.0", [LONG], Rule()), make_item("x.test.1", [LONG], Rule())
    digests = {
        items_digest([item], Rule()),
        items_digest([other], Rule()),
        items_digest([item], Rule(ignore_case=True)),
    }
    assert len(digests) == 3
    assert items_digest([item], Rule()) in digests
