"""Reading a grader's answer, building its prompt, and the synchronous helpers that plug-ins call."""

from __future__ import annotations

import copy
import logging

import pytest

from evals.completion import Completions
from evals.elsuite.modelgraded import classify_utils
from evals.errors import BadSample, RegistryError, UsageError
from evals.specs import ModelGradedSpec
from evals.suite.graded.answer_prompts import ANSWER_PROMPTS, append_answer_prompt
from evals.suite.graded.classify import classify, sample_and_concat_n_completions
from evals.suite.graded.grading import INVALID_STR, get_choice, get_choice_score, get_choice_strings, misread_choices
from evals.suite.graded.rubric import call_kwargs, concat_n_completions, make_rubric
from evals.suite.samples.templates import double_braces, fill, fill_prompt, placeholders


class Says:
    """A completion function that says its lines in turn and keeps what it was asked."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.prompts: list[object] = []
        self.kwargs: list[dict[str, object]] = []

    def __call__(self, prompt: object, **kwargs: object) -> Completions:
        self.prompts.append(prompt)
        self.kwargs.append(kwargs)
        return Completions([self.lines[(len(self.prompts) - 1) % len(self.lines)]])


def rubric_spec(**changes: object) -> ModelGradedSpec:
    fields = {
        "prompt": "Is {completion} good?",
        "choice_strings": ["Yes", "No"],
        "input_outputs": {"input": "completion"},
        "key": "good",
    }
    return ModelGradedSpec(**{**fields, **changes})


@pytest.mark.parametrize(
    ("given", "n", "choices"),
    [
        (["Yes", "No"], None, ["Yes", "No"]),
        ("YN", None, ["Y", "N"]),
        ("12345", 2, ["1", "2", "3", "4", "5"]),
        ("from_n", 3, ["1", "2", "3"]),
        ("from_n_abc", 3, ["a", "b", "c"]),
        ("from_n_ABC", 2, ["A", "B"]),
    ],
)
def test_choices_come_from_a_list_from_characters_or_from_the_number_of_completions(given, n, choices):
    assert get_choice_strings(given, n=n) == choices


def test_letters_start_again_after_the_26th():
    assert get_choice_strings("from_n_ABC", n=28)[24:] == ["Y", "Z", "A", "B"]


def test_choices_from_the_number_of_completions_need_that_number():
    with pytest.raises(RegistryError, match="from_n needs the number"):
        get_choice_strings("from_n")


@pytest.mark.parametrize("choice", ["Yes.", "A-B", "", "(A)"])
def test_a_choice_that_no_cleaned_answer_can_equal_is_refused(choice):
    with pytest.raises(RegistryError, match="no answer can ever match"):
        get_choice_strings([choice, "No"])


def test_bare_yes_and_no_of_yaml_are_named_as_booleans_to_be_quoted():
    with pytest.raises(RegistryError) as caught:
        get_choice_strings([True, False])
    assert "boolean" in str(caught.value)
    assert '["Yes", "No"]' in str(caught.value)


def test_scores_are_looked_up_and_an_invalid_answer_gets_the_lowest():
    scores = {"Yes": 1, "No": 0.25, "Unsure": 0.5}
    assert [get_choice_score(choice, scores, scores) for choice in [*scores, INVALID_STR]] == [1.0, 0.25, 0.5, 0.25]


def test_scores_from_strings_are_the_numbers_that_the_choices_spell():
    assert get_choice_score("4", "12345", "from_strings") == 4.0
    assert get_choice_score(INVALID_STR, "12345", "from_strings") == 1.0


def test_a_rubric_without_scores_gives_none():
    assert get_choice_score("A", "AB") is None
    assert get_choice_score(INVALID_STR, "AB") is None


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("Yes", "Yes"),
        ("Yes. The reasons are these:\nNo idea.", "Yes"),
        ("\n\n  (No)\nbecause Yes would be wrong", "No"),
        ('"Yes".', "Yes"),
        ("***\nNo", "No"),
        ("The answer is No", "No"),
        ("yes", INVALID_STR),
        ("I cannot tell", INVALID_STR),
        ("", INVALID_STR),
        ("!?.", INVALID_STR),
    ],
)
def test_classify_takes_the_first_line_that_names_a_choice(answer, choice):
    assert get_choice(answer, "classify", "starts_or_endswith", ["Yes", "No"]) == choice


@pytest.mark.parametrize("eval_type", ["cot_classify", "cot_classify_jp"])
def test_reasoning_first_takes_the_last_line_that_names_a_choice(eval_type):
    answer = "Yes is tempting.\nStill, it fails.\nNo\n\n---\n"
    assert get_choice(answer, eval_type, "starts_or_endswith", ["Yes", "No"]) == "No"


def test_answer_first_takes_the_first_line():
    assert get_choice("No\nAlthough Yes\nYes", "classify_cot", "starts_or_endswith", ["Yes", "No"]) == "No"


def test_of_several_choices_that_fit_a_line_the_first_listed_wins():
    assert get_choice("No or Yes", "classify", "starts_or_endswith", ["Yes", "No"]) == "Yes"


@pytest.mark.parametrize(
    ("match_fn", "line", "found"),
    [
        ("starts_or_endswith", "Yes it is", True),
        ("starts_or_endswith", "So Yes", True),
        ("starts_or_endswith", "it is Yes I think", False),
        ("endswith", "So Yes", True),
        ("endswith", "Yes it is", False),
        ("exact", "Yes", True),
        ("exact", "(Yes)", True),
        ("exact", "Yes it is", False),
        ("include", "es", True),
        ("include", "Yes", True),
        ("include", "Yes it is", False),
    ],
)
def test_match_functions_compare_the_cleaned_line_with_the_choice(match_fn, line, found):
    assert get_choice(line, "classify", match_fn, ["Yes"]) == ("Yes" if found else INVALID_STR)


def test_a_match_function_may_be_any_callable():
    assert get_choice("yes!", "classify", lambda line, choice: line.lower() == choice.lower(), ["Yes"]) == "Yes"


def test_an_unknown_match_function_is_an_error_with_a_near_miss():
    with pytest.raises(RegistryError) as caught:
        get_choice("Yes", "classify", "exakt", ["Yes"])
    assert "did you mean: exact" in str(caught.value)


def test_a_japanese_answer_keeps_its_full_width_marks_and_matches_at_the_start_of_a_line():
    answer = "話の落ちが効いている。\n全体として良い。\n\n4。\n"
    assert get_choice(answer, "cot_classify_jp", "starts_or_endswith", list("12345")) == "4"


def test_an_answer_without_a_choice_is_logged(caplog):
    with caplog.at_level(logging.WARNING):
        get_choice("Perhaps", "classify", "exact", ["Yes"])
    assert "Perhaps" in caplog.text


def test_choices_that_would_be_read_as_others_are_found():
    assert misread_choices(get_choice_strings("from_n", n=11), None) == [("10", "1"), ("11", "1")]
    assert misread_choices(["No", "Not sure"], None) == [("Not sure", "No")]
    assert misread_choices(["No", "Not sure"], "exact") == []


def test_placeholders_are_named_once_in_order():
    assert placeholders("{b} {a!s} {{no}} {b:>3}") == ["b", "a"]


def test_braces_in_values_are_left_alone():
    assert fill("Judge: {completion}", {"completion": "{x} {{y}} {"}) == "Judge: {x} {{y}} {"


def test_a_placeholder_without_a_value_is_named_with_what_is_near():
    with pytest.raises(BadSample) as caught:
        fill("{criteria}", {"criterion": "short", "input": "x"})
    assert "{criteria}" in str(caught.value)
    assert "did you mean: criterion" in str(caught.value)


@pytest.mark.parametrize("template", ["{", "a } b", "{} and {}", "{0}"])
def test_a_template_that_cannot_be_filled_says_how_to_mend_it(template):
    with pytest.raises(RegistryError, match="template"):
        placeholders(template)


def test_a_chat_becomes_text_inside_a_template():
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert fill("<{input}>", {"input": chat}) == "<Be brief.\nUser: Hi\n>"
    assert fill("<{input}>", {"input": chat[1:]}) == "<Hi>"


def test_an_image_in_a_chat_is_named_in_its_text():
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:x"}}]
    assert fill("{input}", {"input": [{"role": "user", "content": parts}]}) == "What is this?\n[image_url]"


def test_doubling_braces_is_undone_by_filling_and_changes_no_argument():
    chat = [{"role": "user", "content": "f() { return {}; }"}]
    before = copy.deepcopy(chat)
    assert fill_prompt(double_braces(chat), {}) == before == chat


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
    make_rubric(rubric_spec(choice_strings=["No", "Not sure"]), eval_type="classify")
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


def test_one_model_is_asked_n_times_and_several_once_each():
    one, first, second = Says("x", "y"), Says("p"), Says("q")
    options = {"max_tokens": 9}
    assert sample_and_concat_n_completions([one], "Say {{x}}", 2, "{i}{output} ", options) == "1x 2y"
    assert sample_and_concat_n_completions([first, second], "Say", 2, "{i}{output} ", options) == "1p 2q"
    assert one.prompts == ["Say {x}", "Say {x}"]
    assert one.kwargs[0] == call_kwargs(options)


@pytest.mark.parametrize(("n_fns", "n", "template"), [(2, 3, "{output}"), (1, 2, "")])
def test_completions_that_cannot_be_joined_are_refused(n_fns, n, template):
    with pytest.raises(ValueError, match=r"template|cannot give"):
        sample_and_concat_n_completions([Says("x")] * n_fns, "p", n, template, {"max_tokens": 1})


def test_classify_returns_the_choice_and_how_it_came_about():
    grader = Says("It is fine.\nYes")
    choice, info = classify(
        mg=rubric_spec(choice_scores={"Yes": 1, "No": 0}),
        completion_fn=grader,
        completion_kwargs={"max_tokens": 64},
        eval_type="cot_classify",
        format_kwargs={"completion": "{42}", "unused": 1},
    )
    assert choice == "Yes"
    assert info == {
        "score": 1.0,
        "sampled": ["It is fine.\nYes"],
        "prompt": grader.prompts[0],
        "invalid_choice": False,
    }
    assert grader.prompts[0][0]["content"].startswith("Is {42} good?\n\n")
    assert grader.kwargs == [call_kwargs({"max_tokens": 64})]


def test_classify_knows_the_number_of_completions_and_marks_an_invalid_choice():
    spec = rubric_spec(prompt="Which of {n}? {completion}", choice_strings="from_n", choice_scores="from_strings")
    choice, info = classify(spec, Says("none"), format_kwargs={"completion": "x"}, eval_type="classify", n=3)
    assert (choice, info["score"], info["invalid_choice"]) == (INVALID_STR, 1.0, True)
    assert info["prompt"][0]["content"].startswith("Which of 3? x")


def test_classify_asks_the_same_question_every_time_and_leaves_the_rubric_as_it_was():
    spec = rubric_spec(prompt=[{"role": "user", "content": "Is {completion} good?"}])
    before, grader = copy.deepcopy(spec), Says("Yes")
    for _ in range(2):
        classify(spec, grader, format_kwargs={"completion": "it"}, eval_type="classify")
    assert grader.prompts[0] == grader.prompts[1]
    assert spec == before


def test_the_path_of_openai_evals_offers_every_public_name():
    names = (
        "classify get_choice get_choice_score get_choice_strings append_answer_prompt choice_to_str "
        "sample_and_concat_n_completions concat_n_completions ANSWER_PROMPTS MATCH_FNS INVALID_STR"
    )
    assert all(hasattr(classify_utils, name) for name in names.split())
    assert classify_utils.classify is classify
