"""The instruction that tells a grader how to answer."""

from __future__ import annotations

import pytest

from evals.datasets.templates import placeholders
from evals.suite.graded.answer_prompts import ANSWER_PROMPTS, append_answer_prompt


@pytest.mark.parametrize("eval_type", ["classify", "classify_cot", "cot_classify", "cot_classify_jp"])
def test_each_eval_type_appends_the_choices_to_the_last_message_after_a_blank_line(eval_type):
    prompt = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
    *first, last = append_answer_prompt(prompt, eval_type, choice_strings=["A", "B"])
    assert first == [{"role": "system", "content": "S"}]
    assert last["content"].startswith("U\n\n")
    assert '"A" or "B"' in last["content"]
    assert prompt[-1]["content"] == "U"


def test_answer_prompts_have_the_keys_and_the_placeholder_of_openai_evals():
    assert set(ANSWER_PROMPTS) == {"classify", "classify_cot", "cot_classify", "cot_classify_jp"}
    assert all(placeholders(text) == ["choices"] for text in ANSWER_PROMPTS.values())


def test_an_answer_prompt_can_be_messages_of_its_own():
    asked = [{"role": "user", "content": "Say {choices}"}]
    prompt = append_answer_prompt(
        [{"role": "user", "content": "U"}], "classify", "as_message", answer_prompt=asked, choice_strings="AB"
    )
    assert [message["content"] for message in prompt] == ["U", 'Say "A" or "B"']


@pytest.mark.parametrize(
    ("append_type", "answer_prompt"), [("as_message", "text"), ("as_content", [{}]), ("aside", "x")]
)
def test_an_answer_prompt_that_does_not_fit_its_place_is_refused(append_type, answer_prompt):
    with pytest.raises(ValueError, match="append_type"):
        append_answer_prompt([{"role": "user", "content": "U"}], "classify", append_type, answer_prompt, "AB")
