"""Loose comparison of texts, and answers read out of replies."""

from __future__ import annotations

import pytest

from evals.elsuite import utils
from evals.suite.match import text_matching
from evals.suite.match.text_matching import (
    f1_score,
    fuzzy_match,
    get_answer,
    get_consensus,
    get_letter_from_data,
    get_scores_from_text,
    get_yesno_from_text,
    normalize,
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The Quick, Brown fox.", "quick brown fox"),
        ("A man; an apple\tand  THE sea", "man apple and sea"),
        ("state-of-the-art", "stateoftheart"),
        ("Theatre another", "theatre another"),
        ("«Être» naïve", "«être» naïve"),
        ("the", ""),
        ("", ""),
    ],
)
def test_normal_form_drops_case_ascii_punctuation_and_articles(text, normal):
    assert normalize(text) == normal


@pytest.mark.parametrize(
    ("one", "other", "matches"),
    [
        ("The answer is Paris.", "paris", True),
        ("paris", "The answer is Paris.", True),
        ("Paris", "London", False),
        ("", "Paris", False),
        ("...", "the", True),
        ("cat", "concatenate", True),
    ],
)
def test_a_fuzzy_match_is_one_text_inside_the_other(one, other, matches):
    assert fuzzy_match(one, other) is matches


def test_f1_is_twice_the_shared_tokens_over_all_tokens():
    assert f1_score("The red, red fox", ["a red fox ran off"]) == pytest.approx(2 * 2 / (3 + 4))


def test_f1_takes_the_best_of_several_answers():
    assert f1_score("blue whale", ["elephant", "the blue whale", "whale"]) == 1.0


@pytest.mark.parametrize(("said", "wanted"), [("", "fox"), ("fox", ""), ("", ""), ("cat", "dog")])
def test_f1_is_zero_without_a_shared_token(said, wanted):
    assert f1_score(said, [wanted]) == 0


def test_an_answer_is_returned_as_it_stands_in_the_text():
    assert get_answer("answer: no. ANSWER: yes", "answer:", ignore_case=True) == "ANSWER:"
    assert get_answer("answer: no. ANSWER: yes", "answer:") == "answer:"
    assert get_answer("no idea", "answer:", ignore_case=True) is None
    assert get_answer("no idea", "answer:") is None


def test_letters_that_change_length_in_lower_case_do_not_shift_the_answer():
    assert get_answer("İİİ Final Answer ok", "final answer", ignore_case=True) == "Final Answer"


@pytest.mark.parametrize(
    ("answers", "winner"),
    [(["a", "b", "b"], "b"), (["b", "a"], "b"), ([None, None, "a"], "a"), ([None], None), ([], None)],
)
def test_the_consensus_is_the_most_frequent_answer_and_no_answer_has_no_vote(answers, winner):
    assert get_consensus(answers) == winner


def test_marks_are_read_from_under_their_headings():
    reply = "## Clarity\nWell put.\nScore: 4/5\n\n## Depth\nThin, 2/5\n"
    assert get_scores_from_text(reply) == {"Clarity": 4, "Depth": 2}
    assert get_scores_from_text("no headings, 3/5") == {}


def test_yes_and_no_are_read_from_under_their_headings():
    assert get_yesno_from_text("## Polite\n: y\n## Short\n: n") == {"Polite": "y", "Short": "n"}


@pytest.mark.parametrize(("text", "letter"), [("y then n", "n"), ("n, well, y", "y"), ("?", "y"), ("n", "n")])
def test_the_last_letter_decides(text, letter):
    assert get_letter_from_data(text) == letter


def test_the_path_of_openai_evals_leads_to_the_same_functions():
    for name in ("normalize", "fuzzy_match", "f1_score", "get_answer", "get_consensus"):
        assert getattr(utils, name) is getattr(text_matching, name)
