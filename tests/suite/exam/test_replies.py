"""Marking replies by rule: what is read out of a text, its status, and what the status earns."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.exams.items import STATUSES, Credit, Item, Numeric, Short, Tolerance
from evals.exams.marking import counts_as_wrong, credit_of
from evals.exams.paper import Prompt
from evals.suite.exam.replies import answer_phrases, mark_reply, without_accents

FOUR = {"A": "red", "B": "green", "C": "blue", "D": "none of them"}


def item(kind: Any, **fields: Any) -> Item:
    return Item("q1", "S", kind, "stem", "items.jsonl:1", **fields)


MCQ = item("mcq", options=FOUR, key=("B",))


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("B", "right"),
        ("Green is the colour of (A) no, so.\nThe answer is [B]", "right"),
        ("The answer is [B", "right"),
        ("The answer is [b].", "right"),
        ("I think it is C.\n\nThe answer is [C]", "wrong"),
        ("**B**", "right"),
        ("The answer is [E]", "invalid"),
        ("(B) looks right at first. The answer is E.", "invalid"),
        ("E", "invalid"),
        ("I cannot see the picture.", "invalid"),
        ("", "invalid"),
        ("[blank]", "blank"),
        ("I am not sure. The answer is [BLANK]", "blank"),
        ("blank]", "blank"),
    ],
)
def test_one_letter_is_read_and_compared(reply: str, status: str) -> None:
    assert mark_reply(MCQ, reply).status == status


SELECTED = [
    # reply, then the share for all_or_nothing, per_option, right_minus_wrong, where A and B are right of four
    ("[A, B]", 1.0, 1.0, 1.0),
    ("The answer is [B and A]", 1.0, 1.0, 1.0),
    ("The answer is AB", 1.0, 1.0, 1.0),
    ("[A]", 0.0, 3 / 4, 1 / 2),
    ("[A, C]", 0.0, 2 / 4, 0.0),
    ("[A, B, C]", 0.0, 3 / 4, 1 / 2),
    ("[C, D]", 0.0, 0.0, 0.0),
    ("[A, B, C, D]", 0.0, 2 / 4, 0.0),
]


@pytest.mark.parametrize(("reply", "all_or_nothing", "per_option", "right_minus_wrong"), SELECTED)
def test_several_letters_earn_by_the_rule_of_the_question(
    reply: str, all_or_nothing: float, per_option: float, right_minus_wrong: float
) -> None:
    shares = {"all_or_nothing": all_or_nothing, "per_option": per_option, "right_minus_wrong": right_minus_wrong}
    for rule, share in shares.items():
        mark = mark_reply(item("mselect", options=FOUR, key=("A", "B"), rule=rule), reply)
        assert (mark.share, mark.status) == (share, "right" if share == 1 else "wrong" if share == 0 else "partial")


def test_a_letter_that_is_no_option_makes_a_choice_of_several_invalid() -> None:
    question = item("mselect", options=FOUR, key=("A", "B"), rule="per_option")
    assert mark_reply(question, "The answer is [A, E]").status == "invalid"


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("9", "right"),
        ("7.5 miles in 5/6 h. The answer is [9.0 knots]", "right"),
        ("The answer is [9.05]", "right"),
        ("The answer is [9.06]", "wrong"),
        ("The answer is [18/2]", "right"),
        ("The answer is [9 km/h]", "wrong"),
        ("So the mean speed is 9 knots in all.", "right"),
        ("fast", "invalid"),
        ("[blank]", "blank"),
    ],
)
def test_a_number_is_compared_within_its_tolerance_and_with_its_unit(reply: str, status: str) -> None:
    rule = Numeric(("9.0",), Tolerance(abs=0.05), unit="knots")
    assert mark_reply(item("numeric", numeric=rule), reply).status == status


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("6 or 7", "invalid"),
        ("between 6 and 7", "invalid"),
        ("5, 6, 7", "invalid"),
        ("6-7", "invalid"),
        ("7 or 7.0", "right"),
        ("7 km", "right"),
        ("5 + 2 = 7", "right"),
        ("28/4", "right"),
    ],
)
def test_several_numbers_are_no_answer_unless_all_of_them_are_right(reply: str, status: str) -> None:
    assert mark_reply(item("numeric", numeric=Numeric(("7",))), f"The answer is [{reply}]").status == status


def test_both_solutions_may_be_stated_where_both_are_accepted() -> None:
    question = item("numeric", numeric=Numeric(("2", "-3")))
    assert [mark_reply(question, f"[{text}]").status for text in ("2 or -3", "2 or 3")] == ["right", "invalid"]


def test_groups_of_digits_may_be_separated_by_spaces() -> None:
    question = item("numeric", numeric=Numeric(("1500",)))
    assert [mark_reply(question, f"[{text}]").status for text in ("1 500", "1 500 m", "1500")] == ["right"] * 3


def test_a_grid_takes_fractions_and_no_number_that_is_too_long() -> None:
    grid = item("numeric", numeric=Numeric(("2/3",), Tolerance(abs=0.0007), max_chars=4))
    replies = {"2/3": "right", ".667": "right", ".666": "right", "0.67": "wrong", "0.6667": "invalid"}
    assert {reply: mark_reply(grid, f"The answer is [{reply}]").status for reply in replies} == replies


def test_a_fraction_counts_only_where_the_question_takes_one() -> None:
    strict = item("numeric", numeric=Numeric(("0.75",), accept_fraction=False))
    assert [mark_reply(strict, reply).status for reply in ("[3/4]", "[0.75]")] == ["wrong", "right"]


def test_any_of_several_numbers_may_be_given_and_a_relative_tolerance_scales_with_it() -> None:
    question = item("numeric", numeric=Numeric(("100", "-100"), Tolerance(rel=0.01)))
    assert [mark_reply(question, f"[{n}]").status for n in ("-101", "99", "98.9")] == ["right", "right", "wrong"]


@pytest.mark.parametrize(
    ("short", "reply", "status"),
    [
        (Short(("Paris",)), "The answer is [paris]", "right"),
        (Short(("Paris",)), "It is the capital.\nThe answer is Paris.", "right"),
        (Short(("Paris",), case=True), "[paris]", "wrong"),
        (Short(("Paris",), case=True), "[Paris.]", "right"),
        (Short(("café",)), "[cafe]", "wrong"),
        (Short(("café",), accents=False), "[Cafe]", "right"),
        (Short(("twelve", "12")), "[12]", "right"),
        (Short((), pattern=r"colou?r"), "[Color]", "right"),
        (Short((), pattern=r"colou?r"), "[colors]", "wrong"),
        (Short(("Paris",)), "", "invalid"),
        (Short(("Paris",)), "[blank]", "blank"),
    ],
)
def test_a_short_text_is_compared_by_the_rules_of_case_and_accents(short: Short, reply: str, status: str) -> None:
    assert mark_reply(item("short", short=short), reply).status == status


@pytest.mark.parametrize(
    ("reply", "exact", "share"),
    [
        ("The answer is [C, A, B, D]", 1.0, 1.0),
        ("CABD", 1.0, 1.0),
        ("First C, then A, then B, and last D", 1.0, 1.0),
        ("The answer is [C > B > A > D]", 0.0, 0.5),
        ("The answer is [C, A]", 0.0, 0.5),
    ],
)
def test_an_order_is_right_as_a_whole_or_by_places(reply: str, exact: float, share: float) -> None:
    for rule, earned in (("exact", exact), ("share", share)):
        question = item("order", options=FOUR, key=("C", "A", "B", "D"), rule=rule)
        assert mark_reply(question, reply).share == earned


def test_an_order_with_a_letter_twice_or_in_a_sentence_is_invalid() -> None:
    question = item("order", options=FOUR, key=("C", "A", "B", "D"), rule="share")
    assert {mark_reply(question, reply).status for reply in ("[C, C, B, D]", "I would begin with A")} == {"invalid"}


@pytest.mark.parametrize(
    ("reply", "exact", "share"),
    [
        ("The answer is [1-B, 2-A, 3-D]", 1.0, 1.0),
        ("1: B\n2: A\n3: D", 1.0, 1.0),
        ("I first thought 1-C. The answer is:\n1 -> B\n2 -> A\n3 -> D", 1.0, 1.0),
        ("[1-B, 2-C, 3-D]", 0.0, 2 / 3),
        ("[1-B]", 0.0, 1 / 3),
    ],
)
def test_pairs_are_right_as_a_whole_or_one_by_one(reply: str, exact: float, share: float) -> None:
    for rule, earned in (("exact", exact), ("share", share)):
        left = {"1": "sky", "2": "rose", "3": "glass"}
        question = item("match", options=FOUR, left=left, pairs={"1": "B", "2": "A", "3": "D"}, rule=rule)
        assert mark_reply(question, reply).share == pytest.approx(earned)


def test_a_status_earns_what_the_credit_says_times_the_points() -> None:
    question = item("mcq", options=FOUR, key=("B",), points=2.0, credit=Credit(right=6, wrong=-1, blank=1.5))
    earned = {reply: credit_of(question, mark_reply(question, reply)) for reply in ("B", "C", "[blank]", "Hm.")}
    assert earned == {"B": 12, "C": -2, "[blank]": 3, "Hm.": -2}


def test_an_unreadable_reply_may_have_a_credit_of_its_own() -> None:
    question = item("mcq", options=FOUR, key=("B",), credit=Credit(wrong=-1, invalid=-0.5))
    assert credit_of(question, mark_reply(question, "Hm.")) == -0.5


def test_a_blank_counts_as_wrong_unless_it_earns_more_than_a_wrong_answer() -> None:
    paid = item("mcq", options=FOUR, key=("B",), credit=Credit(right=6, blank=1.5))
    assert [counts_as_wrong(one, mark_reply(one, "[blank]")) for one in (MCQ, paid)] == [True, False]


def test_the_phrase_of_a_papers_own_prompt_is_where_answers_stand() -> None:
    phrases = answer_phrases(Prompt(answer="Richtig ist [{answer}]"))
    assert mark_reply(MCQ, "Zuerst dachte ich [C]. Richtig ist [B]", phrases).status == "right"


def test_accents_go_and_other_letters_stay() -> None:
    assert without_accents("Ærøskøbing, Besançon, Łódź") == "Ærøskøbing, Besancon, Łodz"


EVERY_KIND = [
    MCQ,
    item("mselect", options=FOUR, key=("A", "B"), rule="right_minus_wrong"),
    item("numeric", numeric=Numeric(("9",), Tolerance(rel=0.1), unit="knots", max_chars=6)),
    item("short", short=Short(("Paris",), pattern="par.s", accents=False)),
    item("order", options=FOUR, key=("C", "A", "B", "D"), rule="share"),
    item("match", options=FOUR, left={"1": "sky", "a.b": "rose"}, pairs={"1": "B", "a.b": "A"}, rule="share"),
]
PIECES = st.sampled_from(
    [
        "The answer is",
        "[",
        "]",
        "A",
        "B",
        "E",
        "1-B",
        "a.b: A",
        "9",
        "9e999",
        "1/0",
        "knots",
        "\\boxed{",
        "}",
        "\n",
        "é",
    ]
)
REPLIES = st.one_of(
    st.text(alphabet="ABEab129.[](){}\\$-,:\n ²½éß日", max_size=60), st.lists(PIECES, max_size=12).map(" ".join)
)


@pytest.mark.parametrize("question", EVERY_KIND, ids=lambda one: one.kind)
@given(reply=REPLIES)
def test_any_reply_gets_a_mark(question: Item, reply: str) -> None:
    mark = mark_reply(question, reply)
    assert mark.status in STATUSES
    assert 0 <= mark.share <= 1
    assert (mark.share == 1) == (mark.status == "right")


@pytest.mark.parametrize("question", EVERY_KIND, ids=lambda one: one.kind)
def test_a_long_reply_is_read_in_no_time(question: Item) -> None:
    started = time.process_time()
    mark_reply(question, "so A, then 1-B or [C and 9 " * 20_000 + "The answer is [B]")
    assert time.process_time() - started < 4
