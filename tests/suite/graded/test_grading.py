"""Choices and scores read from a grader's answer."""

from __future__ import annotations

import logging

import pytest

from evals.errors import RegistryError
from evals.suite.graded.grading import INVALID_STR, get_choice, get_choice_score, get_choice_strings, misread_choices


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


@pytest.mark.parametrize("choice", ["Yes.", "A-B", "(A)"])
def test_a_choice_that_no_cleaned_answer_can_equal_is_refused(choice):
    with pytest.raises(RegistryError, match="no answer can ever match"):
        get_choice_strings([choice, "No"])
    assert get_choice_strings([choice, "No"], punctuation=True) == [choice, "No"]


@pytest.mark.parametrize("choice", ["", " ", "+"])
def test_a_choice_without_a_letter_or_digit_is_refused(choice):
    with pytest.raises(RegistryError, match="has no letter or digit"):
        get_choice_strings([choice, "No"], punctuation=True)


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
