"""Which label a completion states."""

from __future__ import annotations

import time

import pytest

from evals.errors import UsageError
from evals.suite.answers.answer_rules import make_rule

YES_NO = make_rule("label", labels=["Yes", "No"])
MOODS = make_rule("label", labels=["positive", "negative", "neutral"])
DESKS = make_rule("label", labels=["sci-fi", "world news", "sports"])

SAYS_YES = [
    "Yes",
    "yes.",
    "**Yes**",
    "Yes, 4 is even.",
    "Answer: Yes",
    "The answer is yes.",
    "**Answer:** Yes",
    "4/2 = 2, so there is no remainder.\n\nYes",
    "4/2=2 with no remainder. So yes.",
    "Yes\n\nNo further proof is needed.",
    "Yes. No odd number divides it.",
    "\\boxed{\\text{Yes}}",
    "<answer>Yes</answer>",
    "Final answer: **Yes**",
    "YES!",
    "Yes \u2014 it is even.",
    "It is even. Therefore, the answer is **Yes**.",
    "Yes, because no remainder is left.\nA number is even if it divides by 2.",
    "`Yes`",
    "Yes \u2705",
    "Yes<|im_end|>",
    "Let me check.\n4 mod 2 = 0.\nAnswer: yes, it is.",
    "Yes\n\nIf it were odd, the answer would be No.",
]
SAYS_NOT_YES = [
    "No",
    "Not sure",
    "I do not know",
    "Yes and no",
    "It is not yes",
    "Yesterday",
    "Answer: Yes or No",
    "",
    "I can't answer that.",
    "No. (Yes would be wrong.)",
    "No, yes is wrong",
]
SAYS_NOT_NO = [
    "Yes",
    "Not sure",
    "I do not know",
    "Nothing",
    "November",
    "Yes and no",
    "I have no idea",
    "There is no answer",
    "No idea",
]


@pytest.mark.parametrize("completion", SAYS_YES)
def test_a_label_that_is_stated_is_read(completion: str) -> None:
    answer = YES_NO.extract(completion)
    assert answer is not None
    assert YES_NO.same(answer, "yes")


@pytest.mark.parametrize(("completions", "label"), [(SAYS_NOT_YES, "Yes"), (SAYS_NOT_NO, "No")], ids=["yes", "no"])
def test_a_word_that_only_holds_a_label_or_denies_it_is_none(completions: list[str], label: str) -> None:
    assert [text for text in completions if YES_NO.extract(text) == label] == []


@pytest.mark.parametrize(
    "completion",
    [
        "positive",
        "Positive",
        "The sentiment is positive.",
        "Sentiment: Positive",
        "**Positive** \u2013 the reviewer liked it.",
        "This review is clearly positive, not negative.",
        "The review expresses a positive sentiment.",
        "Label: positive",
        "The text is positive overall.",
    ],
)
def test_the_only_label_of_a_sentence_counts_where_labels_are_no_small_words(completion: str) -> None:
    assert MOODS.extract(completion) == "positive"


@pytest.mark.parametrize(
    ("completion", "label"),
    [
        ("Sci-Fi", "sci-fi"),
        ("Category: **World news**", "world news"),
        ("This belongs to world  news.", "world news"),
        ("It is about sports and world news.", None),
        ("It is not about sports.", None),
        ("sportswear", None),
    ],
)
def test_labels_of_several_words_are_read_as_a_whole(completion: str, label: str | None) -> None:
    assert DESKS.extract(completion) == label


def test_labels_that_differ_by_case_alone_are_told_apart() -> None:
    rule = make_rule("label", labels=["us", "US"])
    assert rule.extract("Answer: US") == "US"
    assert not rule.same("US", "us")


def test_only_labels_are_usable_ideals() -> None:
    assert YES_NO.usable("no")
    assert not YES_NO.usable("Maybe")


@pytest.mark.parametrize(
    ("extract", "labels"),
    [("label", []), ("label", ["Yes"]), ("label", ["Yes", "Yes"]), ("number", ["Yes", "No"]), ("number", ["a"])],
)
def test_labels_are_needed_there_and_only_there(extract: str, labels: list[str]) -> None:
    with pytest.raises(UsageError, match="labels"):
        make_rule(extract, labels=labels)


def test_a_long_completion_is_read_quickly() -> None:
    start = time.monotonic()
    for words in ("not positive ", "yes or no ", "\n"):
        MOODS.extract(words * 50_000)
        YES_NO.extract(words * 50_000)
    assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    ("completion", "label"),
    [
        ("Therefore, the answer (Yes or No) is YES, the coin is up.", "Yes"),
        ("The answer (yes/no) is: Yes, lengths are in metres.", "Yes"),
        ("The answer (Yes or No) is most likely No.", "No"),
        ("So the answer is probably No.", "No"),
        ("The answer (Yes or No) is inconclusive.", None),
        ("Is it so (Yes or No)?", None),
        ("The answer (Yes) is wrong, it is No.", "No"),
    ],
)
def test_labels_that_a_question_names_in_brackets_and_doubt_beside_a_label_are_left_out(
    completion: str, label: str | None
) -> None:
    assert make_rule("label", labels=["Yes", "No"]).extract(completion) == label


@pytest.mark.parametrize(
    "last",
    [
        "Therefore, the answer (Yes or No) is unknown.",
        "The answer is: It depends.",
        "So the answer is dependent on the kind of dog.",
        "The answer is not as simple as it may appear.",
        "**Answer:** It is impossible to say.",
    ],
)
def test_an_answer_that_withholds_a_label_is_none_whatever_stands_above_it(last: str) -> None:
    rule = make_rule("label", labels=["Yes", "No"])
    assert rule.extract(f"Does a dog bark? Yes, it does.\n{last}") is None
    assert rule.extract("The answer is not known to all.\nThe answer is yes.") == "Yes"
