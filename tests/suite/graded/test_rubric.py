"""Rubrics: what makes one unusable, what a grader is asked, and the options of its request."""

from __future__ import annotations

import pytest
from rubrics import rubric_spec

from evals.errors import RegistryError, UsageError
from evals.suite.graded.answer_prompts import ANSWER_PROMPTS
from evals.suite.graded.rubric import call_kwargs, concat_n_completions, make_rubric


@pytest.mark.parametrize(
    ("changes", "eval_type", "message"),
    [
        ({}, None, "so the grader's answer cannot be read"),
        ({}, "cot_clasify", "did you mean: cot_classify"),
        ({"eval_type": "cot-classify"}, None, "there is no eval_type 'cot-classify'"),
        ({"choice_scores": {"Yes": 1}}, "classify", "no score to No"),
        ({"choice_scores": "from_string"}, "classify", "from_strings"),
        ({"choice_scores": "from_strings"}, "classify", "not all numbers"),
        ({"choice_strings": 12345}, "classify", 'choice_strings: "12345"'),
        ({"output_template": "{i}. {outputs}"}, "classify", "did you mean: output"),
        ({"input_outputs": "completion"}, "classify", "input: completion"),
        ({"prompt": ["Is it good?"]}, "classify", "neither a text nor a list of messages"),
        ({"prompt": "{completion"}, "classify", "template cannot be read"),
    ],
)
def test_a_rubric_that_cannot_grade_is_an_error_that_says_where(changes, eval_type, message):
    with pytest.raises(RegistryError) as caught:
        make_rubric(rubric_spec(**changes, where="rubrics.yaml:3"), eval_type=eval_type)
    assert str(caught.value).startswith("rubrics.yaml:3: ")
    assert message in str(caught.value)


def test_a_rubric_may_read_answers_by_a_kind_of_its_own():
    assert make_rubric(rubric_spec(eval_type="cot_classify_de")).read_as == "cot_classify_de"


def test_the_rubrics_eval_type_decides_the_reading_and_the_evals_own_the_instruction():
    rubric = make_rubric(rubric_spec(eval_type="cot_classify"), eval_type="classify")
    assert rubric.read_as == "cot_classify"
    assert ANSWER_PROMPTS["classify"][:20] in rubric.prompt[-1]["content"]


def test_an_ambiguous_order_of_choices_is_warned_of(caplog):
    spec = rubric_spec(choice_strings=["No", "Not sure"])
    make_rubric(spec, eval_type="classify")
    assert not caplog.text
    make_rubric(spec, eval_type="classify", match_fn="starts_or_endswith")
    assert "'Not sure' is read as 'No'" in caplog.text


def test_call_options_are_those_of_openai_evals():
    fixed = {"temperature": 0, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0, "n": 1}
    assert call_kwargs() == {"max_tokens": 1024, **fixed}
    assert call_kwargs({"max_tokens": 5, "temperature": 1, "n_samples": 2, "completion_kwargs": {"stop": ["x"]}}) == {
        **fixed, "max_tokens": 5, "temperature": 1, "n": 2, "stop": ["x"],
    }  # fmt: skip


def test_an_unknown_call_option_is_an_error_with_a_near_miss():
    with pytest.raises(UsageError) as caught:
        call_kwargs({"max_token": 5})
    assert "did you mean: max_tokens" in str(caught.value)


def test_completions_are_joined_by_the_template_and_stripped():
    template = "{i}/{n} {i_abc}{i_ABC}: {output}\n"
    assert concat_n_completions(["x", "{y}"], template) == "1/2 aA: x\n2/2 bB: {y}"
