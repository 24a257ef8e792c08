"""Lambada: the last word of a passage."""

from __future__ import annotations

import pytest

from evals.elsuite import lambada as door
from evals.errors import BadSample
from evals.record import DummyRecorder
from evals.suite.match.lambada import Lambada, split_last_word
from evals.testing.doubles import TestCompletionFn


def match_of(completion, sample):
    recorder = DummyRecorder(None)
    with recorder.as_default_recorder("x"):
        Lambada([TestCompletionFn(completion)], subset="en").eval_sample(sample, None)
    return recorder.get_events("match")[0].data


def test_the_last_word_is_split_off_and_spaces_become_single():
    assert split_last_word({"text": " He opened\n the  door "}) == ("He opened the", "door")


@pytest.mark.parametrize(
    ("completion", "correct"), [("door", True), ("door.", True), (" door", False), ("window", False)]
)
def test_the_completion_must_begin_with_the_last_word(completion, correct):
    match = match_of(completion, {"text": "He opened the door"})
    assert (match["correct"], match["expected"], match["sampled"]) == (correct, "door", completion)


def test_the_prompt_holds_the_passage_without_its_last_word():
    prompt = Lambada([TestCompletionFn("")], subset="en").first_prompt({"text": "He opened the door"})
    assert prompt.endswith("\n\nHe opened the")


@pytest.mark.parametrize("sample", [{"text": "word"}, {"text": ""}, {"text": 5}, {"passage": "a b"}, "a b"])
def test_a_row_without_a_passage_is_an_error(sample):
    with pytest.raises(BadSample):
        Lambada([TestCompletionFn("")], subset="en").check_sample(sample)


def test_the_subset_names_the_dataset():
    assert (
        Lambada([TestCompletionFn("")], subset="de").samples_jsonl
        == "hf://EleutherAI/lambada_openai?name=de&split=test"
    )


def test_the_path_of_openai_evals_leads_to_the_same_class():
    assert door.Lambada is Lambada
