"""Answers out of the replies that models write."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.errors import UsageError
from evals.suite.answers.answer_rules import (
    RULES,
    last_boxed,
    make_rule,
)


def test_an_ideal_may_be_a_solution_with_its_number_behind_four_hashes():
    solution = "5 * 6 = <<5*6=30>>30 eggs\n30 * $40 = $<<30*40=1200>>1,200\n#### 1,200"
    for name in ("number", "last_number", "marked_number"):
        rule = make_rule(name)
        assert rule.usable(solution)
        assert rule.same("1200", solution)
        assert not rule.same("30", solution)
        assert rule.same(rule.extract(rule.completion_for(solution)), solution)
    assert not make_rule("number").usable("30 eggs\n#### none")


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
    assert rule.same(r"\sqrt{2}", r"\sqrt2")
    assert rule.same(r"\frac{1}{2}x", r"\frac12x")
    assert rule.same(r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}")
    assert rule.same("11111100", r"11,\! 111,\! 100")
    assert rule.same("- 5", "-5")
    assert rule.same("B", r"\text{(B)}")
    assert not rule.same("- 5", "5")
    assert not rule.same("[0,1]", "(0,1)")
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


@pytest.mark.parametrize("extract", [rule for rule in RULES if rule not in ("regex", "math", "label")])
def test_a_made_up_ideal_completion_gives_the_ideal(extract: str) -> None:
    rule = make_rule(extract)
    ideal = "B" if extract in ("letter", "letters") else "1,234"
    assert rule.usable(ideal)
    completion = rule.completion_for(ideal)
    answer = rule.extract(completion or "")
    assert answer is not None
    assert rule.same(answer, ideal)


@pytest.mark.parametrize("extract", [rule for rule in RULES if rule not in ("regex", "math", "label")])
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


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("3 * 6 = 18\n#### 18\n\nQuestion: And 3 + 4?\nAnswer: 3 + 4 = 7\n#### 7", "18"),
        ("#### 18\nQ: 3 + 4?\n#### 7", "18"),
        ("\\boxed{18}\n\nProblem: 3 + 4?\n\\boxed{7}", "18"),
        ("The answer is 18.\n\nQ: 3 + 4?\nA: The answer is 7.", "18"),
        ("#### 18\n\nWait, the bag holds 2 more.\n#### 20", "20"),
        ("#### 18 Question: 3 + 4? #### 7", "18"),
        ("#### 18<|im_end|>\n7", "18"),
        ("#### 18 eggs\nThat is for 7 days.", "18"),
        ("#### 2 more steps: add\n5 + 4 = 9", "9"),
        ("Question: what is 3 + 4?\n7", "7"),
        ("Let me restate it.\n\nQuestion: what is 3 + 4?\n7", "7"),
    ],
)
def test_a_question_that_a_model_asks_itself_after_its_answer_is_not_read(completion: str, answer: str) -> None:
    assert make_rule("number").extract(completion) == answer
    assert make_rule("marked_number").extract(completion) == answer


@pytest.mark.parametrize(
    "box", [r"2\sqrt{3}", r"\frac{\pi}{4}", r"2\pi", r"\frac{1}{\sqrt2}", "2π", r"\ln 2", r"\frac{x}{2}"]
)
def test_a_box_of_mathematics_is_no_plain_number(box: str) -> None:
    assert make_rule("number").extract(rf"About 4.5, so \boxed{{{box}}} is it.") is None


@pytest.mark.parametrize(
    ("box", "value"),
    [(r"\frac{3}{4}", "0.75"), (r"1\,000", "1000"), (r"\$5.00", "5"), (r"5\text{ cm}", "5"), ("3^2", "9"),
     ("- 5", "-5"), (r"\text{-}5", "-5"), (r"- \frac{1}{2}", "-0.5"), (r"10,\! 000", "10000")],
)  # fmt: skip
def test_a_box_of_a_number_is_read(box: str, value: str) -> None:
    rule = make_rule("number")
    assert rule.same(str(rule.extract(rf"\boxed{{{box}}}")), value)


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("It\u2019s Rome", "It's Rome"),
        ("\u201cParis\u201d", "Paris"),
        ('The answer is "Paris".', "Paris"),
        ("**Paris**!", "Paris"),
        (r"$\boxed{\text{Paris}}$", "Paris"),
        ("Answer: Paris\n\nI hope that this helps!", "Paris"),
        ("Paris\n\nLet me know if you have questions.", "Paris"),
        ("Answer: Paris\nIt lies on the Seine.", "Paris"),
        ("The answer is unclear.\nIt may be Rome.", "It may be Rome"),
        ("The answer is: **Paris**", "Paris"),
        ("The final answer is\uff1a Paris.", "Paris"),
        ("The city is old.\n<answer>Paris</answer>", "Paris"),
        ("<answer>\nParis\n</answer>", "Paris"),
        ("Paris<|im_end|>", "Paris"),
        ("Paris</s>", "Paris"),
        ("Paris\n\n---", "Paris"),
        ("```\nParis\n```", "Paris"),
        (") ]", ") ]"),
        ("---", "---"),
        ("!", "!"),
    ],
)
def test_what_stands_around_a_last_line_does_not_count(completion: str, answer: str) -> None:
    rule = make_rule("last_line")
    assert rule.extract(completion) == answer
    assert rule.same(answer, answer)


@pytest.mark.parametrize(
    ("answer", "ideal", "same"),
    [
        ("(A)", "A", True),
        ("A", "(A)", True),
        ("\u201cParis\u201d", "paris", True),
        ("l'été", "l\u2019été", True),
        ('"5"', "5.0", True),
        ("$5$", "5", True),
        ("(1, 2)", "[1, 2]", False),
        ("(a) or (b)", "a) or (b", False),
        (")", "(", False),
        ("Paris", "Rome", False),
    ],
)
def test_words_are_compared_without_quotes_and_the_brackets_of_one_side(answer: str, ideal: str, same: bool) -> None:
    assert make_rule("last_line").same(answer, ideal) is same
    assert make_rule("regex", pattern=".+").same(answer, ideal) is same


@pytest.mark.parametrize(
    ("answer", "ideal", "same"),
    [
        ("- Paris", "Paris", True),
        ("> **Paris**", "Paris", True),
        ("Paris \u2705", "Paris", True),
        ("Paris! \U0001f389", "Paris", True),
        ("the cat \U0001f436", "the cat \U0001f431", False),
        ("- 5", "5", False),
        ("> ) }", ") }", False),
        ("> ) }", "> ) }", True),
        ("- - Paris", "Paris", False),
    ],
)
def test_a_bullet_and_emoji_of_a_last_line_do_not_count(answer: str, ideal: str, same: bool) -> None:
    assert make_rule("last_line").same(answer, ideal) is same


DECORATED = [
    "{}",
    "**{}**",
    "*{}*",
    "`{}`",
    '"{}"',
    "\u201c{}\u201d",
    "{}.",
    r"\boxed{{{}}}",
    r"$\boxed{{{}}}$",
    "({})",
    "[{}]",
]
BEFORE = ["", "Let me see: 3 of 4.\n", "First 2 + 2 = 4.\n\n"]
AFTER = ["", "\n", "\n\nI hope that this helps!"]


@given(
    st.sampled_from(
        [("number", "18"), ("number", "-3.5"), ("marked_number", "18"), ("last_line", "Paris"), ("last_line", "18")]
    ),
    st.sampled_from(DECORATED),
    st.sampled_from(["{}", "Answer: {}", "**Answer:** {}", "The answer is {}"]),
    st.sampled_from(BEFORE),
    st.sampled_from(AFTER),
)
def test_decorations_never_change_what_is_read(
    asked: tuple[str, str], decoration: str, said: str, before: str, after: str
) -> None:
    extract, ideal = asked
    rule = make_rule(extract)
    found = rule.extract(before + said.format(decoration.format(ideal)) + after)
    assert found is not None
    assert rule.same(found, ideal)


@pytest.mark.parametrize("extract", ["number", "last_number", "marked_number"])
def test_a_number_alone_on_the_last_line_is_read_whatever_the_line_above_ends_with(extract: str) -> None:
    rule = make_rule(extract)
    assert rule.extract("There are 3 boxes of 6 apples\n18") == "18"
    assert rule.extract("So she has\n18 apples") == "18"


def test_a_line_of_quotation_marks_behind_a_phrase_is_no_answer() -> None:
    assert make_rule("marked_number").extract('FINAL ANSWER:\n"""\nHe works 36 hours in 4 weeks.\n"""') == "36"
    assert make_rule("letter").extract('The answer is\n"""\nB\n"""') == "B"


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("Thus\n\\[\n\\boxed{Paris}\n\\]", "Paris"),
        ("Thus\n$$\n\\boxed{Paris}\n$$", "Paris"),
        ("Hence we get \\boxed{\\text{Paris}}.", "Paris"),
        ('FINAL ANSWER:\n"""\nParis\n"""', "Paris"),
    ],
)
def test_the_last_line_may_hold_a_box_or_stand_within_the_edges_of_a_formula(completion: str, answer: str) -> None:
    assert make_rule("last_line").extract(completion) == answer


@pytest.mark.parametrize(
    "text", ["a" * 40_000, "a " * 20_000, "\\boxed " * 5_000, "\\boxed{(A)" + " " * 20_000, "5 a " * 9_000]
)
@pytest.mark.parametrize("extract", ["number", "boxed", "last_line", "letter"])
def test_long_lines_are_read_in_no_time(extract: str, text: str) -> None:
    rule = make_rule(extract)
    start = time.perf_counter()
    answer = rule.extract(text)
    rule.same((answer or text)[:4_000], "5")
    assert time.perf_counter() - start < 4
