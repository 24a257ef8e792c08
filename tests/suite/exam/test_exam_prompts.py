"""Prompts of an exam: the few-shot prefix, numbers, shuffled letters, images, and what does not change between modes."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from exam_runs import HARBOUR

from evals.exams.items import Bundle, Credit, Image, Item, Numeric
from evals.exams.paper import FewShot, Prompt, Section
from evals.exams.read_paper import load_paper
from evals.images.conditions import ImageOptions, has_images, in_condition
from evals.suite.exam.options import shown_item
from evals.suite.exam.prompts import ExamPrompts, answer_form, question_text

FOUR = {"A": "red", "B": "green", "C": "blue", "D": "white"}


def mcq(name: str = "q1", **fields: Any) -> Item:
    item = Item(name, "S", "mcq", f"Which is {name}?", "items.jsonl:1", options=FOUR, key=("B",))
    return replace(item, **fields)


def section(*items: Item, examples: int = 0, **fields: Any) -> Section:
    few = tuple(mcq(f"e{n}", explanation=f"It is {{B}}, for {n}.") for n in range(1, examples + 1))
    return Section("S", items, "exam.yaml:1", few_shot=FewShot(few, examples) if few else None, **fields)


def test_chat_models_get_the_solved_questions_as_turns_and_numbers_that_count_on() -> None:
    messages = ExamPrompts(section(mcq(), examples=2, prompt=Prompt("Worked answers."))).asked(mcq()).messages
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert messages[0]["content"].startswith("Worked answers.\nWork out the answer")
    assert messages[1]["content"].startswith("Question 1. Which is e1?\n[A] red")
    assert messages[2]["content"] == "Reasoning for question 1: It is B, for 1.\nThe answer is [B]"
    assert messages[5]["content"].startswith("Question 3. Which is q1?")


def test_base_models_get_one_text_that_ends_where_their_reasoning_begins() -> None:
    asked = ExamPrompts(section(mcq(), examples=1), style="text").asked(mcq())
    (message,) = asked.messages
    assert message["content"].startswith("Question 1. Which is e1?")
    assert "The answer is [B]\n\nQuestion 2. Which is q1?" in message["content"]
    assert message["content"].endswith("Reasoning for question 2:")


def test_shuffled_options_keep_their_answer_and_explanations_follow_the_letters() -> None:
    for seed in range(20):
        shown = shown_item(mcq(explanation="{B} is right."), random.Random(seed))
        (letter,) = shown.item.key
        assert shown.item.options[letter] == "green"
        assert shown.text("{B} is right") == f"{letter} is right"
        assert shown.in_paper_letters(letter) == "B"
        assert sorted(shown.item.options.values()) == sorted(FOUR.values())


def test_pairs_and_orders_come_back_in_the_letters_of_the_paper() -> None:
    pairs = mcq(kind="match", key=(), left={"P": "sea", "Q": "sun"}, pairs={"P": "C", "Q": "A"})
    order = mcq(kind="order", key=("B", "A", "D", "C"))
    for seed in range(10):
        shown = shown_item(pairs, random.Random(seed))
        said = ", ".join(f"{name}-{letter}" for name, letter in shown.item.pairs.items())
        assert shown.in_paper_letters(said) == "P-C, Q-A"
        assert shown_item(order, random.Random(seed)).in_paper_letters(
            "".join(shown_item(order, random.Random(seed)).item.key)
        ) == "BADC"  # fmt: skip


def test_a_blank_is_offered_only_where_it_pays() -> None:
    assert "[blank]" not in answer_form(mcq(), Prompt())
    assert "[blank]" in answer_form(mcq(credit=Credit(6, 0, 1.5)), Prompt())


def test_the_form_of_a_number_names_its_unit_and_its_length() -> None:
    item = mcq(kind="numeric", options={}, key=(), numeric=Numeric(("9",), unit="knots", max_chars=4))
    assert "a number in knots of at most 4 characters" in answer_form(item, Prompt())


def test_a_passage_stands_before_each_of_its_questions() -> None:
    item = mcq(bundle=Bundle("p1", "A long passage with {braces}."))
    assert question_text(shown_item(item, None), Prompt(), 1).startswith(
        "Question 1. A long passage with {braces}.\nWhich is q1?"
    )


@pytest.mark.parametrize("condition", ["vision", "no_vision"])
def test_only_questions_with_an_image_are_asked_otherwise_without_vision(condition: str) -> None:
    paper = load_paper(HARBOUR)
    for one in paper.sections:
        prompts = ExamPrompts(one)
        for item in one.items:
            messages = prompts.asked(item).messages
            sent, _ = in_condition(messages, ImageOptions(condition))
            assert (sent == messages) is not item.has_images
            assert has_images(messages) is item.has_images


def test_images_of_options_follow_their_letters(tmp_path: Path) -> None:
    images = tuple(Image(tmp_path / f"{letter}.png", f"{letter}.png", place=f"option:{letter}") for letter in "AB")
    item = replace(mcq(), images=images, transcript="Two flags.")
    asked = ExamPrompts(section(item), shuffle=True, seed=3).asked(item)
    parts = asked.messages[-1]["content"]
    shown_of = {original: shown for shown, original in asked.shown.original_of.items()}
    assert parts[1]["text"] == f"Option {shown_of['A']}:"
    assert parts[2]["image_url"]["url"].endswith("A.png")
    assert parts[2]["transcript"] == "Two flags."
