"""Answers out of the replies that models write."""

from __future__ import annotations

import pytest

from evals.errors import UsageError
from evals.suite.answers.answer_rules import (
    RULES,
    last_boxed,
    make_rule,
)

WORKED = """Janet's ducks lay 16 eggs each day.
She eats 3 and bakes with 4, so 16 - 3 - 4 = 9 are left.
9 * $2 = $<<9*2=18>>18 a day.
"""


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("18", "18"),
        (WORKED, "18"),
        (WORKED + "#### 18", "18"),
        (WORKED + "#### **$1,450**\nThat is for 7 days.", "$1,450"),
        ("#### Step 1: add\n5 + 3 = 8", "8"),
        ("#### 1. Add\n5 + 3 = 8", "8"),
        (WORKED + "She makes $18 per day, for 7 days a week.", "7"),
        ("First, the answer is not 5. We get 7.", "7"),
        ("The answer is 3 times 4, which is 12.", "12"),
        (r"Thus \[ \boxed{\frac{3}{4}} \] of all 12 slices.", "3/4"),
        (r"Thus $\boxed{x = 5}$, which is below 12.", "5"),
        (r"\boxed{none} but 7", "7"),
        ("I cannot help with that.", None),
        ("", None),
        ("We meet at 12:30.", None),
    ],
)
def test_number_takes_the_last_number_unless_one_is_boxed(completion: str, answer: str | None) -> None:
    assert make_rule("number").extract(completion) == answer


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        (WORKED + "#### 18", "18"),
        (WORKED + "The answer is 18. There are 7 days in a week.", "18"),
        (WORKED + "**Final Answer:** 18 dollars (for 9 eggs)", "18"),
        (WORKED + "**Answer**: $18", "$18"),
        (WORKED + "## Answer:\n\n**18**\n", "18"),
        ("The answer is 5 + 3 = 8 apples, 2 of them red.", "8"),
        ("The answer is (2 + 3) * 4 = 20.", "20"),
        ("The answer is 5 apples + 3 apples = 8 apples.", "8"),
        ("The answer is 18 (2 x 9).", "18"),
        ("The answer is 10-12 apples.", "10"),
        ("The answer is unknown to 7 of us.", "7"),
        ("The answer is unknown.\nBut 7 would do.", "7"),
        ("The answer is 4. No, wait. The answer is 5.", "5"),
        ("So 5 + 3 = 8.", "8"),
    ],
)
def test_marked_number_takes_the_number_after_a_phrase(completion: str, answer: str | None) -> None:
    assert make_rule("marked_number").extract(completion) == answer


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("#### 18\nThere are 7 days in a week.", "7"),
        (r"\boxed{18} for 7 days", "7"),
        ("The answer is 18. There are 7 days in a week.", "7"),
        ("She makes $1,234.50.", "$1,234.50"),
        ("The area is 50 cm^2.", "50"),
        ("Nothing.", None),
    ],
)
def test_last_number_heeds_no_marks(completion: str, answer: str | None) -> None:
    assert make_rule("last_number").extract(completion) == answer


@pytest.mark.parametrize("answer", ["18", "18.00", "$18", "018", "36/2", "1.8e1", "１８", "18%"])
def test_numbers_are_the_same_by_value(answer: str) -> None:
    assert make_rule("number").same(answer, "18")


def test_numbers_differ_beyond_the_tolerance() -> None:
    close, exact = make_rule("number", tolerance=0.01), make_rule("number")
    assert close.same("3.14", "3.14159")
    assert not close.same("3.2", "3.14159")
    assert not exact.same("3.14", "3.14159")


def test_a_phrase_of_another_language_marks_the_answer() -> None:
    rule = make_rule("marked_number", decimal_comma=True, answer_phrases=["Die Antwort lautet"])
    assert rule.extract("Die Antwort lautet 1.234,5 Euro für 2 Tage.") == "1.234,5"
    assert rule.same("1.234,5", "1234,50")


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("Think.\n\n**Paris.**\n", "Paris"),
        ("Answer: Paris", "Paris"),
        ("The answer is Paris", "Paris"),
        ("  \n", None),
    ],
)
def test_last_line_is_taken_without_its_dress(completion: str, answer: str | None) -> None:
    assert make_rule("last_line").extract(completion) == answer


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        (r"<answer>(.*?)</answer>", "2"),
        (r"<(?P<tag>answer)>(?P<answer>.*?)</answer>", "2"),
        (r"\d", "2"),
        (r"#(.*)", None),
        (r"<answer>(x)?", None),
    ],
)
def test_regex_takes_the_last_match(pattern: str, answer: str | None) -> None:
    rule = make_rule("regex", pattern=pattern)
    assert rule.extract("<answer>1</answer>, no: <answer> 2 </answer>") == answer


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        (r"\boxed{18}", "18"),
        (r"\boxed{\frac{1}{2}} or \boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{1} and \boxed{2", "1"),
        (r"\fbox{ x }", "x"),
        (r"\boxed{}", None),
        ("18", None),
    ],
)
def test_the_last_whole_box_counts(completion: str, answer: str | None) -> None:
    assert last_boxed(completion) == answer
    assert make_rule("boxed").extract(completion) == answer


def test_boxed_answers_compare_as_numbers_or_as_latex() -> None:
    rule = make_rule("boxed")
    assert rule.same(r"\frac{1}{2}", "0.5")
    assert rule.same(r"\left( \dfrac{x}{2},\ 3 \right)", r"(\frac{x}{2}, 3)")
    assert rule.same(r"\text{Tuesday}", "Tuesday")
    assert rule.same(r"18 \text{ dollars}", "18")
    assert rule.same(r"x = 90^\circ", "90")
    assert not rule.same("x+1", "1+x")


def test_math_compares_as_mathematics() -> None:
    pytest.importorskip("math_verify")
    rule = make_rule("math")
    answer = rule.extract(r"So we get $(x+1)^2$, that is, \boxed{x^2 + 2x + 1}.")
    assert answer is not None
    assert rule.same(answer, "(x+1)^2")
    assert not rule.same(answer, "x^2 + 1")
    assert rule.same("0.5", r"\frac{1}{2}")
    assert rule.extract("I do not know.") is None


@pytest.mark.parametrize("extract", [rule for rule in RULES if rule not in ("regex", "math")])
def test_a_made_up_ideal_completion_gives_the_ideal(extract: str) -> None:
    rule = make_rule(extract)
    ideal = "B" if extract == "letter" else "1,234"
    assert rule.usable(ideal)
    completion = rule.completion_for(ideal)
    answer = rule.extract(completion or "")
    assert answer is not None
    assert rule.same(answer, ideal)


@pytest.mark.parametrize("extract", [rule for rule in RULES if rule not in ("regex", "math")])
def test_an_empty_completion_has_no_answer(extract: str) -> None:
    assert make_rule(extract).extract("") is None


@pytest.mark.parametrize(
    ("extract", "ideal"), [("number", "many"), ("letter", "Z"), ("boxed", " "), ("last_line", "a\nb")]
)
def test_ideals_that_can_never_be_found_are_unusable(extract: str, ideal: str) -> None:
    assert not make_rule(extract).usable(ideal)


def test_an_unknown_rule_has_a_near_miss() -> None:
    with pytest.raises(UsageError, match="did you mean: number") as caught:
        make_rule("nubmer")
    assert "last_line" in str(caught.value)


@pytest.mark.parametrize(
    ("extract", "pattern"), [("regex", None), ("number", "x"), ("regex", "(")], ids=["missing", "needless", "broken"]
)
def test_a_pattern_that_does_not_fit_is_refused(extract: str, pattern: str | None) -> None:
    with pytest.raises(UsageError):
        make_rule(extract, pattern=pattern)


def test_a_completion_full_of_marks_is_read_quickly() -> None:
    assert make_rule("marked_number").extract(r"\boxed{ the answer is #### " * 100_000 + "18") == "18"
